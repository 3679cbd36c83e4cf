"""Generation, as the worker carries it out."""

import asyncio
import dataclasses
import functools
import logging
from pathlib import Path

import tink
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, objects, outages, scratch, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.datasets import scenario_fits
from simulacra.service.generations import payloads, repository
from simulacra.service.jobs import attempts, kinds, queues
from simulacra.service.tenants import encryption
from simulacra.service.usage import ledger

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class _Sources:
    """What a generation begins with.

    Attributes:
        generation: what was requested.
        model_path: where the model is.
        columns: the digest of the conditioned columns.
        fitted_path: where that is which was fitted for a scenario on the same columns.
        key: the dataset's, of both.
    """

    generation: tables.Generation
    model_path: str
    columns: str
    fitted_path: str | None
    key: storage.ObjectKey


@dataclasses.dataclass(frozen=True)
class _Fitted:
    """What a generation had to fit for its scenario, in the store.

    Attributes:
        columns: the digest of the conditioned columns.
        path: of the object.
        unusable: path of the one that should have spared it, and could not be read.
    """

    columns: str
    path: str
    unusable: str | None


async def _generate(attempt: attempts.Attempt) -> attempts.Save:
    """Make the rows of a generation."""
    resources, generation_id = attempt.resources, str(attempt.job.generation_id)
    sources = await _read(attempt)
    artifact_key = storage.ObjectKey.generate()
    with scratch.folder() as folder:
        request = _request(sources.generation, folder)
        download = resources.storage.download
        await asyncio.to_thread(download, sources.model_path, sources.key, request.model_file)
        request = dataclasses.replace(request, fitted_file=await _fetch(attempt, sources, folder))
        result = await attempt.run(payloads.GENERATE, request, folder)
        artifacts = repository.artifacts_folder(generation_id)
        artifact = await attempt.store(
            generation_id, artifacts, request.artifact_file, artifact_key
        )
        new_file = request.new_fitted_file if result.has_fitted else None
        fitted = await _store_fitted(attempt, sources, new_file)
    return functools.partial(
        _save, attempt, result=result, artifact=artifact, key=artifact_key, fitted=fitted
    )


def _request(generation: tables.Generation, folder: Path) -> payloads.SamplingRequest:
    return payloads.SamplingRequest(
        model_file=folder / "model",
        fitted_file=None,
        artifact_file=folder / "artifact",
        new_fitted_file=folder / "new_fitted",
        output_format=generation.output_format,
        row_count=generation.row_count,
        rng_seed=generation.seed,
        categorical=generation.conditions["categorical"],
        numeric=generation.conditions["numeric"],
    )


async def _read(attempt: attempts.Attempt) -> _Sources:
    """Return what was requested, and what there is to make it from.

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
        columns = scenario_fits.columns_of(generation.conditions)
        fitted_path = await scenario_fits.find(session, dataset_id, columns)
        return _Sources(generation, dataset.model_path, columns, fitted_path, key)


async def _fetch(attempt: attempts.Attempt, sources: _Sources, folder: Path) -> Path | None:
    """Return a file of what was fitted before, None if there is none that can be read.

    That holds for a store that does not answer too: it might refuse this one object for ever, and
    one that is away is met again with the artifact.
    """
    if sources.fitted_path is None:
        return None
    target, download = folder / "fitted", attempt.resources.storage.download
    try:
        await asyncio.to_thread(download, sources.fitted_path, sources.key, target)
    except (OSError, tink.TinkError, errors.StorageUnavailableError) as error:
        name = type(error).__name__
        logger.warning("job %s fits again what was fitted before: %s", attempt.job.id, name)
        return None
    return target


async def _store_fitted(
    attempt: attempts.Attempt, sources: _Sources, file: Path | None
) -> _Fitted | None:
    """Store what the next scenario on the same columns need not fit; an outage costs only that."""
    if file is None:
        return None
    dataset_id = attempt.job.dataset_id
    fits = scenario_fits.folder(dataset_id)
    try:
        path, _ = await attempt.store(dataset_id, fits, file, sources.key)
    except (*outages.ANY, OSError) as error:
        name = type(error).__name__
        logger.warning("job %s does not keep what it fitted: %s", attempt.job.id, name)
        return None
    return _Fitted(sources.columns, path, sources.fitted_path)


async def _save(
    attempt: attempts.Attempt,
    session: AsyncSession,
    *,
    result: payloads.SamplingResult,
    artifact: tuple[str, storage.Digest],
    key: storage.ObjectKey,
    fitted: _Fitted | None,
) -> None:
    """Deliver the rows, bill them, and keep what was fitted for them.

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
    if fitted is not None:  # after the window of usage, as at the end of a dataset
        dataset_id, columns = attempt.job.dataset_id, fitted.columns
        unusable = fitted.unusable
        await scenario_fits.add(session, dataset_id, columns, fitted.path, unusable=unusable)
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
