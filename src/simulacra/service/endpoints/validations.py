"""Asking how far a model of a study is off, proved on respondents that are hidden from it."""

from fastapi import APIRouter, Response

from simulacra.service.datasets import schemas, service, validations
from simulacra.service.endpoints import answers
from simulacra.service.generations import schemas as generations
from simulacra.service.http import (
    content,
    guards,
    idempotency_key,
    json_text,
    openapi,
    serving,
    waiting,
)
from simulacra.service.idempotency import bindings

MAX_BODY_BYTES = 64 * 1024
"""A segment of twenty columns with hundreds of levels."""

router = APIRouter(tags=["datasets"], route_class=json_text.Route)

ENVELOPE = {
    "model": generations.JobWithAnswer,
    "links": {
        "job": openapi.link(
            "getJob", "Poll until the job is completed; it shows the answer.", job_id="job_id"
        ),
        "cancel": openapi.link("cancelJob", "Stop it, if it is not wanted.", job_id="job_id"),
    },
}


@router.post(
    "/v1/datasets/{dataset_id}/validations",
    operation_id=validations.VALIDATION.operation,
    summary="Validate a model of the study",
    response_model=generations.JobWithAnswer,
    response_model_exclude_none=True,
    responses={
        200: ENVELOPE
        | {"description": "The validation ended within `wait_seconds`."}
        | openapi.sends("Idempotent-Replayed"),
        202: ENVELOPE
        | {"description": "It goes on; poll the job."}
        | openapi.sends("Location", "Retry-After", "Idempotent-Replayed"),
        **openapi.problems(
            "simio_unknown_condition_column",
            "simio_unknown_condition_level",
            "simio_condition_out_of_range",
            "simio_dataset_not_found",
            "simio_dataset_not_ready",
            "simio_dataset_failed",
            "simio_idempotency_conflict",
            "simio_idempotency_in_flight",
            *waiting.OF_FAILED_JOBS,
            "simio_generation_failed",
            "simio_validation_failed",
            "simio_customer_key_unavailable",
            "simio_customer_storage_unavailable",
        ),
    },
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def create_validation(
    dataset_id: str,
    body: schemas.ValidationRequest,
    response: Response,
    caller: guards.WriteDatasets,
    runtime: serving.Runtime,
    idempotency_key: idempotency_key.Key,
) -> generations.JobWithAnswer:
    """Hide respondents, fit models to the others, and say how far their predictions are off.

    It compares them with a table of the respondents used and with a second sample, and says how
    many interviews the rows of a segment are worth. It is free of charge and takes as long as
    `repeats` trainings and more. The answer is in the job, whose `validation` appears when it is
    completed. That of the whole study stays with the dataset: the schema response and the reports
    of later generations have its summary.
    """
    made = service.Validations(runtime.database, runtime.endings.admission, runtime.policy.capacity)
    key = bindings.of(caller, validations.VALIDATION.operation, idempotency_key)
    job, is_replayed = await made.create(caller, dataset_id, body, key)
    return await answers.wait_for(
        *(runtime, caller, job, response, body.wait_seconds), is_replayed=is_replayed
    )
