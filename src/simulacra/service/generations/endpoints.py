"""Asking for synthetic rows, and reading what became of it."""

from fastapi import APIRouter, Response

from simulacra.service import runtime
from simulacra.service.artifacts import links
from simulacra.service.database import tables
from simulacra.service.generations import schemas, service
from simulacra.service.http import content, guards, idempotency, json_text, openapi, waiting
from simulacra.service.jobs import repository as jobs

MAX_BODY_BYTES = 1024**2

router = APIRouter(tags=["generations"], route_class=json_text.Route)

LINKS = {
    "job": openapi.link("getJob", "job_id", "job_id", "Poll until the job is completed."),
    "generation": openapi.link(
        "getGeneration", "generation_id", "generation_id", "Read the report and the artifact link."
    ),
}
ENVELOPE = {"model": schemas.GenerationDocument, "links": LINKS}


@router.post(
    "/v1/datasets/{dataset_id}/generations",
    operation_id="createGeneration",
    summary="Generate rows under a scenario",
    response_model=schemas.GenerationDocument,
    response_model_exclude_none=True,
    responses={
        200: ENVELOPE | {"description": "Generation ended within `wait_seconds`."},
        202: ENVELOPE | {"description": "Generation goes on; poll the job."},
        **openapi.problems(401, 402, 403, 404, 409, 413, 415),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
    dependencies=[content.JsonOnly],
    max_body_size=MAX_BODY_BYTES,
)
async def create_generation(
    dataset_id: str,
    wanted: schemas.GenerationRequest,
    response: Response,
    caller: guards.WriteGenerations,
    running: runtime.Running,
    idempotency_key: idempotency.Key,
) -> schemas.GenerationDocument:
    """Start a generation; conditions use the names and levels of the dataset's schema.

    The answer is 202 with the job to poll, or 200 with the finished generation when it ends
    within `wait_seconds`. Both have the same form: look at `status`.
    """
    generation = await service.create(running, caller, dataset_id, wanted, idempotency_key)
    if wanted.wait_seconds:
        await jobs.wait(running, caller.tenant_id, generation.job_id, wanted.wait_seconds)
        generation = await service.read(running, caller, generation.id)
    is_done = generation.status != schemas.GenerationStatus.PROCESSING
    waiting.announce(response, generation.job_id, is_done=is_done)
    return _document(running, generation)


@router.get(
    "/v1/generations/{generation_id}",
    operation_id="getGeneration",
    summary="Read a generation",
    response_model_exclude_none=True,
    responses=openapi.problems(401, 403, 404),
)
async def get_generation(
    generation_id: str, caller: guards.ReadGenerations, running: runtime.Running
) -> schemas.GenerationDocument:
    """Return a generation, its report, and a fresh artifact link."""
    return _document(running, await service.read(running, caller, generation_id))


def _document(
    running: runtime.Runtime, generation: tables.Generation
) -> schemas.GenerationDocument:
    url = links.sign(running, generation) if generation.sha256 is not None else None
    return schemas.document(generation, url)
