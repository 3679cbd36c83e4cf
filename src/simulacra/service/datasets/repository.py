"""Dataset rows of one tenant: only the live ones are found."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.database import tables
from simulacra.service.datasets.schemas import DatasetStatus
from simulacra.service.http import problems


def seed_path(dataset_id: str) -> str:
    """Return where the seed file is kept."""
    return f"datasets/{dataset_id}/seed"


def model_path(dataset_id: str) -> str:
    """Return where the fitted model is kept."""
    return f"datasets/{dataset_id}/model"


def _is_live() -> ColumnElement[bool]:
    return and_(tables.Dataset.deleted_at.is_(None), tables.Dataset.expires_at > func.now())


async def get(session: AsyncSession, dataset_id: str, *, lock: bool = False) -> tables.Dataset:
    """Return a live dataset of the session's tenant.

    Raises:
        problems.Problem: there is none of this id.
    """
    query = select(tables.Dataset).where(tables.Dataset.id == dataset_id, _is_live())
    found = await session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise problems.Problem("simio_dataset_not_found", f"There is no dataset {dataset_id!r}.")
    return found


async def get_ready(session: AsyncSession, dataset_id: str) -> tables.Dataset:
    """Return a live dataset whose model is fitted.

    Raises:
        problems.Problem: there is none of this id, or it has no model, yet or for good.
    """
    dataset = await get(session, dataset_id)
    if dataset.status == DatasetStatus.READY:
        return dataset
    if dataset.status == DatasetStatus.FAILED:
        reason = (dataset.error or {}).get("detail", "")
        raise problems.Problem(
            "simio_dataset_failed", f"The training of dataset {dataset_id} failed. {reason}".strip()
        )
    raise problems.Problem(
        "simio_dataset_not_ready",
        f"Dataset {dataset_id} is {dataset.status}; its job is {dataset.job_id}.",
        headers={"Retry-After": "2"},
    )


async def page(
    session: AsyncSession, after: str | None, limit: int
) -> tuple[Sequence[tables.Dataset], str | None]:
    """Return up to `limit` live datasets behind the one named `after`, and the next `after`."""
    order = tuple_(tables.Dataset.created_at, tables.Dataset.id)
    query = select(tables.Dataset).where(_is_live())
    if after is not None:
        last = select(tables.Dataset.created_at, tables.Dataset.id).where(
            tables.Dataset.id == after
        )
        query = query.where(order < last.scalar_subquery())
    newest_first = query.order_by(tables.Dataset.created_at.desc(), tables.Dataset.id.desc())
    found = (await session.scalars(newest_first.limit(limit + 1))).all()
    return found[:limit], found[limit - 1].id if len(found) > limit else None
