"""What can be done with datasets, inside one transaction each."""

import asyncio
import datetime as dt
from typing import BinaryIO

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.engine import errors as engine_errors
from simulacra.engine import formats
from simulacra.service import keys, runtime, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.datasets import repository
from simulacra.service.datasets.schemas import DatasetStatus, UploadFields
from simulacra.service.generations import repository as generations
from simulacra.service.http import problems
from simulacra.service.identity.principal import Principal
from simulacra.service.jobs import repository as jobs
from simulacra.service.jobs.schemas import JobStatus
from simulacra.service.tenants import encryption, retention


async def create(
    running: runtime.Runtime,
    caller: Principal,
    file: BinaryIO,
    fields: UploadFields,
    idempotency_key: str | None,
) -> tables.Dataset:
    """Keep a seed file and enqueue its training.

    Raises:
        problems.Problem: the file is not of a format that can be read, or has no sheets.
    """
    file_format = _detect(file)
    if fields.sheet is not None and file_format != formats.Format.XLSX:
        detail = f"A sheet can be chosen in an Excel workbook only; the file is {file_format}."
        raise problems.invalid([problems.Fault("sheet", detail, is_parameter=True)])
    dataset_id, key = keys.random_id("ds_"), storage.ObjectKey.generate()
    path = repository.seed_path(dataset_id)
    digest = await asyncio.to_thread(running.storage.write, path, file, key)
    async with running.database.transaction(caller.tenant_id) as session:
        dataset = tables.Dataset(
            id=dataset_id,
            tenant_id=caller.tenant_id,
            status=DatasetStatus.PROCESSING,
            display_name=fields.display_name,
            job_id=jobs.new_id(),
            format=file_format,
            options=fields.options(),
            seed_bytes=digest.size_bytes,
            seed_sha256=digest.sha256,
            sealed_key=await encryption.seal(running, session, caller.tenant_id, dataset_id, key),
            expires_at=await retention.expiry(session, running, caller.tenant_id),
        )
        session.add(dataset)
        job = tables.Job(
            id=dataset.job_id,
            tenant_id=caller.tenant_id,
            operation="createDataset",
            status=JobStatus.QUEUED,
            dataset_id=dataset_id,
            idempotency_key=idempotency_key,
        )
        await jobs.enqueue(session, running, job)
        about: entry.Details = {Detail.BYTES: digest.size_bytes, Detail.FORMAT: file_format}
        _record(session, caller, Action.DATASET_CREATED, dataset_id, about)
    return dataset


async def read(running: runtime.Runtime, caller: Principal, dataset_id: str) -> tables.Dataset:
    """Return a live dataset."""
    async with running.database.transaction(caller.tenant_id) as session:
        return await repository.get(session, dataset_id)


async def delete(running: runtime.Runtime, caller: Principal, dataset_id: str) -> None:
    """Destroy the key of a dataset and end its jobs, then remove its objects."""
    async with running.database.transaction(caller.tenant_id) as session:
        dataset = await repository.get(session, dataset_id, lock=True)
        dataset.status = DatasetStatus.DELETED
        dataset.deleted_at = dt.datetime.now(dt.UTC)
        dataset.sealed_key = None
        dataset.published_schema = None
        await jobs.cancel_for_dataset(session, dataset_id)
        gone = problems.Problem(
            "simio_dataset_not_found", "The dataset was deleted before the rows were made."
        )
        error = gone.document(running.policy.base_url)
        await generations.fail_unfinished(session, caller, dataset_id, error)
        _record(session, caller, Action.DATASET_DELETED, dataset_id)
    for path in (repository.seed_path(dataset_id), repository.model_path(dataset_id)):
        await asyncio.to_thread(running.storage.delete, path)


def _record(
    session: AsyncSession,
    caller: Principal,
    action: Action,
    dataset_id: str,
    details: entry.Details | None = None,
) -> None:
    actor = entry.client(caller.client_id)
    trail.record(session, actor, action, dataset_id, tenant_id=caller.tenant_id, details=details)


def _detect(file: BinaryIO) -> str:
    try:
        return formats.detect(file).value
    except engine_errors.UploadError as error:
        fault = problems.Fault("seed_file", error.detail, "simio_upload_invalid", is_parameter=True)
        raise problems.Problem("simio_upload_invalid", error.detail, faults=[fault]) from None
