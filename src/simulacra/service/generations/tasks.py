"""Generation, as the worker carries it out."""

import asyncio
import functools
from typing import Any

import procrastinate
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, objects, scratch, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.generations import repository
from simulacra.service.jobs import attempts, child, queues
from simulacra.service.tenants import encryption
from simulacra.service.usage import ledger

blueprint = procrastinate.Blueprint()


@blueprint.task(name="generate", queue=queues.GENERATIONS, pass_context=True, retry=attempts.RETRY)
async def generate(context: procrastinate.JobContext, *, tenant_id: str, job_id: str) -> None:
    """Make the rows of a generation."""
    resources: attempts.Resources = context.additional_context["resources"]
    await attempts.carry_out(resources, tenant_id, job_id, _generate)


async def _generate(attempt: attempts.Attempt) -> attempts.Save:
    resources, generation_id = attempt.resources, str(attempt.job.generation_id)
    wanted, model_path, model_key = await _read(attempt)
    artifact_key = storage.ObjectKey.generate()
    with scratch.folder() as folder:
        model, artifact = folder / "model", folder / "artifact"
        await asyncio.to_thread(resources.storage.download, model_path, model_key, model)
        made = await child.run(
            "simulacra.service.generations.sampling:generate",
            {"model": str(model), "artifact": str(artifact), "wanted": wanted},
            resources.limits,
            attempt.report,
        )
        folder_of_rows = repository.artifacts_folder(generation_id)
        path, digest = await attempt.store(folder_of_rows, artifact, artifact_key)
    return functools.partial(
        _save, attempt, made=made, made_at=path, digest=digest, key=artifact_key
    )


async def _read(attempt: attempts.Attempt) -> tuple[dict[str, Any], str, storage.ObjectKey]:
    """Return what was asked for, and where the model is and its key.

    Raises:
        errors.JobFailedError: the dataset was deleted in the moment when this was asked for.
    """
    tenant_id, dataset_id = attempt.job.tenant_id, attempt.job.dataset_id
    async with attempt.resources.database.transaction(tenant_id) as session:
        generation = await session.get_one(tables.Generation, attempt.job.generation_id)
        dataset = await session.get_one(tables.Dataset, dataset_id)
        if dataset.sealed_key is None or dataset.model_path is None:
            detail = "The dataset was deleted before the rows were made."
            raise errors.JobFailedError("simio_dataset_not_found", detail)
        key = await encryption.unseal(
            session, attempt.resources.keyring, tenant_id, dataset_id, dataset.sealed_key
        )
    names = ("row_count", "seed", "conditions", "output_format")
    return {name: getattr(generation, name) for name in names}, dataset.model_path, key


async def _save(
    attempt: attempts.Attempt,
    session: AsyncSession,
    *,
    made: dict[str, Any],
    made_at: str,
    digest: storage.Digest,
    key: storage.ObjectKey,
) -> None:
    """Deliver the rows, and bill them.

    Raises:
        attempts.SupersededError: the generation has expired: the sweeper will end it, unbilled.
    """
    tenant_id, generation_id = attempt.job.tenant_id, str(attempt.job.generation_id)
    keyring = attempt.resources.keyring
    sealed = await encryption.seal(session, keyring, tenant_id, generation_id, key)
    await objects.keep(session, made_at)
    is_live = tables.Generation.expires_at > clock.now(session)
    delivered = await session.scalar(
        update(tables.Generation)
        .where(tables.Generation.id == generation_id, is_live)
        .values(
            **made,
            artifact_path=made_at,
            size_bytes=digest.size_bytes,
            sha256=digest.sha256,
            sealed_key=sealed,
            ready_at=clock.now(session),
        )
        .returning(tables.Generation.id)
    )
    if delivered is None:
        raise attempts.SupersededError
    await ledger.settle(session, generation_id, made["rows_generated"])
    trail.record(
        session,
        entry.SYSTEM,
        Action.GENERATION_READY,
        generation_id,
        tenant_id=tenant_id,
        details={Detail.ROWS: made["rows_generated"], Detail.BYTES: digest.size_bytes},
    )
