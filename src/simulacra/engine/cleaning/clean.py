"""The walk from a raw table to a schema and its matrix."""

import dataclasses
import hashlib

import numpy as np
import pyarrow as pa

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import (
    choices,
    columns,
    dropping,
    names,
    overrides,
    pooling,
    retyping,
    sets,
    sources,
    texts,
)
from simulacra.engine.cleaning.overrides import Override
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.drafts import Draft, Note
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import CleaningAction, Column, Schema
from simulacra.engine.options import Options

UNKNOWN = Variable()
SHARE_DIGITS = 6


@dataclasses.dataclass(frozen=True)
class Study:
    """A cleaned study.

    Attributes:
        schema: its columns.
        values: float64, rows x columns; a category is the position of its level, a date days and a
            time microseconds since 1970, a missing value NaN.
    """

    schema: Schema
    values: Floats


def clean(raw: RawStudy, bounds: limits.StudyBounds, options: Options | None = None) -> Study:
    """Type, drop, pool and describe the columns of a table.

    Raises:
        errors.StudyError: too few rows, too few columns are left, or options that do not fit.
    """
    raw = sources.settle(raw)
    table = raw.table
    cleaned = names.clean(table.column_names)
    asked = overrides.match(options or Options(), table.column_names, cleaned)
    if table.num_rows < bounds.min_rows:
        raise errors.StudyError(
            f"The table has {table.num_rows} rows; at least {bounds.min_rows} rows are needed."
        )
    kept: list[tuple[Column, Floats]] = []
    actions = [*raw.actions]
    seen: dict[bytes, str] = {}
    for source_name, name, override in zip(table.column_names, cleaned, asked, strict=True):
        source = _Source(source_name, name, raw.variables.get(source_name, UNKNOWN), override)
        made = _clean_column(source, table[source_name], actions, seen)
        if made is not None:
            kept.append(made)
    if len(kept) < bounds.min_columns:
        raise errors.StudyError(_too_few(len(kept), actions, bounds))
    return _study(raw, kept, actions)


def _study(
    raw: RawStudy, kept: list[tuple[Column, Floats]], actions: list[CleaningAction]
) -> Study:
    described, found, noted = sets.attach([column for column, _ in kept], raw, actions)
    values = np.column_stack([values for _, values in kept])
    rows = raw.table.num_rows
    return Study(Schema(tuple(described), (*actions, *noted), rows, found), values)


@dataclasses.dataclass(frozen=True)
class _Source:
    """A column as it comes: what it is called, what is known of it, what is asked of it."""

    source_name: str
    name: str
    variable: Variable
    override: Override


def _clean_column(
    source: _Source,
    array: pa.ChunkedArray,
    actions: list[CleaningAction],
    seen: dict[bytes, str],
) -> tuple[Column, Floats] | None:
    """Return one cleaned column, or None if it is dropped; note what was done in `actions`."""
    try:
        draft = _prepare(source, array)
        _refuse_twin(source, draft, seen)
    except _DroppedError as dropped:
        actions.append(CleaningAction(source.source_name, "dropped", str(dropped), len(array)))
        return None
    if source.name != source.source_name:
        renamed = f"{source.source_name!r} is not a plain identifier"
        actions.append(CleaningAction(source.name, "renamed", renamed, 1))
    actions.extend(
        CleaningAction(source.name, note.action, note.reason, note.count) for note in draft.notes
    )
    label = names.plain(source.variable.label or source.source_name) or source.name
    column = Column(
        name=source.name,
        source_name=source.source_name,
        label=label,
        type=draft.type,
        missing_share=round(1 - float(draft.known.mean()), SHARE_DIGITS),
        **draft.type.describe(draft),
    )
    return column, draft.values


class _DroppedError(Exception):
    """A column has to go; the text says why."""


def _prepare(source: _Source, array: pa.ChunkedArray) -> Draft:
    if source.override.is_dropped:
        raise _DroppedError("as asked for")
    draft = _draft(source, array)
    if draft is None:
        raise _DroppedError(f"unsupported type {array.type}")
    reason = _refuse_useless(source, draft)
    if draft.type.is_categorical:
        draft = pooling.pool(draft)
        reason = _refuse_useless(source, draft)  # pooling may have left next to nothing
    if reason is None:
        return draft
    return draft.with_notes(Note("kept", f"as asked for, in spite of: {reason}", 1))


def _draft(source: _Source, array: pa.ChunkedArray) -> Draft | None:
    variable, wanted = source.variable, source.override.type
    as_levels = wanted in (NOMINAL, ORDINAL)
    draft = columns.draft(array, is_labelled=variable.is_labelled, as_levels=as_levels)
    if draft is None:
        return None
    if variable.is_labelled:
        draft = dataclasses.replace(draft, label_values=variable.label_values)
    elif variable.counted is not None and not draft.type.is_categorical:
        draft = choices.as_boolean(draft, variable.counted)
    draft = choices.fill(texts.without_nul(draft))
    if wanted is not None:
        draft = retyping.retype(source.source_name, draft, wanted)
    if source.override.levels:
        draft = retyping.ordered(source.source_name, draft, source.override.levels)
    return draft


def _refuse_useless(source: _Source, draft: Draft) -> str | None:
    """Return why a column ought to go that is kept as asked for, None if there is no reason."""
    reason = dropping.reason(source.source_name, draft)
    if reason is None:
        return None
    if not source.override.is_kept:
        raise _DroppedError(reason)
    obstacle = dropping.obstacle(draft)
    if obstacle is not None:
        raise _DroppedError(f"{reason}; it cannot be kept as asked for: {obstacle}")
    return reason


def _refuse_twin(source: _Source, draft: Draft, seen: dict[bytes, str]) -> None:
    content = hashlib.sha256(repr((draft.type, draft.levels)).encode() + draft.values.tobytes())
    earlier = seen.setdefault(content.digest(), source.name)
    if earlier != source.name and not source.override.is_kept:
        raise _DroppedError(f"the same as column {earlier!r}")


def _too_few(left: int, actions: list[CleaningAction], bounds: limits.StudyBounds) -> str:
    dropped = [action for action in actions if action.action == "dropped"]
    reasons = "; ".join(f"{action.column!r}: {action.reason}" for action in dropped[:5])
    return (
        f"After cleaning {left} column(s) are left; at least {bounds.min_columns} are needed. "
        f"Dropped: {reasons}."
    )
