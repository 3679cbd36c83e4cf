"""Uploading, listing, reading and deleting datasets."""

import json

from fastapi import APIRouter, Request, Response

from simulacra.service.database import statuses, tables
from simulacra.service.datasets import repository, schemas, service, tasks
from simulacra.service.endpoints import upload
from simulacra.service.fields import MAX_WAIT_SECONDS
from simulacra.service.http import (
    content,
    guards,
    idempotency_key,
    json_text,
    openapi,
    paging,
    serving,
    waiting,
)
from simulacra.service.idempotency import bindings
from simulacra.service.transfers import Direction

router = APIRouter(prefix="/v1/datasets", tags=["datasets"], route_class=json_text.Route)

SEED_FILES = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-spss-sav",
    "application/x-spss-por",
    "application/x-stata-dta",
    "application/x-sas-data",
    "application/x-sas-xport",
    "application/zip",
    "application/vnd.apache.parquet",
    "application/octet-stream",
)
"""What a seed file may be called; its format is told from its bytes."""
LINKS = {
    "job": openapi.link("getJob", "Poll until the job is completed.", job_id="job_id"),
    "schema": openapi.link(
        "getDatasetSchema", "Read it before building conditions.", dataset_id="dataset_id"
    ),
    "generate": openapi.link(
        "createGeneration", "Once ready: ask for synthetic rows.", dataset_id="dataset_id"
    ),
    "preview": openapi.link(
        "previewScenario", "Or see first what a scenario would give.", dataset_id="dataset_id"
    ),
    "validate": openapi.link(
        "createValidation",
        "Or see how far a model of the study is off.",
        dataset_id="dataset_id",
    ),
    "tabulate": openapi.link(
        "tabulateDataset", "Cross-tabulate the study itself.", dataset_id="dataset_id"
    ),
}
KEPT_LINKS = LINKS | {
    "keep": openapi.link("extendDatasetRetention", "Keep it longer.", dataset_id="dataset_id"),
    "delete": openapi.link("deleteDataset", "Delete it.", dataset_id="dataset_id"),
}
ENVELOPE = {"model": schemas.DatasetDocument, "links": LINKS}


@router.post(
    "",
    operation_id=tasks.TRAINING.operation,
    summary="Upload a study and train a model",
    response_model=schemas.DatasetDocument,
    response_model_exclude_none=True,
    responses={
        200: ENVELOPE
        | {"description": "Training ended within `wait_seconds`."}
        | openapi.sends("Idempotent-Replayed"),
        202: ENVELOPE
        | {"description": "Training goes on; poll the job."}
        | openapi.sends("Location", "Retry-After", "Idempotent-Replayed"),
        **openapi.problems(
            "simio_malformed_body",
            "simio_upload_invalid",
            "simio_storage_quota_exceeded",
            "simio_idempotency_conflict",
            "simio_idempotency_in_flight",
            "simio_file_too_large",
            "simio_unsupported_content_type",
            "simio_customer_key_unavailable",
            "simio_customer_storage_unavailable",
            *waiting.OF_FAILED_JOBS,
            "simio_training_failed",
            "simio_dataset_not_found",
        ),
    },
    openapi_extra=openapi.body(
        schemas.UploadForm.model_json_schema(), content.MULTIPART, seed_file=", ".join(SEED_FILES)
    )
    | openapi.CONSEQUENTIAL,
)
async def create_dataset(
    request: Request,
    response: Response,
    caller: guards.UploadDatasets,
    runtime: serving.Runtime,
    idempotency_key: idempotency_key.Key,
) -> schemas.DatasetDocument:
    """Store a seed file and start its training.

    The answer is 202 with the job to poll, or 200 with the finished dataset when training ends
    within `wait_seconds`. Both have the same form: look at `status`. A training that fails within
    `wait_seconds` is answered with its problem, which names the job and the dataset.
    """
    datasets = datasets_of(runtime)
    key = bindings.of(caller, tasks.TRAINING.operation, idempotency_key)
    async with bindings.lease(runtime.database, key) as held:
        # A retry of what has begun finds its job, however many others there are.
        is_new = held is None or held.lease_token is not None
        most = (await datasets.admit(caller) if is_new else runtime.policy.capacity).uploads
        size = upload.disk_bytes(request, runtime.policy.max_upload_bytes)
        with (
            runtime.transfers.one(Direction.UPLOADS, caller.tenant_id, most),
            runtime.space.reserve(caller.tenant_id, size),
        ):
            async with upload.read(request) as (file, fields):
                dataset, is_replayed = await datasets.create(caller, file, fields, held)
    if fields.wait_seconds and not _is_done(dataset):
        await runtime.announcements.wait(
            runtime.database, caller.tenant_id, dataset.job_id, fields.wait_seconds
        )
        dataset = await datasets.of_job(caller, dataset.job_id)
    if fields.wait_seconds:
        waiting.refuse_failure(dataset.error, job_id=dataset.job_id, dataset_id=dataset.id)
    waiting.announce(response, dataset.job_id, is_done=_is_done(dataset), is_replayed=is_replayed)
    return schemas.document(dataset)


@router.get(
    "",
    operation_id="listDatasets",
    summary="List the datasets of the tenant",
    response_model_exclude_none=True,
    responses={
        200: {
            "description": "A page of datasets.",
            "links": {
                "next": openapi.link("listDatasets", "Read the next page.", after="next_after"),
                "newest": openapi.link(
                    "getDataset", "Read the newest.", dataset_id="datasets/0/dataset_id"
                ),
            },
        }
    },
)
async def list_datasets(
    caller: guards.ReadDatasets,
    runtime: serving.Runtime,
    after: paging.After = None,
    limit: paging.Limit = paging.DEFAULT_LIMIT,
) -> schemas.DatasetList:
    """Return live datasets, the newest first."""
    async with runtime.database.transaction(caller.tenant_id) as session:
        rows, next_after = await repository.page(session, after, limit)
    return schemas.DatasetList(
        datasets=[schemas.document(dataset) for dataset in rows], next_after=next_after
    )


@router.get(
    "/{dataset_id}",
    operation_id="getDataset",
    summary="Read a dataset",
    response_model_exclude_none=True,
    responses={
        200: {"description": "The dataset as it is now.", "links": KEPT_LINKS},
        **openapi.problems("simio_dataset_not_found"),
    },
)
async def get_dataset(
    dataset_id: str, caller: guards.ReadDatasets, runtime: serving.Runtime
) -> schemas.DatasetDocument:
    """Return a dataset and the state of its training."""
    return schemas.document(await datasets_of(runtime).read(caller, dataset_id))


@router.get(
    "/{dataset_id}/schema",
    operation_id="getDatasetSchema",
    summary="Read the cleaned schema",
    response_model=schemas.SchemaDocument,
    responses={
        200: {
            "description": "The schema.",
            "links": {
                "generate": openapi.link(
                    "createGeneration", "Ask for synthetic rows.", dataset_id="dataset_id"
                ),
                "preview": openapi.link(
                    "previewScenario",
                    "See first what a scenario would give.",
                    dataset_id="dataset_id",
                ),
                "validate": LINKS["validate"],
            },
        },
        **openapi.problems(
            "simio_dataset_not_found", "simio_dataset_not_ready", "simio_dataset_failed"
        ),
    },
)
async def get_dataset_schema(
    dataset_id: str,
    caller: guards.ReadDatasets,
    runtime: serving.Runtime,
    wait_seconds: waiting.WaitSeconds = MAX_WAIT_SECONDS,
) -> Response:
    """Return names, types, levels and ranges as conditions use them, and the cleaning report.

    While the dataset is trained the answer is held for `wait_seconds`, 30 unless you say otherwise,
    so that the schema may be read right after an upload. With 0 it is 409 at once.
    """
    if wait_seconds:
        async with runtime.database.transaction(caller.tenant_id) as session:
            dataset = await repository.get(session, dataset_id)
        if not _is_done(dataset):
            await runtime.announcements.wait(
                runtime.database, caller.tenant_id, dataset.job_id, wait_seconds
            )
    async with runtime.database.transaction(caller.tenant_id) as session:
        published = await repository.schema_text(session, dataset_id)
    whole = f'{{"dataset_id": {json.dumps(dataset_id)}, {published.removeprefix("{")}'
    return Response(whole, media_type="application/json")


@router.post(
    "/{dataset_id}/retention",
    operation_id="extendDatasetRetention",
    summary="Keep a dataset longer",
    response_model_exclude_none=True,
    responses={
        200: {"description": "The dataset, with its new `expires_at`.", "links": KEPT_LINKS},
        **openapi.problems("simio_dataset_not_found", "simio_dataset_failed"),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
    dependencies=[content.JsonOnly],
    max_body_size=content.MAX_BYTES,
)
async def extend_dataset_retention(
    dataset_id: str,
    body: schemas.RetentionRequest,
    caller: guards.WriteDatasets,
    runtime: serving.Runtime,
) -> schemas.DatasetDocument:
    """Set how long a dataset lives, counted from its creation: up to 7 days, never shorter.

    Since it is counted from the creation, the same request may be repeated.
    """
    hours = body.retention_hours
    return schemas.document(await datasets_of(runtime).extend(caller, dataset_id, hours))


@router.delete(
    "/{dataset_id}",
    operation_id="deleteDataset",
    summary="Delete a dataset",
    responses={
        200: {
            "description": "It is gone.",
            "links": {
                "generations": openapi.link(
                    "listGenerations",
                    "See its generations, which are still there.",
                    dataset_id="dataset_id",
                )
            },
        },
        **openapi.problems("simio_dataset_not_found"),
    },
    openapi_extra=openapi.CONSEQUENTIAL,
)
async def delete_dataset(
    dataset_id: str, caller: guards.WriteDatasets, runtime: serving.Runtime
) -> schemas.DatasetDeletion:
    """Shred the seed and the model, and cancel running jobs; generations keep their own window."""
    await datasets_of(runtime).delete(caller, dataset_id)
    return schemas.DatasetDeletion(dataset_id=dataset_id, status=statuses.DatasetStatus.DELETED)


def datasets_of(runtime: serving.Runtime) -> service.Datasets:
    """Return the datasets of the installation that serves a request."""
    return service.Datasets(
        database=runtime.database,
        stores=runtime.stores,
        keyring=runtime.keyring,
        objects=runtime.objects,
        endings=runtime.endings,
        retention=runtime.policy.retention,
        capacity=runtime.policy.capacity,
    )


def _is_done(dataset: tables.Dataset) -> bool:
    return dataset.status != statuses.DatasetStatus.PROCESSING
