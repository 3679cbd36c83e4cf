"""Asking what a scenario would give before its rows are made."""

from fastapi import APIRouter, Response

from simulacra.service.endpoints import answers
from simulacra.service.errors import study
from simulacra.service.fields import MAX_WAIT_SECONDS
from simulacra.service.generations import previews, schemas, service
from simulacra.service.http import content, guards, json_text, openapi, serving, waiting

MAX_BODY_BYTES = 256 * 1024
"""As of a generation."""

router = APIRouter(tags=["generations"], route_class=json_text.Route)

ENVELOPE = {
    "model": schemas.JobWithAnswer,
    "links": {
        "job": openapi.link("getJob", "Until it is completed: poll the job.", job_id="job_id"),
        "generate": openapi.link(
            "createGeneration",
            "Ask for the rows, with the same conditions and the `seed` of the preview.",
            dataset_id="dataset_id",
        ),
    },
}


@router.post(
    "/v1/datasets/{dataset_id}/scenario-previews",
    operation_id=previews.PREVIEW.operation,
    summary="Preview a scenario",
    response_model=schemas.JobWithAnswer,
    response_model_exclude_none=True,
    responses={
        200: ENVELOPE | {"description": "The preview."},
        202: ENVELOPE
        | {"description": "It takes longer than a request is held; poll the job."}
        | openapi.sends("Location", "Retry-After"),
        **openapi.problems(
            *study.FIELD_CODES.values(),
            "simio_row_cap_exceeded",
            "simio_dataset_not_found",
            "simio_dataset_not_ready",
            "simio_dataset_failed",
            *waiting.OF_FAILED_JOBS,
            "simio_generation_failed",
            "simio_preview_failed",
            "simio_customer_key_unavailable",
            "simio_customer_storage_unavailable",
        ),
    },
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def preview_scenario(
    dataset_id: str,
    body: schemas.PreviewRequest,
    response: Response,
    caller: guards.PreviewScenarios,
    runtime: serving.Runtime,
) -> schemas.JobWithAnswer:
    """Tell how many rows a generation would give, and how many respondents would support them.

    It costs no rows and makes nothing, so it may be repeated without a key. The answer is held for
    up to 30 seconds: 200 with the preview or, if it takes longer, 202 with the job, which shows it
    once it is completed.
    """
    made = service.Previews(runtime.database, runtime.endings.admission)
    job = await made.create(caller, dataset_id, body)
    return await answers.wait_for(runtime, caller, job, response, MAX_WAIT_SECONDS)
