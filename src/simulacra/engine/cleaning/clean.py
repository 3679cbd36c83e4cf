"""The walk from a raw table to a schema and its matrix."""

import dataclasses
import hashlib

import numpy as np
import pyarrow as pa

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import describing, drafts, dropping, names, pooling
from simulacra.engine.schema import CleaningAction, Column, Schema


@dataclasses.dataclass(frozen=True)
class Study:
    """A cleaned study.

    Attributes:
        schema: its columns.
        values: float64, rows x columns; a category is the position of its level, a date days and a
            time microseconds since 1970, a missing value NaN.
    """

    schema: Schema
    values: drafts.Values


def clean(table: pa.Table, bounds: limits.Limits) -> Study:
    """Type, drop, pool and describe the columns of a table.

    Raises:
        errors.UploadError: too few rows, or too few columns are left.
    """
    if table.num_rows < bounds.min_rows:
        raise errors.UploadError(
            f"The table has {table.num_rows} rows; at least {bounds.min_rows} rows are needed."
        )
    columns: list[tuple[Column, drafts.Values]] = []
    actions: list[CleaningAction] = []
    seen: dict[bytes, str] = {}
    cleaned = names.clean(table.column_names)
    for source_name, name, array in zip(table.column_names, cleaned, table.columns, strict=True):
        kept = _clean_column(source_name, name, array, actions, seen)
        if kept is not None:
            columns.append(kept)
    if len(columns) < bounds.min_columns:
        raise errors.UploadError(_too_few(len(columns), actions, bounds))
    values = np.column_stack([values for _, values in columns])
    schema = Schema(tuple(column for column, _ in columns), tuple(actions), table.num_rows)
    return Study(schema, values)


def _clean_column(
    source_name: str,
    name: str,
    array: pa.ChunkedArray,
    actions: list[CleaningAction],
    seen: dict[bytes, str],
) -> tuple[Column, drafts.Values] | None:
    """Return one cleaned column, or None if it is dropped; note what was done in `actions`."""
    try:
        draft, pooled = _prepare(source_name, name, array)
        _refuse_twin(name, draft, seen)
    except _DroppedError as dropped:
        actions.append(CleaningAction(source_name, "dropped", str(dropped), len(array)))
        return None
    if name != source_name:
        renamed = f"{source_name!r} is not a plain identifier"
        actions.append(CleaningAction(name, "renamed", renamed, 1))
    actions.extend(pooled)
    return describing.describe(name, source_name, draft), draft.values


class _DroppedError(Exception):
    """A column has to go; the text says why."""


def _prepare(
    source_name: str, name: str, array: pa.ChunkedArray
) -> tuple[drafts.Draft, list[CleaningAction]]:
    draft = drafts.draft(array)
    if draft is None:
        raise _DroppedError(f"unsupported type {array.type}")
    _refuse_useless(source_name, draft)
    if not draft.type.is_categorical:
        return draft, []
    draft, pooled = pooling.pool(name, draft)
    _refuse_useless(source_name, draft)  # pooling may have left next to nothing
    return draft, pooled


def _refuse_useless(source_name: str, draft: drafts.Draft) -> None:
    reason = dropping.reason(source_name, draft)
    if reason is not None:
        raise _DroppedError(reason)


def _refuse_twin(name: str, draft: drafts.Draft, seen: dict[bytes, str]) -> None:
    content = hashlib.sha256(repr((draft.type, draft.levels)).encode() + draft.values.tobytes())
    earlier = seen.setdefault(content.digest(), name)
    if earlier != name:
        raise _DroppedError(f"the same as column {earlier!r}")


def _too_few(left: int, actions: list[CleaningAction], bounds: limits.Limits) -> str:
    dropped = [action for action in actions if action.action == "dropped"]
    reasons = "; ".join(f"{action.column!r}: {action.reason}" for action in dropped[:5])
    return (
        f"After cleaning {left} column(s) are left; at least {bounds.min_columns} are needed. "
        f"Dropped: {reasons}."
    )
