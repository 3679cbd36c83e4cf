"""Asking for synthetic rows, and reading what became of it."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from simulacra.service.database import statuses, tables
from simulacra.service.errors import study
from simulacra.service.generations import (
    copies,
    links,
    report_schemas,
    reports,
    repository,
    schemas,
    service,
    tasks,
)
from simulacra.service.http import (
    content,
    guards,
    idempotency_key,
    json_text,
    negotiation,
    openapi,
    paging,
    serving,
    waiting,
)
from simulacra.service.idempotency import bindings
from simulacra.service.identity.principal import Principal

MAX_BODY_BYTES = 256 * 1024
"""A scenario of two thousand columns; a longer one would hold up the others while it is parsed."""

router = APIRouter(tags=["generations"], route_class=json_text.Route)

LINKS = {
    "job": openapi.link("getJob", "Poll until the job is completed.", job_id="job_id"),
    "generation": openapi.link(
        "getGeneration", "Read the report, and take a fresh link.", generation_id="generation_id"
    ),
    "download": openapi.link(
        "downloadArtifact",
        "Once there are rows: download them.",
        generation_id="generation_id",
        token="artifact_token",  # noqa: S106 - a member's name
    ),
    "margins": openapi.link(
        "getGenerationMargins",
        "If margins were asked for: read all of them.",
        generation_id="generation_id",
    ),
    "report": openapi.link(
        "getReport",
        "Once there are rows: read the full report, as JSON or as a page to hand on.",
        generation_id="generation_id",
    ),
    "tabulate": openapi.link(
        "tabulateGeneration",
        "Cross-tabulate the rows, tested on support.",
        generation_id="generation_id",
    ),
    "copy": openapi.link(
        "copyGeneration",
        "Once there are rows: have them in another format, at no cost.",
        generation_id="generation_id",
    ),
    "compare": openapi.link(
        "compareGeneration", "See what has changed from the study.", generation_id="generation_id"
    ),
}
ENVELOPE = {"model": schemas.GenerationDocument, "links": LINKS}


@router.post(
    "/v1/datasets/{dataset_id}/generations",
    operation_id=tasks.GENERATION.operation,
    summary="Generate rows under a scenario",
    response_model=schemas.GenerationDocument,
    response_model_exclude_none=True,
    responses={
        200: ENVELOPE
        | {"description": "Generation ended within `wait_seconds`."}
        | openapi.sends("Idempotent-Replayed"),
        202: ENVELOPE
        | {"description": "Generation goes on; poll the job."}
        | openapi.sends("Location", "Retry-After", "Idempotent-Replayed"),
        **openapi.problems(
            *study.FIELD_CODES.values(),
            "simio_row_cap_exceeded",
            "simio_quota_exceeded",
            "simio_storage_quota_exceeded",
            "simio_dataset_not_found",
            "simio_dataset_not_ready",
            "simio_dataset_failed",
            "simio_idempotency_conflict",
            "simio_idempotency_in_flight",
            "simio_quota_reservation_conflict",
            *waiting.OF_FAILED_JOBS,
            "simio_scenario_infeasible",
            "simio_generation_failed",
            "simio_customer_key_unavailable",
            "simio_customer_storage_unavailable",
        ),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def create_generation(
    dataset_id: str,
    body: schemas.GenerationRequest,
    response: Response,
    caller: guards.WriteGenerations,
    runtime: serving.Runtime,
    idempotency_key: idempotency_key.Key,
) -> schemas.GenerationDocument:
    """Start a generation; conditions use the names and levels of the dataset's schema.

    The answer is 202 with the job to poll, or 200 with the finished generation when it ends
    within `wait_seconds`. Both have the same form: look at `status`. A generation that fails
    within `wait_seconds` is answered with its problem, which names the job and the generation.
    """
    generations = generations_of(runtime)
    key = bindings.of(caller, tasks.GENERATION.operation, idempotency_key)
    generation, is_replayed = await generations.create(caller, dataset_id, body, key)
    if body.wait_seconds and not _is_done(generation):
        await runtime.announcements.wait(
            runtime.database, caller.tenant_id, generation.job_id, body.wait_seconds
        )
        generation = await generations.of_job(caller, generation.job_id)
    if body.wait_seconds:
        waiting.refuse_failure(
            generation.error, job_id=generation.job_id, generation_id=generation.id
        )
    waiting.announce(
        response, generation.job_id, is_done=_is_done(generation), is_replayed=is_replayed
    )
    return _document(runtime, caller, generation)


@router.post(
    "/v1/generations/{generation_id}/copies",
    operation_id=copies.COPY.operation,
    summary="Have rows in another format",
    response_model=schemas.GenerationDocument,
    response_model_exclude_none=True,
    responses={
        200: ENVELOPE
        | {"description": "The rows are there in this format."}
        | openapi.sends("Idempotent-Replayed"),
        202: ENVELOPE
        | {"description": "They are being written; poll the job."}
        | openapi.sends("Location", "Retry-After", "Idempotent-Replayed"),
        **openapi.problems(
            "simio_invalid_field",
            "simio_storage_quota_exceeded",
            "simio_dataset_not_found",
            "simio_dataset_not_ready",
            "simio_dataset_failed",
            "simio_generation_not_found",
            *waiting.OF_FAILED_JOBS,
            "simio_generation_failed",
            "simio_customer_key_unavailable",
            "simio_customer_storage_unavailable",
        ),
    },
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def copy_generation(
    generation_id: str,
    body: schemas.CopyRequest,
    response: Response,
    caller: guards.WriteGenerations,
    runtime: serving.Runtime,
) -> schemas.GenerationDocument:
    """Write the rows of a generation in another format, without billing them again.

    The copy is a generation with an artifact of its own, the same report, and the same end. Asking
    again finds it, so no key is needed; in the format that the rows have already, they are answered
    themselves. The dataset must still be there.
    """
    generations = generations_of(runtime)
    copy, is_replayed = await generations.copy(caller, generation_id, body)
    if body.wait_seconds and not _is_done(copy):
        await runtime.announcements.wait(
            runtime.database, caller.tenant_id, copy.job_id, body.wait_seconds
        )
        copy = await generations.of_job(caller, copy.job_id)
    if body.wait_seconds:
        waiting.refuse_failure(copy.error, job_id=copy.job_id, generation_id=copy.id)
    waiting.announce(response, copy.job_id, is_done=_is_done(copy), is_replayed=is_replayed)
    return _document(runtime, caller, copy)


@router.get(
    "/v1/generations",
    operation_id="listGenerations",
    summary="List the generations of the tenant",
    response_model_exclude_none=True,
    responses={
        200: {
            "description": "A page of generations.",
            "links": {
                "next": openapi.link("listGenerations", "Read the next page.", after="next_after"),
                "newest": openapi.link(
                    "getGeneration", "Read the newest.", generation_id="generations/0/generation_id"
                ),
            },
        }
    },
)
async def list_generations(
    caller: guards.ReadGenerations,
    runtime: serving.Runtime,
    dataset_id: Annotated[str | None, Query(description="Those of one dataset only.")] = None,
    after: paging.After = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
) -> schemas.GenerationList:
    """Return live generations, the newest first."""
    async with runtime.database.transaction(caller.tenant_id) as session:
        rows, next_after = await repository.page(session, dataset_id, after, limit)
    return schemas.GenerationList(
        generations=[_document(runtime, caller, row) for row in rows], next_after=next_after
    )


@router.get(
    "/v1/generations/{generation_id}",
    operation_id="getGeneration",
    summary="Read a generation",
    response_model_exclude_none=True,
    responses={
        200: {"description": "The generation as it is now.", "links": LINKS},
        **openapi.problems("simio_generation_not_found"),
    },
)
async def get_generation(
    generation_id: str, caller: guards.ReadGenerations, runtime: serving.Runtime
) -> schemas.GenerationDocument:
    """Return a generation, its report, and a fresh artifact link."""
    generation = await generations_of(runtime).read(caller, generation_id)
    return _document(runtime, caller, generation)


@router.get(
    "/v1/generations/{generation_id}/margins",
    operation_id="getGenerationMargins",
    summary="Read the margins of error of a generation",
    responses={
        200: {
            "description": "All figures with their intervals.",
            "links": {"generation": LINKS["generation"]},
        },
        **openapi.problems("simio_generation_not_found"),
    },
)
async def get_generation_margins(
    generation_id: str, caller: guards.ReadGenerations, runtime: serving.Runtime
) -> schemas.GenerationMarginsDocument:
    """Return for every column without conditions the study's figures, the rows' and the change.

    Each has a 95 % interval, which says what this number of respondents allows; more rows do not
    make it narrower.
    """
    found = await generations_of(runtime).margins(caller, generation_id)
    return schemas.GenerationMarginsDocument(generation_id=generation_id, margins=found)


@router.get(
    "/v1/generations/{generation_id}/report",
    operation_id="getReport",
    summary="Read the full report of a generation",
    response_model=report_schemas.FullReportDocument,
    responses={
        200: {
            "description": "The full report.",
            "content": {"text/html": {"schema": {"type": "string"}}},
            "links": {"generation": LINKS["generation"], "margins": LINKS["margins"]},
        },
        **openapi.problems("simio_generation_not_found"),
    },
)
async def get_report(
    generation_id: str, request: Request, caller: guards.ReadGenerations, runtime: serving.Runtime
) -> Response:
    """Return the report with what changed, distributions before and after, and the disclosure card.

    With `Accept: text/html` it is one page to hand on, which loads and runs nothing and prints
    well. In what changed and in distributions, no share or mean of the study is one of fewer than
    five respondents. A generation that has no rows yet has no report.
    """
    kept = await generations_of(runtime).full_report(caller, generation_id)
    if not negotiation.wants_html(request):
        document = await asyncio.to_thread(kept.document)
        return JSONResponse(document, headers={"Vary": "Accept"})
    headers = {"Vary": "Accept", "Content-Security-Policy": reports.policy()}
    return HTMLResponse(await asyncio.to_thread(kept.html), headers=headers)


def generations_of(runtime: serving.Runtime) -> service.Generations:
    """Return the generations of the installation that serves a request."""
    return service.Generations(
        database=runtime.database,
        admission=runtime.endings.admission,
        stores=runtime.stores,
        retention=runtime.policy.retention,
        capacity=runtime.policy.capacity,
    )


def _document(
    runtime: serving.Runtime, caller: Principal, generation: tables.Generation
) -> schemas.GenerationDocument:
    link = None
    if generation.sha256 is not None:
        policy = runtime.policy
        signer = links.Links(runtime.keyring, policy.artifact_link, policy.base_url)
        link = signer.sign(caller, generation)
    return schemas.document(generation, link)


def _is_done(generation: tables.Generation) -> bool:
    return generation.status != statuses.GenerationStatus.PROCESSING
