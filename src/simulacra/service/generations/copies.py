"""Rows that exist, written in another format: a generation of its own, which costs no rows."""

import functools
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, objects, scratch, storage
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.generations import payloads, repository, tabulations
from simulacra.service.jobs import attempts, kinds, queues
from simulacra.service.tenants import encryption

OTHER_ROWS = (
    "The rows cannot be read from their own file in full, and this version of the service would "
    "make others of the same seed. Generate them again in the format that you need."
)


async def _copy(attempt: attempts.Attempt) -> attempts.Save:
    """Write the rows of a generation once more."""
    copy_id = str(attempt.job.generation_id)
    async with attempt.resources.database.transaction(attempt.job.tenant_id) as session:
        copy = await session.get_one(tables.Generation, copy_id)
        source_id = str(copy.copy_of)
        source = await repository.get_made(session, source_id)
        margins = await _margins(session, source_id)
        store = await attempt.resources.stores.of(session, copy.store_id)
    key = storage.ObjectKey.generate()
    wrapped = await store.wrap(key, copy_id)
    with scratch.folder() as folder:
        made = await tabulations.fetch_rows(attempt, source_id, folder / "rows")
        request = payloads.CopyRequest(
            model_file=await tabulations.fetch_model(attempt, folder),
            made=made,
            report=source.report or {},
            margins=margins,
            artifact_file=folder / "artifact",
            output_format=copy.output_format,
            output_layout=copy.output_layout,
            output_values=copy.output_values,
        )
        result = await attempt.run(payloads.COPY, request, folder)
        if not result.is_same:
            raise errors.JobFailedError("simio_generation_failed", OTHER_ROWS)
        artifacts = repository.artifacts_folder(copy_id)
        path, digest = await attempt.store(copy_id, artifacts, request.artifact_file, key, store)
    return functools.partial(_save, attempt, path=path, digest=digest, wrapped=wrapped)


async def _margins(session: AsyncSession, generation_id: str) -> dict[str, Any] | None:
    which = tables.Generation.id == generation_id
    found: dict[str, Any] | None = await session.scalar(
        select(tables.Generation.margins).where(which)
    )
    return found


async def _save(
    attempt: attempts.Attempt,
    session: AsyncSession,
    *,
    path: str,
    digest: storage.Digest,
    wrapped: bytes,
) -> None:
    """Deliver the file; nothing is billed.

    Raises:
        attempts.SupersededError: the rows have expired: the sweeper will end this too.
    """
    tenant_id, copy_id = attempt.job.tenant_id, str(attempt.job.generation_id)
    sealed = await encryption.seal(session, attempt.resources.keyring, tenant_id, copy_id, wrapped)
    await objects.keep(session, path)
    rows = tables.Generation
    copy = await session.get_one(rows, copy_id)
    source = await session.get(rows, copy.copy_of)
    if source is None or source.report is None:
        raise attempts.SupersededError
    delivered = await session.scalar(
        update(rows)
        .where(rows.id == copy_id, rows.expires_at > clock.now(session))
        .values(
            status=source.status,
            rows_generated=source.rows_generated,
            report=source.report,
            margins=await _margins(session, source.id),
            figures=await session.scalar(select(rows.figures).where(rows.id == source.id)),
            artifact_path=path,
            size_bytes=digest.size_bytes,
            sha256=digest.sha256,
            sealed_key=sealed,
            ready_at=clock.now(session),
        )
        .returning(rows.id)
    )
    if delivered is None:
        raise attempts.SupersededError
    trail.record(
        session,
        entry.SYSTEM,
        Action.GENERATION_READY,
        copy_id,
        tenant_id=tenant_id,
        details={Detail.ROWS: source.rows_generated or 0, Detail.BYTES: digest.size_bytes},
    )


COPY = kinds.JobKind(
    operation="copyGeneration",
    task="generations:copy",
    queue=queues.GENERATIONS,
    scope="write:generations",
    failure_code="simio_generation_failed",
    result=tables.Generation,
    result_id=lambda job: str(job.generation_id),
    failure=Action.GENERATION_FAILED,
    function=payloads.COPY,
    work=_copy,
)
"""Writing the rows of a generation in another format."""
