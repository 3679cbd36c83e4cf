"""Scenarios that people of a tenant keep under a name, with their study."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, keys, tenancy
from simulacra.service.database import tables
from simulacra.service.datasets import repository
from simulacra.service.identity.principal import Principal

MAX_NAME = 120
MOST = 100
"""Saved scenarios of a study."""

_rows = tables.SavedScenario


async def listed(session: AsyncSession, dataset_id: str) -> Sequence[tables.SavedScenario]:
    """Return the scenarios of a study, the newest first."""
    mine = select(_rows).where(_rows.dataset_id == dataset_id)
    return (await session.scalars(mine.order_by(_rows.saved_at.desc(), _rows.id))).all()


async def get(session: AsyncSession, dataset_id: str, scenario_id: str) -> tables.SavedScenario:
    """Return a saved scenario of a study.

    Raises:
        errors.NotFoundError: there is none of this id.
    """
    which = (_rows.dataset_id == dataset_id, _rows.id == scenario_id)
    found = await session.scalar(select(_rows).where(*which))
    if found is None:
        raise errors.NotFoundError("There is no such scenario any more.")
    return found


async def save(
    database: tenancy.Database, caller: Principal, dataset_id: str, name: str, state: str
) -> None:
    """Keep a scenario under a name; one of the same name is replaced.

    Raises:
        errors.DatasetNotFoundError: there is no such study.
        errors.InvalidFieldsError: it has no name, or there are too many.
    """
    named = " ".join(name.split())
    if not named:
        raise errors.InvalidFieldsError([errors.Fault("/name", "Give the scenario a name.")])
    async with database.transaction(caller.tenant_id) as session:
        await repository.get(session, dataset_id, lock=True)
        others = select(func.count()).where(_rows.dataset_id == dataset_id, _rows.name != named)
        if (await session.scalar(others) or 0) >= MOST:
            detail = f"A study has {MOST} saved scenarios at most; remove one first."
            raise errors.InvalidFieldsError([errors.Fault("/name", detail)])
        row = insert(_rows).values(
            id=keys.random_id("sc_"),
            tenant_id=caller.tenant_id,
            dataset_id=dataset_id,
            name=named,
            state=state,
            saved_by=caller.client_id,
            saved_at=clock.now(session),
        )
        new = {name: row.excluded[name] for name in ("state", "saved_by", "saved_at")}
        await session.execute(
            row.on_conflict_do_update(index_elements=["dataset_id", "name"], set_=new)
        )


async def end(session: AsyncSession, dataset_id: str) -> None:
    """Remove the scenarios of a dataset that ends."""
    await session.execute(delete(_rows).where(_rows.dataset_id == dataset_id))


async def forget(
    database: tenancy.Database, caller: Principal, dataset_id: str, scenario_id: str
) -> None:
    """Remove a saved scenario, if it is there."""
    async with database.transaction(caller.tenant_id) as session:
        which = (_rows.dataset_id == dataset_id, _rows.id == scenario_id)
        await session.execute(delete(_rows).where(*which))


def fields_of(state: str) -> list[tuple[str, str]]:
    """Return the names and values of a saved scenario, or of what stands behind an address."""
    return parse_qsl(state, keep_blank_values=True)
