"""Generation rows of one tenant: only the live ones are found."""

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail, Outcome
from simulacra.service.database import tables
from simulacra.service.generations.schemas import GenerationStatus
from simulacra.service.http import problems
from simulacra.service.identity.principal import Principal


def artifact_path(generation_id: str) -> str:
    """Return where the rows are kept."""
    return f"generations/{generation_id}/artifact"


async def get(session: AsyncSession, generation_id: str) -> tables.Generation:
    """Return a live generation of the session's tenant.

    Raises:
        problems.Problem: there is none of this id.
    """
    found = await session.scalar(
        select(tables.Generation).where(
            tables.Generation.id == generation_id, tables.Generation.expires_at > func.now()
        )
    )
    if found is None:
        raise problems.Problem(
            "simio_generation_not_found", f"There is no generation {generation_id!r}."
        )
    return found


async def fail_unfinished(
    session: AsyncSession, caller: Principal, dataset_id: str, error: dict[str, Any]
) -> None:
    """End the generations of a dataset that are still being made, for whom `caller` deletes it."""
    ended = await session.scalars(
        update(tables.Generation)
        .where(
            tables.Generation.dataset_id == dataset_id,
            tables.Generation.status == GenerationStatus.PROCESSING,
        )
        .values(status=GenerationStatus.FAILED, error=error)
        .returning(tables.Generation.id)
    )
    for generation_id in ended.all():
        trail.record(
            session,
            entry.client(caller.client_id),
            Action.GENERATION_FAILED,
            generation_id,
            tenant_id=caller.tenant_id,
            outcome=Outcome.FAILED,
            details={Detail.CODE: error["code"]},
        )
