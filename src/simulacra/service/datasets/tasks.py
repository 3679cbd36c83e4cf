"""Training, as the worker carries it out."""

import asyncio
import functools

import pydantic
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, objects, scratch, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.database.statuses import DatasetStatus
from simulacra.service.datasets import payloads, repository
from simulacra.service.jobs import attempts, kinds, queues
from simulacra.service.stores.store import Store
from simulacra.service.tenants import encryption

_OPTIONS = pydantic.TypeAdapter(payloads.StudyOptions)


async def _train(attempt: attempts.Attempt) -> attempts.Save:
    """Fit the model of a dataset."""
    dataset_id = attempt.job.dataset_id
    store, key, options = await _read(attempt)
    with scratch.folder() as folder:
        request = payloads.TrainingRequest(folder / "study", folder / "model", options)
        await asyncio.to_thread(
            store.objects.download, repository.seed_path(dataset_id), key, request.study_file
        )
        result = await attempt.run(payloads.FIT, request, folder)
        models = repository.models_folder(dataset_id)
        model_path, _ = await attempt.store(dataset_id, models, request.model_file, key, store)
    return functools.partial(_save, attempt.job, result=result, model_path=model_path)


async def _read(
    attempt: attempts.Attempt,
) -> tuple[Store, storage.ObjectKey, payloads.StudyOptions]:
    """Return the store and key of the seed file and what the upload says about the study."""
    tenant_id, dataset_id = attempt.job.tenant_id, attempt.job.dataset_id
    resources = attempt.resources
    async with resources.database.transaction(tenant_id) as session:
        dataset = await session.get_one(tables.Dataset, dataset_id)
        if dataset.sealed_key is None:
            raise attempts.SupersededError(attempt.job.id)
        wrapped = await encryption.unseal(
            session, resources.keyring, tenant_id, dataset_id, dataset.sealed_key
        )
        store = await resources.stores.of(session, dataset.store_id)
    key = await store.unwrap(wrapped, dataset_id)
    return store, key, _OPTIONS.validate_python(dataset.options or {})


async def _save(
    job: tables.Job, session: AsyncSession, *, result: payloads.TrainingResult, model_path: str
) -> None:
    await objects.keep(session, model_path)
    await session.execute(
        update(tables.Dataset)
        .where(tables.Dataset.id == job.dataset_id)
        .values(
            status=DatasetStatus.READY,
            published_schema=result.published_schema,
            model_path=model_path,
            row_count=result.row_count,
            column_count=result.column_count,
            ready_at=clock.now(session),
        )
    )
    trail.record(
        session,
        entry.SYSTEM,
        Action.DATASET_READY,
        job.dataset_id,
        tenant_id=job.tenant_id,
        details={Detail.ROWS: result.row_count, Detail.COLUMNS: result.column_count},
    )


TRAINING = kinds.JobKind(
    operation="createDataset",
    task="datasets:train",
    queue=queues.DATASETS,
    scope="write:datasets",
    failure_code="simio_training_failed",
    result=tables.Dataset,
    result_id=lambda job: job.dataset_id,
    failure=Action.DATASET_FAILED,
    function=payloads.FIT,
    work=_train,
)
"""The training of a dataset's model."""
