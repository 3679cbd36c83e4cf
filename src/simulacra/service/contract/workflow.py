"""The core workflows as an Arazzo document: getting credentials, and getting rows."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from simulacra.service import policy
from simulacra.service.contract import examples

if TYPE_CHECKING:
    from simulacra.service.runtime import Runtime

VERSION = "1.0.1"
POLLS, POLL_SECONDS, WAIT_SECONDS = 300, 2, 20
"""How often a job is asked for, how long after the answer before, and how long it may hold that."""
DECISION_POLLS, DECISION_SECONDS = 10_000, policy.SIGNUP_POLL // dt.timedelta(seconds=1)

BEARER = {
    "name": "Authorization",
    "in": "header",
    "value": "Bearer {$steps.mint.outputs.access_token}",
}

Json = dict[str, Any]


def of(app: FastAPI) -> Json:
    """Return the document of an application around a runtime."""
    parts: Runtime = app.state.runtime
    base_url = parts.policy.base_url
    return {
        "arazzo": VERSION,
        "info": {
            "title": f"Workflows of {app.title}",
            "summary": "From a request for access to the synthetic rows of a scenario.",
            "description": "The operations are those of the OpenAPI document; a 202 is progress.",
            "version": app.version,
        },
        "sourceDescriptions": [
            {"name": "simulacra", "url": f"{base_url}/openapi.json", "type": "openapi"}
        ],
        "workflows": [_access(), _rows(examples.Examples(base_url))],
    }


def _access() -> Json:
    return {
        "workflowId": "getCredentials",
        "summary": "Ask for access, wait for the decision, and fetch the secret, once.",
        "description": "For who has no client yet; nothing of it takes an access token.",
        "inputs": _inputs(
            company_name={"type": "string"},
            contact_email={"type": "string"},
        ),
        "steps": [
            {
                "stepId": "ask",
                "description": "An address that has asked before gets the same request again.",
                "operationId": "createSignup",
                "requestBody": _json(
                    company_name="$inputs.company_name", contact_email="$inputs.contact_email"
                ),
                "successCriteria": [{"condition": "$statusCode == 202 || $statusCode == 200"}],
                "outputs": {"request_id": "$response.body#/request_id"},
            },
            {
                "stepId": "decision",
                "description": "An operator decides.",
                "operationId": "getSignup",
                "parameters": [_path("request_id", "$steps.ask.outputs.request_id")],
                "successCriteria": [
                    {"condition": "$statusCode == 200"},
                    {"condition": "$response.body#/status == 'approved'"},
                ],
                "onFailure": [
                    {
                        "name": "undecided",
                        "type": "retry",
                        "retryAfter": DECISION_SECONDS,
                        "retryLimit": DECISION_POLLS,
                        "criteria": [{"condition": "$response.body#/status == 'pending'"}],
                    }
                ],
                "outputs": {"claim_token": "$response.body#/credential_claim_token"},
            },
            {
                "stepId": "claim",
                "description": "The secret is shown in this answer and never again: store it.",
                "operationId": "claimCredential",
                "requestBody": _json(
                    claim_token="$steps.decision.outputs.claim_token"  # noqa: S106 - an expression
                ),
                "successCriteria": [{"condition": "$statusCode == 200"}],
                "outputs": {
                    name: f"$response.body#/{name}"
                    for name in ("client_id", "client_secret", "token_url", "audience")
                },
            },
        ],
        "outputs": {
            name: f"$steps.claim.outputs.{name}"
            for name in ("client_id", "client_secret", "token_url", "audience")
        },
    }


def _rows(given: examples.Examples) -> Json:
    scenario = given.request("createGeneration")["application/json"]
    return {
        "workflowId": "generateRows",
        "summary": "Upload a study, read its schema, generate rows under a scenario, fetch them.",
        "description": "Each key makes its step safe to repeat: choose new ones for new work.",
        "inputs": _inputs(
            client_id={"type": "string"},
            client_secret={"type": "string", "format": "password"},
            audience={"type": "string"},
            seed_file={"type": "string", "format": "binary"},
            display_name={"type": "string"},
            upload_key={"type": "string"},
            generation_key={"type": "string"},
            row_count={"type": "integer", "default": scenario["row_count"]},
            output_format={"type": "string", "default": scenario["output_format"]},
            seed={"type": "integer", "default": scenario["seed"]},
            conditions={"type": "object", "default": scenario["conditions"]},
        ),
        "steps": [
            {
                "stepId": "mint",
                "description": "The token lives about a day: keep it.",
                "operationId": "issueToken",
                "requestBody": _json(
                    grant_type="client_credentials",
                    client_id="$inputs.client_id",
                    client_secret="$inputs.client_secret",  # noqa: S106 - an expression
                    audience="$inputs.audience",
                ),
                "successCriteria": [{"condition": "$statusCode == 200"}],
                "outputs": {"access_token": "$response.body#/access_token"},
            },
            {
                "stepId": "upload",
                "description": "The file is a table as survey tools export them.",
                "operationId": "createDataset",
                "parameters": [BEARER, _header("Idempotency-Key", "$inputs.upload_key")],
                "requestBody": {
                    "contentType": "multipart/form-data",
                    "payload": {
                        "seed_file": "$inputs.seed_file",
                        "display_name": "$inputs.display_name",
                    },
                },
                "successCriteria": [{"condition": "$statusCode == 200 || $statusCode == 202"}],
                "outputs": {
                    "dataset_id": "$response.body#/dataset_id",
                    "job_id": "$response.body#/job_id",
                },
            },
            _end_of_job("train", "$steps.upload.outputs.job_id"),
            {
                "stepId": "schema",
                "description": "Conditions use these names, levels and ranges.",
                "operationId": "getDatasetSchema",
                "parameters": [BEARER, _path("dataset_id", "$steps.upload.outputs.dataset_id")],
                "successCriteria": [{"condition": "$statusCode == 200"}],
                "outputs": {"columns": "$response.body#/schema"},
            },
            {
                "stepId": "generate",
                "description": "Levels that no condition names share what remains.",
                "operationId": "createGeneration",
                "parameters": [
                    BEARER,
                    _header("Idempotency-Key", "$inputs.generation_key"),
                    _path("dataset_id", "$steps.upload.outputs.dataset_id"),
                ],
                "requestBody": _json(
                    row_count="$inputs.row_count",
                    output_format="$inputs.output_format",
                    seed="$inputs.seed",
                    conditions="$inputs.conditions",
                ),
                "successCriteria": [{"condition": "$statusCode == 200 || $statusCode == 202"}],
                "outputs": {
                    "generation_id": "$response.body#/generation_id",
                    "job_id": "$response.body#/job_id",
                },
            },
            _end_of_job("sample", "$steps.generate.outputs.job_id"),
            {
                "stepId": "report",
                "description": "Fewer rows than asked for are `partial`: the report says why.",
                "operationId": "getGeneration",
                "parameters": [
                    BEARER,
                    _path("generation_id", "$steps.generate.outputs.generation_id"),
                ],
                "successCriteria": [
                    {"condition": "$statusCode == 200"},
                    {
                        "condition": "$response.body#/status == 'ready' || "
                        "$response.body#/status == 'partial'"
                    },
                ],
                "outputs": {
                    "rows_generated": "$response.body#/rows_generated",
                    "report": "$response.body#/report",
                    "sha256": "$response.body#/sha256",
                    "artifact_token": "$response.body#/artifact_token",
                },
            },
            {
                "stepId": "download",
                "description": "The link lives some minutes; `report` gives a fresh one.",
                "operationId": "downloadArtifact",
                "parameters": [
                    BEARER,
                    _path("generation_id", "$steps.generate.outputs.generation_id"),
                    {
                        "name": "token",
                        "in": "query",
                        "value": "$steps.report.outputs.artifact_token",
                    },
                ],
                "successCriteria": [{"condition": "$statusCode == 200"}],
                "outputs": {"rows": "$response.body"},
            },
        ],
        "outputs": {
            "dataset_id": "$steps.upload.outputs.dataset_id",
            "generation_id": "$steps.generate.outputs.generation_id",
            "columns": "$steps.schema.outputs.columns",
            "rows_generated": "$steps.report.outputs.rows_generated",
            "report": "$steps.report.outputs.report",
            "sha256": "$steps.report.outputs.sha256",
            "rows": "$steps.download.outputs.rows",
        },
    }


def _end_of_job(step: str, job_id: str) -> Json:
    """Return the step that waits until a job is completed; another end ends the workflow."""
    return {
        "stepId": step,
        "description": "The job may hold the answer for a while; ask again until it has ended.",
        "operationId": "getJob",
        "parameters": [
            BEARER,
            _path("job_id", job_id),
            {"name": "wait_seconds", "in": "query", "value": WAIT_SECONDS},
        ],
        "successCriteria": [
            {"condition": "$statusCode == 200"},
            {"condition": "$response.body#/status == 'completed'"},
        ],
        "onFailure": [
            {
                "name": f"{step}GoesOn",
                "type": "retry",
                "retryAfter": POLL_SECONDS,
                "retryLimit": POLLS,
                "criteria": [
                    {
                        "condition": "$response.body#/status == 'queued' || "
                        "$response.body#/status == 'processing'"
                    }
                ],
            }
        ],
    }


def _inputs(**properties: Json) -> Json:
    required = [name for name, schema in properties.items() if "default" not in schema]
    return {"type": "object", "required": required, "properties": properties}


def _json(**payload: str) -> Json:
    return {"contentType": "application/json", "payload": payload}


def _path(name: str, value: str) -> Json:
    return {"name": name, "in": "path", "value": value}


def _header(name: str, value: str) -> Json:
    return {"name": name, "in": "header", "value": value}
