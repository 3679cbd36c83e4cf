"""What scenarios have fitted beyond a dataset's model, kept for the next one on the same columns.

A cache: whatever is missing or cannot be read is fitted again, and the rows are the same. Objects
are encrypted with the dataset's key and owned by the dataset, and so end with it. The engine's
version is part of what is looked up: what another version fitted might give other rows.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, objects
from simulacra.service.database import tables
from simulacra.service.datasets import repository

OF_MAPS, SETS = ("numeric", "categorical"), "multiple_response"
MAX_KEPT = 16
"""Of a dataset, as many as a model in memory keeps. For a study of 150 columns each took a third of
the model's bytes, so all of them stay within a few times the model."""
MAX_REFITS_KEPT, MAX_REFITS_BYTES = 4, 100_000_000
"""The same of what was refitted for margins of error, and what one object may have at most. Twenty
refits of Adult take 3 MB, a quarter of its model, and of a tracker of 489 columns 82 MB, a quarter
more than its model."""

VERSION = version("simulacra")

_rows = tables.ScenarioFit


@dataclasses.dataclass(frozen=True)
class Kept:
    """What is kept for scenarios on some columns.

    Attributes:
        path: of the object.
        refits: how many models refitted for margins of error are in it; 0 if it holds those of the
            study instead.
    """

    path: str
    refits: int


def folder(dataset_id: str) -> str:
    """Return where they are kept, those of each attempt by themselves."""
    return f"datasets/{dataset_id}/scenario_fits"


def columns_of(conditions: Mapping[str, Any]) -> str:
    """Return a digest of the columns that each kind of condition is about, 64 hex digits.

    They alone decide what a scenario has to fit; its shares and the ends of its ranges do not.
    """
    names: list[Any] = [sorted(conditions.get(kind, ())) for kind in ("numeric", "categorical")]
    others = _names({kind: conditions[kind] for kind in conditions if kind not in OF_MAPS})
    if others:
        names.append(others)
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()


def refits_of(columns: str) -> str:
    """Return the digest under which that is kept which was refitted for scenarios on columns."""
    return hashlib.sha256(f"refits {columns}".encode()).hexdigest()


def _names(conditions: Mapping[str, Any]) -> list[Any]:
    """Return the names in conditions of the other kinds, in one order."""
    found: list[Any] = []
    for kind, given in sorted(conditions.items()):
        if kind == "joint":
            found.append([kind, sorted(sorted(one["columns"]) for one in given)])
        elif kind == "groups":
            parts = [_names(group) for group in given]
            found.append([kind, sorted(parts, key=json.dumps)])
        else:
            options = [sorted(given[name]) for name in sorted(given)] if kind == SETS else []
            found.append([kind, sorted(given), options])
    return found


async def find(session: AsyncSession, dataset_id: str, columns: str) -> Kept | None:
    """Return what was fitted for scenarios on some columns, and note its use."""
    found = update(_rows).where(*_are_for(dataset_id, columns))
    found = found.values(last_used_at=clock.now(session)).returning(_rows.path, _rows.refits)
    row = (await session.execute(found)).one_or_none()
    return None if row is None else Kept(*row)


async def add(
    session: AsyncSession, dataset_id: str, columns: str, new: Kept, *, replaced: str | None
) -> None:
    """Keep what was fitted, unless another generation was first or the dataset has ended.

    The least recently used one makes room. This locks the dataset, so that the transaction comes
    either before the end of the dataset, which removes what it has added, or after.

    Args:
        session: of the dataset's tenant.
        dataset_id: of the dataset.
        columns: the digest of the conditioned columns, for refits that of `refits_of`.
        new: the object, which is announced.
        replaced: path of what was found at first, and could not be read or was too little.
    """
    try:
        dataset = await repository.get(session, dataset_id, lock=True)
        known = await session.scalar(select(_rows.path).where(*_are_for(dataset_id, columns)))
        if known is not None and known != replaced:
            return
        await objects.keep(session, new.path)
    except (errors.DatasetNotFoundError, objects.UnannouncedError):  # no reason to lose the rows
        return
    if known is not None:
        await _remove(session, _rows.path == known)
    await _make_room(session, dataset_id, are_refits=new.refits > 0)
    now = await clock.read(session)
    session.add(
        _rows(
            dataset_id=dataset_id,
            columns=columns,
            version=VERSION,
            tenant_id=dataset.tenant_id,
            path=new.path,
            refits=new.refits,
            created_at=now,
            last_used_at=now,
        )
    )


async def forget(session: AsyncSession, dataset_id: str) -> None:
    """Remove the rows of a dataset that ends; its objects are doomed with all that it owns."""
    await session.execute(delete(_rows).where(_rows.dataset_id == dataset_id))


async def _make_room(session: AsyncSession, dataset_id: str, *, are_refits: bool) -> None:
    most = MAX_REFITS_KEPT if are_refits else MAX_KEPT
    is_alike = (_rows.refits > 0) == are_refits
    mine = select(_rows.path).where(_rows.dataset_id == dataset_id, is_alike)
    surplus = mine.order_by(_rows.last_used_at.desc(), _rows.path).offset(most - 1)
    await _remove(session, _rows.path.in_((await session.scalars(surplus)).all()))


async def _remove(session: AsyncSession, which: ColumnElement[bool]) -> None:
    removed = await session.scalars(delete(_rows).where(which).returning(_rows.path))
    await objects.doom_paths(session, *removed)


def _are_for(dataset_id: str, columns: str) -> tuple[ColumnElement[bool], ...]:
    return _rows.dataset_id == dataset_id, _rows.columns == columns, _rows.version == VERSION
