"""Generation, as the worker carries it out."""

import asyncio
import functools
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, objects, scratch, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.generations import payloads, repository
from simulacra.service.jobs import attempts, child, kinds, queues
from simulacra.service.tenants import encryption
from simulacra.service.usage import ledger


async def _generate(attempt: attempts.Attempt) -> attempts.Save:
    """Make the rows of a generation."""
    resources, generation_id = attempt.resources, str(attempt.job.generation_id)
    generation, model_path, model_key = await _read(attempt)
    artifact_key = storage.ObjectKey.generate()
    with scratch.folder() as folder:
        request = _request(generation, folder)
        download = resources.storage.download
        await asyncio.to_thread(download, model_path, model_key, request.model_file)
        result = await child.run(payloads.GENERATE, request, resources.limits, attempt.report)
        artifacts = repository.artifacts_folder(generation_id)
        artifact = await attempt.store(artifacts, request.artifact_file, artifact_key)
    return functools.partial(_save, attempt, result=result, artifact=artifact, key=artifact_key)


def _request(generation: tables.Generation, folder: Path) -> payloads.SamplingRequest:
    return payloads.SamplingRequest(
        model_file=folder / "model",
        artifact_file=folder / "artifact",
        output_format=generation.output_format,
        row_count=generation.row_count,
        rng_seed=generation.seed,
        categorical=generation.conditions["categorical"],
        numeric=generation.conditions["numeric"],
    )


async def _read(attempt: attempts.Attempt) -> tuple[tables.Generation, str, storage.ObjectKey]:
    """Return what was requested, and where the model is and its key.

    Raises:
        errors.JobFailedError: the dataset was deleted in the moment when this was requested.
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
        return generation, dataset.model_path, key


async def _save(
    attempt: attempts.Attempt,
    session: AsyncSession,
    *,
    result: payloads.SamplingResult,
    artifact: tuple[str, storage.Digest],
    key: storage.ObjectKey,
) -> None:
    """Deliver the rows, and bill them.

    Raises:
        attempts.SupersededError: the generation has expired: the sweeper will end it, unbilled.
    """
    tenant_id, generation_id = attempt.job.tenant_id, str(attempt.job.generation_id)
    artifact_path, digest = artifact
    keyring = attempt.resources.keyring
    sealed = await encryption.seal(session, keyring, tenant_id, generation_id, key)
    await objects.keep(session, artifact_path)
    is_live = tables.Generation.expires_at > clock.now(session)
    delivered = await session.scalar(
        update(tables.Generation)
        .where(tables.Generation.id == generation_id, is_live)
        .values(
            status=result.status,
            rows_generated=result.rows_generated,
            report=result.report,
            artifact_path=artifact_path,
            size_bytes=digest.size_bytes,
            sha256=digest.sha256,
            sealed_key=sealed,
            ready_at=clock.now(session),
        )
        .returning(tables.Generation.id)
    )
    if delivered is None:
        raise attempts.SupersededError
    await ledger.settle(session, generation_id, result.rows_generated)
    trail.record(
        session,
        entry.SYSTEM,
        Action.GENERATION_READY,
        generation_id,
        tenant_id=tenant_id,
        details={Detail.ROWS: result.rows_generated, Detail.BYTES: digest.size_bytes},
    )


GENERATION = kinds.JobKind(
    operation="createGeneration",
    task="generations:generate",
    queue=queues.GENERATIONS,
    scope="write:generations",
    failure_code="simio_generation_failed",
    result=tables.Generation,
    result_id=lambda job: str(job.generation_id),
    failure=Action.GENERATION_FAILED,
    function=payloads.GENERATE,
    work=_generate,
    release=ledger.release,
)
"""The generation of rows under a scenario."""
