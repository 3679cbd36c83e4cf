"""Dataset rows of one tenant: only the live ones are found."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Text, and_, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors
from simulacra.service.database import paging, tables
from simulacra.service.database.statuses import DatasetStatus

ALIVE = (DatasetStatus.PROCESSING, DatasetStatus.READY, DatasetStatus.FAILED)
"""States of datasets that have neither been deleted nor swept."""


def seed_path(dataset_id: str) -> str:
    """Return where the seed file is kept."""
    return f"datasets/{dataset_id}/seed"


def models_folder(dataset_id: str) -> str:
    """Return where the fitted models are kept, one of each attempt."""
    return f"datasets/{dataset_id}/models"


def is_live(session: AsyncSession) -> ColumnElement[bool]:
    """Return the condition that a dataset was neither deleted nor has expired."""
    return and_(tables.Dataset.deleted_at.is_(None), tables.Dataset.expires_at > clock.now(session))


async def get(session: AsyncSession, dataset_id: str, *, lock: bool = False) -> tables.Dataset:
    """Return a live dataset of the session's tenant.

    Raises:
        errors.DatasetNotFoundError: there is none of this id.
    """
    query = select(tables.Dataset).where(tables.Dataset.id == dataset_id, is_live(session))
    if lock:  # and read it anew: it may have changed while we waited
        # A lock that generations may pass: they refer to the dataset's key while they wait for the
        # window of usage, which a deletion holds before it locks the dataset.
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    dataset = await session.scalar(query)
    if dataset is None:
        raise errors.DatasetNotFoundError(f"There is no dataset {dataset_id!r}.")
    return dataset


async def of_job(session: AsyncSession, job_id: str) -> tables.Dataset:
    """Return the dataset that a job makes, or what is left of it.

    One whose time is over is shown as its tombstone, whether it has been swept or not.
    """
    is_over = tables.Dataset.expires_at <= clock.now(session)
    query = select(tables.Dataset, is_over).where(tables.Dataset.job_id == job_id)
    dataset, is_over_now = (await session.execute(query)).one()
    if is_over_now and dataset.status in ALIVE:
        session.expunge(dataset)  # to show it so; the sweep is what changes the row
        strip(dataset, DatasetStatus.EXPIRED)
    return dataset


def strip(dataset: tables.Dataset, status: DatasetStatus) -> None:
    """Leave of a dataset a tombstone: ids, sizes and times, and no word of what was in it."""
    dataset.status = status
    dataset.sealed_key = dataset.published_schema = dataset.options = None
    dataset.display_name = dataset.model_path = dataset.error = None


async def get_ready(session: AsyncSession, dataset_id: str) -> tables.Dataset:
    """Return a live dataset whose model is fitted.

    Raises:
        errors.DatasetNotFoundError: there is none of this id.
        errors.DatasetFailedError: its training failed, so it will never have a model.
        errors.DatasetNotReadyError: it is still being trained.
    """
    dataset = await get(session, dataset_id)
    if dataset.status == DatasetStatus.READY:
        return dataset
    if dataset.status == DatasetStatus.FAILED:
        reason = (dataset.error or {}).get("detail", "")
        raise errors.DatasetFailedError(
            f"The training of dataset {dataset_id} failed. {reason}".strip()
        )
    raise errors.DatasetNotReadyError(
        f"Dataset {dataset_id} is {dataset.status}; its job is {dataset.job_id}."
    )


async def schema_text(session: AsyncSession, dataset_id: str) -> str:
    """Return the published schema of a live dataset as JSON, which nobody has parsed.

    Raises:
        errors.DatasetNotFoundError: there is none of this id.
        errors.DatasetFailedError: its training failed, so it will never have a model.
        errors.DatasetNotReadyError: it is still being trained.
    """
    await get_ready(session, dataset_id)
    rows = tables.Dataset
    text = await session.scalar(
        select(cast(rows.published_schema, Text)).where(rows.id == dataset_id)
    )
    if text is None:  # deleted at this moment
        raise errors.DatasetNotFoundError(f"There is no dataset {dataset_id!r}.")
    return text


async def page(
    session: AsyncSession, after: str | None, limit: int
) -> tuple[Sequence[tables.Dataset], str | None]:
    """Return up to `limit` live datasets behind the one named `after`, and the next `after`."""
    live = select(tables.Dataset).where(is_live(session))
    return await paging.page(session, tables.Dataset, live, after, limit)
