"""Generation, as the worker carries it out."""

import asyncio
import dataclasses
import functools
import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, objects, outages, scratch, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.datasets import scenario_fits, validations
from simulacra.service.generations import payloads, repository, sources
from simulacra.service.jobs import attempts, kinds, queues
from simulacra.service.stores.store import Store
from simulacra.service.tenants import encryption
from simulacra.service.usage import ledger

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class _Sources:
    """What a generation begins with.

    Attributes:
        generation: what was requested.
        source: the model, and what was fitted for it.
        key: the dataset's, of both.
        target: the store that is to hold the rows.
        validation: the summary that the report is to have; None if there is none.
    """

    generation: tables.Generation
    source: sources.Source
    key: storage.ObjectKey
    target: Store
    validation: dict[str, Any] | None


@dataclasses.dataclass(frozen=True)
class _Artifact:
    """The rows of a generation, in the store.

    Attributes:
        path: of the object.
        digest: of the rows.
        wrapped_key: of the object, as its store has wrapped it.
    """

    path: str
    digest: storage.Digest
    wrapped_key: bytes


@dataclasses.dataclass(frozen=True)
class _Fitted:
    """What a generation had to fit for its scenario, in the store.

    Attributes:
        columns: the digest of the conditioned columns.
        new: the object.
        replaced: path of the one that should have spared it, and could not be read or was too
            little.
    """

    columns: str
    new: scenario_fits.Kept
    replaced: str | None


async def _generate(attempt: attempts.Attempt) -> attempts.Save:
    """Make the rows of a generation."""
    generation_id = str(attempt.job.generation_id)
    begun = await _read(attempt)
    artifact_key = storage.ObjectKey.generate()
    wrapped = await begun.target.wrap(artifact_key, generation_id)
    with scratch.folder() as folder:
        request = _request(begun.generation, folder, begun.validation)
        download = begun.source.store.objects.download
        await asyncio.to_thread(download, begun.source.model_path, begun.key, request.model_file)
        source, key = begun.source, begun.key
        request = dataclasses.replace(
            request,
            fitted_file=await sources.fetch(attempt, source, key, source.fitted, folder / "fitted"),
            refits_file=await sources.fetch(attempt, source, key, source.refits, folder / "refits"),
        )
        result = await attempt.run(payloads.GENERATE, request, folder)
        artifacts = repository.artifacts_folder(generation_id)
        path, digest = await attempt.store(
            generation_id, artifacts, request.artifact_file, artifact_key, begun.target
        )
        fitted = await _store_fitted(attempt, begun, request, result)
        result.report["validation"] = begun.validation
    artifact = _Artifact(path, digest, wrapped)
    return functools.partial(_save, attempt, result=result, artifact=artifact, fitted=fitted)


def _request(
    generation: tables.Generation, folder: Path, validation: dict[str, Any] | None
) -> payloads.SamplingRequest:
    return payloads.SamplingRequest(
        model_file=folder / "model",
        fitted_file=None,
        refits_file=None,
        artifact_file=folder / "artifact",
        new_fitted_file=folder / "new_fitted",
        new_refits_file=folder / "new_refits",
        output_format=generation.output_format,
        row_count=generation.row_count,
        rng_seed=generation.seed,
        conditions=generation.conditions,
        margins=generation.margins_asked,
        support_weight=generation.support_weight,
        output_layout=generation.output_layout,
        output_values=generation.output_values,
        validation=validation,
    )


async def _read(attempt: attempts.Attempt) -> _Sources:
    """Return what was requested, and what there is to make it from."""
    async with attempt.resources.database.transaction(attempt.job.tenant_id) as session:
        generation = await session.get_one(tables.Generation, attempt.job.generation_id)
        source = await sources.of(attempt, session, generation.conditions, generation.margins_asked)
        target = await attempt.resources.stores.of(session, generation.store_id)
        validation = await validations.summary(session, attempt.job.dataset_id)
    key = await source.key(attempt.job.dataset_id)
    return _Sources(generation, source, key, target, validation)


async def _store_fitted(
    attempt: attempts.Attempt,
    begun: _Sources,
    request: payloads.SamplingRequest,
    result: payloads.SamplingResult,
) -> list[_Fitted]:
    """Store what the next scenario on the same columns need not fit."""
    source, stored = begun.source, []
    if result.has_fitted:
        path = await _store_one(attempt, begun, request.new_fitted_file)
        stored.append((source.columns, path, 0, source.fitted))
    if result.new_refits:
        most = scenario_fits.MAX_REFITS_BYTES
        path = await _store_one(attempt, begun, request.new_refits_file, most)
        columns = scenario_fits.refits_of(source.columns)
        stored.append((columns, path, result.new_refits, source.refits))
    return [
        _Fitted(columns, scenario_fits.Kept(path, refits), None if found is None else found.path)
        for columns, path, refits, found in stored
        if path is not None
    ]


async def _store_one(
    attempt: attempts.Attempt, begun: _Sources, file: Path, most: float = math.inf
) -> str | None:
    """Return the path of a new object with the dataset's key; None if it is too large.

    An outage costs only what should have been kept.
    """
    dataset_id = attempt.job.dataset_id
    fits = scenario_fits.folder(dataset_id)
    try:
        size = (await asyncio.to_thread(file.stat)).st_size
        if size > most:
            return None
        path, _ = await attempt.store(dataset_id, fits, file, begun.key, begun.source.store)
    except (*outages.ANY, OSError) as error:
        name = type(error).__name__
        logger.warning("job %s does not keep what it fitted: %s", attempt.job.id, name)
        return None
    return path


async def _save(
    attempt: attempts.Attempt,
    session: AsyncSession,
    *,
    result: payloads.SamplingResult,
    artifact: _Artifact,
    fitted: Sequence[_Fitted],
) -> None:
    """Deliver the rows, bill them, and keep what was fitted for them.

    Raises:
        attempts.SupersededError: the generation has expired: the sweeper will end it, unbilled.
    """
    tenant_id, generation_id = attempt.job.tenant_id, str(attempt.job.generation_id)
    keyring, wrapped = attempt.resources.keyring, artifact.wrapped_key
    sealed = await encryption.seal(session, keyring, tenant_id, generation_id, wrapped)
    await objects.keep(session, artifact.path)
    is_live = tables.Generation.expires_at > clock.now(session)
    delivered = await session.scalar(
        update(tables.Generation)
        .where(tables.Generation.id == generation_id, is_live)
        .values(
            status=result.status,
            rows_generated=result.rows_generated,
            report=result.report,
            margins=result.margins,
            figures=result.figures,
            artifact_path=artifact.path,
            size_bytes=artifact.digest.size_bytes,
            sha256=artifact.digest.sha256,
            sealed_key=sealed,
            ready_at=clock.now(session),
        )
        .returning(tables.Generation.id)
    )
    if delivered is None:
        raise attempts.SupersededError
    await ledger.settle(session, generation_id, result.rows_generated)
    dataset_id = attempt.job.dataset_id
    for each in fitted:  # after the window of usage, as at the end of a dataset
        columns, replaced = each.columns, each.replaced
        await scenario_fits.add(session, dataset_id, columns, each.new, replaced=replaced)
    trail.record(
        session,
        entry.SYSTEM,
        Action.GENERATION_READY,
        generation_id,
        tenant_id=tenant_id,
        details={Detail.ROWS: result.rows_generated, Detail.BYTES: artifact.digest.size_bytes},
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
