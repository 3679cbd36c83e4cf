"""Training, as the worker carries it out."""

import asyncio
import functools
from typing import Any

import procrastinate
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, objects, scratch, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.database.statuses import DatasetStatus
from simulacra.service.datasets import repository
from simulacra.service.jobs import attempts, child, queues
from simulacra.service.tenants import encryption

blueprint = procrastinate.Blueprint()


@blueprint.task(name="train", queue=queues.DATASETS, pass_context=True, retry=attempts.RETRY)
async def train(context: procrastinate.JobContext, *, tenant_id: str, job_id: str) -> None:
    """Fit the model of a dataset."""
    resources: attempts.Resources = context.additional_context["resources"]
    await attempts.carry_out(resources, tenant_id, job_id, _train)


async def _train(attempt: attempts.Attempt) -> attempts.Save:
    resources, dataset_id = attempt.resources, attempt.job.dataset_id
    key, options = await _read(attempt)
    with scratch.folder() as folder:
        seed, model = folder / "seed", folder / "model"
        await asyncio.to_thread(
            resources.storage.download, repository.seed_path(dataset_id), key, seed
        )
        schema = await child.run(
            "simulacra.service.datasets.training:fit",
            {"seed": str(seed), "model": str(model), "options": options},
            resources.limits,
            attempt.report,
        )
        path, _ = await attempt.store(repository.models_folder(dataset_id), model, key)
    return functools.partial(_save, attempt.job, schema=schema, path=path)


async def _read(attempt: attempts.Attempt) -> tuple[storage.ObjectKey, dict[str, Any]]:
    """Return the key of the seed file and what the upload says about its columns."""
    tenant_id, dataset_id = attempt.job.tenant_id, attempt.job.dataset_id
    async with attempt.resources.database.transaction(tenant_id) as session:
        dataset = await session.get_one(tables.Dataset, dataset_id)
        if dataset.sealed_key is None:
            raise attempts.SupersededError(attempt.job.id)
        key = await encryption.unseal(
            session, attempt.resources.keyring, tenant_id, dataset_id, dataset.sealed_key
        )
        return key, dataset.options or {}


async def _save(
    job: tables.Job, session: AsyncSession, *, schema: dict[str, Any], path: str
) -> None:
    row_count, column_count = schema["row_count"], len(schema["schema"])
    await objects.keep(session, path)
    await session.execute(
        update(tables.Dataset)
        .where(tables.Dataset.id == job.dataset_id)
        .values(
            status=DatasetStatus.READY,
            published_schema=schema,
            model_path=path,
            row_count=row_count,
            column_count=column_count,
            ready_at=clock.now(session),
        )
    )
    trail.record(
        session,
        entry.SYSTEM,
        Action.DATASET_READY,
        job.dataset_id,
        tenant_id=job.tenant_id,
        details={Detail.ROWS: row_count, Detail.COLUMNS: column_count},
    )
