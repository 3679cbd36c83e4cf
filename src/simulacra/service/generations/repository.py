"""Generation rows of one tenant: only the live ones are found."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from simulacra.service import clock, errors
from simulacra.service.database import paging, tables
from simulacra.service.database.statuses import GenerationStatus

if TYPE_CHECKING:
    from simulacra.service.generations.schemas import CopyRequest


WITH_ROWS = (GenerationStatus.PROCESSING, GenerationStatus.READY, GenerationStatus.PARTIAL)
"""What the status of a generation is that has rows, or may have some."""


def artifacts_folder(generation_id: str) -> str:
    """Return where the rows are kept, those of each attempt by themselves."""
    return f"generations/{generation_id}"


async def get(session: AsyncSession, generation_id: str) -> tables.Generation:
    """Return a live generation of the session's tenant.

    Raises:
        errors.GenerationNotFoundError: there is none of this id.
    """
    generation = await session.scalar(
        select(tables.Generation).where(
            tables.Generation.id == generation_id,
            tables.Generation.expires_at > clock.now(session),
        )
    )
    if generation is None:
        raise errors.GenerationNotFoundError(f"There is no generation {generation_id!r}.")
    return generation


async def get_made(session: AsyncSession, generation_id: str) -> tables.Generation:
    """Return a live generation of the session's tenant that has rows.

    Raises:
        errors.GenerationNotFoundError: there is none of this id, or it has no rows.
    """
    generation = await get(session, generation_id)
    if generation.sealed_key is None or generation.artifact_path is None:
        raise errors.GenerationNotFoundError(f"Generation {generation_id} has no artifact.")
    return generation


async def lock_made(session: AsyncSession, generation_id: str) -> tables.Generation:
    """Return the same and hold its row, so that one copy of a kind is begun at a time.

    Raises:
        errors.GenerationNotFoundError: there is none of this id, or it has no rows.
    """
    which = tables.Generation.id == generation_id
    await session.execute(select(tables.Generation.id).where(which).with_for_update())
    return await get_made(session, generation_id)


async def find_copy(
    session: AsyncSession, source: tables.Generation, wanted: "CopyRequest"
) -> tables.Generation | None:
    """Return the generation that has, or will have, the rows of another in some format."""
    rows = tables.Generation
    found: tables.Generation | None = await session.scalar(
        select(rows)
        .where(
            (rows.id == source.id) | (rows.copy_of == source.id),
            rows.output_format == wanted.output_format,
            rows.output_layout == wanted.output_layout,
            rows.output_values == wanted.output_values,
            rows.status.in_(WITH_ROWS),
            rows.expires_at > clock.now(session),
        )
        .order_by(rows.created_at)
        .limit(1)
    )
    return found


async def bytes_of_open_copies(session: AsyncSession) -> int:
    """Return about how many bytes of the installation's store copies will take that are begun.

    Each as many as the file that it is made of: nobody knows before it is written.
    """
    copy, source = aliased(tables.Generation), aliased(tables.Generation)
    query = (
        select(func.coalesce(func.sum(source.size_bytes), 0))
        .select_from(copy)
        .join(source, source.id == copy.copy_of)
        .where(copy.status == GenerationStatus.PROCESSING, copy.store_id.is_(None))
    )
    return int(await session.scalar(query) or 0)


async def of_job(session: AsyncSession, job_id: str) -> tables.Generation:
    """Return the generation that a job makes, or what is left of it.

    One whose time is over is shown as its tombstone, whether it has been swept or not.
    """
    is_over = tables.Generation.expires_at <= clock.now(session)
    query = select(tables.Generation, is_over).where(tables.Generation.job_id == job_id)
    generation, is_over_now = (await session.execute(query)).one()
    if is_over_now:
        session.expunge(generation)  # to show it so; the sweep is what changes the row
        strip(generation)
    return generation


def strip(generation: tables.Generation) -> None:
    """Leave of a generation a tombstone: ids, sizes, times and what was billed."""
    generation.status = GenerationStatus.EXPIRED
    generation.conditions = {}
    generation.sealed_key = generation.artifact_path = generation.sha256 = None
    generation.report = generation.error = None
    generation.margins = generation.figures = None


async def page(
    session: AsyncSession, dataset_id: str | None, after: str | None, limit: int
) -> tuple[Sequence[tables.Generation], str | None]:
    """Return up to `limit` live generations behind the one named `after`, and the next `after`."""
    live = select(tables.Generation).where(tables.Generation.expires_at > clock.now(session))
    if dataset_id is not None:
        live = live.where(tables.Generation.dataset_id == dataset_id)
    return await paging.page(session, tables.Generation, live, after, limit)
