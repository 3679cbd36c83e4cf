"""Validations: how far a model of a study is off, answered in the row of a job.

The summary of one of the whole study stays with the dataset, beside the quality of its model.
"""

import asyncio
import functools
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, scratch, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.database.statuses import DatasetStatus
from simulacra.service.datasets import payloads
from simulacra.service.jobs import attempts, kinds, queues
from simulacra.service.jobs import repository as jobs
from simulacra.service.stores.store import Store
from simulacra.service.tenants import encryption

MEMBER = "validation"
"""Of the published schema: the summary of the latest validation of the whole study."""


async def _validate(attempt: attempts.Attempt) -> attempts.Save:
    """Validate the study of a dataset."""
    asked = attempt.job.asked or {}
    store, key, model_path = await _read(attempt)
    with scratch.folder() as folder:
        request = payloads.ValidationRequest(
            model_file=folder / "model",
            segment=asked["segment"],
            repeats=asked["repeats"],
            seed=asked["seed"],
        )
        await asyncio.to_thread(store.objects.download, model_path, key, request.model_file)
        result = await attempt.run(payloads.VALIDATE, request, folder)
    return functools.partial(_save, attempt.job, result=result)


async def _read(attempt: attempts.Attempt) -> tuple[Store, storage.ObjectKey, str]:
    """Return the store, the key and the path of the model.

    Raises:
        errors.JobFailedError: the dataset was deleted in the moment when this was requested.
    """
    tenant_id, dataset_id = attempt.job.tenant_id, attempt.job.dataset_id
    resources = attempt.resources
    async with resources.database.transaction(tenant_id) as session:
        dataset = await session.get(tables.Dataset, dataset_id)
        if dataset is None or dataset.sealed_key is None or dataset.model_path is None:
            detail = "The dataset was deleted before it was validated."
            raise errors.JobFailedError("simio_dataset_not_found", detail)
        wrapped = await encryption.unseal(
            session, resources.keyring, tenant_id, dataset_id, dataset.sealed_key
        )
        store = await resources.stores.of(session, dataset.store_id)
    return store, await store.unwrap(wrapped, dataset_id), dataset.model_path


async def _save(
    job: tables.Job, session: AsyncSession, *, result: payloads.ValidationResult
) -> None:
    """Answer in the row of the job, and keep the summary with a dataset that is still there."""
    await jobs.answer(session, job.id, result.validation)
    if result.summary is not None:
        published = tables.Dataset.published_schema
        await session.execute(
            update(tables.Dataset)
            .where(tables.Dataset.id == job.dataset_id, published.is_not(None))
            .where(tables.Dataset.status == DatasetStatus.READY)
            .values(published_schema=published.concat({MEMBER: result.summary}))
            .execution_options(synchronize_session=False)
        )
    trail.record(
        session, entry.SYSTEM, Action.VALIDATION_READY, job.dataset_id, tenant_id=job.tenant_id
    )


async def summary(session: AsyncSession, dataset_id: str) -> dict[str, Any] | None:
    """Return the summary of the latest validation of a dataset's whole study; None without one."""
    found: dict[str, Any] | None = await session.scalar(
        select(tables.Dataset.published_schema[MEMBER]).where(tables.Dataset.id == dataset_id)
    )
    return found


VALIDATION = kinds.JobKind(
    operation="createValidation",
    task="datasets:validate",
    queue=queues.DATASETS,
    scope="write:datasets",
    failure_code="simio_validation_failed",
    result=None,
    result_id=lambda job: job.id,
    failure=Action.VALIDATION_FAILED,
    function=payloads.VALIDATE,
    work=_validate,
)
"""The validation of a dataset's study."""
