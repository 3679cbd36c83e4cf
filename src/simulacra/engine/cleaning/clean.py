"""Cleaning: from the raw table of a study to its schema and a matrix of numbers."""

import dataclasses
import hashlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import (
    calendar,
    choices,
    codings,
    columns,
    dropping,
    evidence,
    missing,
    names,
    overrides,
    pooling,
    restating,
    retyping,
    sets,
    several,
    sources,
    texts,
    weights,
)
from simulacra.engine.cleaning.overrides import Override
from simulacra.engine.codebook import Coding, RawStudy, Variable
from simulacra.engine.columns import boolean
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.drafts import Draft, Note
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import CleaningAction, Column, Schema
from simulacra.engine.columns.temporal_type import CalendarType
from simulacra.engine.options import Options

UNKNOWN = Variable()
SHARE_DIGITS = 6


@dataclasses.dataclass(frozen=True)
class Study:
    """A cleaned study.

    Attributes:
        schema: its columns.
        values: float64, shape (rows, columns); see `arrays.Floats`.
        weights: float64, shape (rows,): how many people each row stands for, positive, with mean 1;
            None if all stand for as many.
        codings: how its file holds columns, by their names in the schema; without those that are
            in the file as they are here.
    """

    schema: Schema
    values: Floats
    weights: Floats | None = None
    codings: Mapping[str, Coding] = dataclasses.field(default_factory=dict)


def clean(raw: RawStudy, bounds: limits.StudyBounds, options: Options | None = None) -> Study:
    """Return the study with its columns typed, pooled and described, the useless ones dropped.

    Raises:
        errors.StudyError: the study has too few rows, too few columns are left, or an option does
            not fit its columns.
    """
    options = options or Options()
    raw = several.split(sources.rename_columns(raw), options)
    table = raw.table
    cleaned = names.clean(table.column_names)
    labels = {name: variable.label for name, variable in raw.variables.items() if variable.label}
    matched = overrides.match(options, table.column_names, cleaned, several.origins(raw), labels)
    matched, told, decimal = evidence.apply(table, matched, is_typed=raw.is_typed)
    options = dataclasses.replace(options, decimal=decimal)
    weighted = _weighted(raw, matched)
    if weighted is not None:
        raw, table = weighted.raw, weighted.raw.table
    if table.num_rows < bounds.min_rows:
        raise errors.StudyError(
            f"The table has {table.num_rows} rows{'' if weighted is None else ' with a weight'}; "
            f"at least {bounds.min_rows} rows are needed. {raw.origin}".rstrip()
        )
    remaining: list[tuple[Column, Draft]] = []
    split_off = {option for one in raw.answer_lists for option in one.columns}
    actions = [*raw.actions, *told, *(() if weighted is None else weighted.actions)]
    seen: dict[bytes, str] = {}
    for source_name, name, override in zip(table.column_names, cleaned, matched, strict=True):
        if override.is_weight:
            continue
        variable = raw.variables.get(source_name, UNKNOWN)
        source = _Source(source_name, name, variable, override, source_name in split_off)
        values = None if weighted is None else weighted.values
        column = _clean_column(source, table[source_name], values, actions, seen)
        if column is not None:
            remaining.append(column)
    if len(remaining) < bounds.min_columns:
        raise errors.StudyError(_too_few(len(remaining), actions, bounds, raw.origin))
    actions.extend(missing.noticed(remaining, options.words))
    if weighted is None:
        actions.extend(weights.noticed(remaining, options.words))
    return _study(raw, remaining, actions, weighted, options)


def _weighted(raw: RawStudy, matched: list[Override]) -> weights.Weighted | None:
    """Return the study with its weight, None if none of its columns is one."""
    for name, override in zip(raw.table.column_names, matched, strict=True):
        if override.is_weight:
            with override.blamed():
                return weights.take(raw, name)
    return None


def _study(
    raw: RawStudy,
    columns: list[tuple[Column, Draft]],
    actions: list[CleaningAction],
    weighted: weights.Weighted | None,
    options: Options,
) -> Study:
    values = np.column_stack([draft.values for _, draft in columns])
    described, attached, told = sets.attach(
        [column for column, _ in columns], raw, actions, options.sets, values
    )
    schema = Schema(
        columns=tuple(described),
        cleaning=(*actions, *told),
        row_count=raw.table.num_rows,
        sets=attached,
        answer_lists=sets.lists_of([column for column, _ in columns], raw),
        weight=None if weighted is None else weighted.weight,
        overrides=restating.overrides(raw, columns, attached, actions, options),
    )
    found = {
        column.name: codings.of(
            draft,
            raw.variables.get(column.source_name, UNKNOWN),
            raw.table[column.source_name],
        )
        for column, draft in columns
    }
    return Study(
        *(schema, values, None if weighted is None else weighted.values),
        codings={name: coding for name, coding in found.items() if coding is not None},
    )


@dataclasses.dataclass(frozen=True)
class _Source:
    """A column: its names, its entry in the codebook, its override; whether it was split off."""

    source_name: str
    name: str
    variable: Variable
    override: Override
    is_option: bool = False


def _clean_column(
    source: _Source,
    array: pa.ChunkedArray,
    survey_weights: Floats | None,
    actions: list[CleaningAction],
    seen: dict[bytes, str],
) -> tuple[Column, Draft] | None:
    """Return a cleaned column and its values, or None if it is dropped.

    Adds what was done to `actions`, and the content of the column to `seen`.
    """
    try:
        draft = _prepare(source, array)
        _refuse_duplicate(source, draft, seen)
    except _DroppedError as dropped:
        actions.append(CleaningAction(source.source_name, "dropped", str(dropped), len(array)))
        return None
    if source.name != source.source_name and not source.is_option:
        renamed = f"{source.source_name!r} is not a plain identifier"
        actions.append(CleaningAction(source.name, "renamed", renamed, 1))
    actions.extend(
        CleaningAction(source.name, note.action, note.reason, note.count) for note in draft.notes
    )
    draft = dataclasses.replace(draft, weights=survey_weights)
    label = names.strip_markup(source.variable.label or source.source_name) or source.name
    column = Column(
        name=source.name,
        source_name=source.source_name,
        label=label,
        type=draft.type,
        missing_share=round(draft.missing_share, SHARE_DIGITS),
        **draft.type.describe(draft),
    )
    return column, draft


class _DroppedError(Exception):
    """A column is dropped; the text is the reason."""


def _prepare(source: _Source, array: pa.ChunkedArray) -> Draft:
    if source.override.is_dropped:
        raise _DroppedError("as requested")
    draft = _draft(source, array)
    if draft is None:
        raise _DroppedError(columns.meaningless(array.type))
    reason = _refuse_useless(source, draft)
    if draft.type.is_categorical:
        draft = pooling.pool(draft)
        reason = _refuse_useless(source, draft)  # pooling may have left too little
    if reason is None:
        return draft
    return draft.with_notes(Note("kept", f"as requested, in spite of: {reason}", 1))


def _draft(source: _Source, array: pa.ChunkedArray) -> Draft | None:
    variable, column_type = source.variable, source.override.type
    as_levels = column_type in (NOMINAL, ORDINAL)
    conventions = source.override.conventions
    draft = columns.draft(array, conventions, is_labelled=variable.is_labelled, as_levels=as_levels)
    if draft is None:
        return None
    if variable.is_labelled:
        draft = dataclasses.replace(draft, label_values=variable.label_values)
        draft = choices.as_stated(draft)
    elif variable.counted is not None and not draft.type.is_categorical:
        draft = choices.as_boolean(draft, variable.counted)
    draft = missing.blank(draft, conventions)
    draft = choices.fill(texts.without_nul(draft))
    if column_type is None or isinstance(column_type, CalendarType):
        draft = calendar.as_dates(draft)
    if column_type is None:
        return draft
    with source.override.blamed():
        draft = retyping.retype(source.source_name, draft, column_type, conventions)
        if source.override.levels:
            draft = retyping.order_levels(source.source_name, draft, source.override.levels)
    return draft


def _refuse_useless(source: _Source, draft: Draft) -> str | None:
    """Return why a column would be dropped if no override kept it, None if there is no reason.

    Raises:
        _DroppedError: there is a reason, and the column is not to be kept or cannot be kept.
    """
    reason = dropping.reason(source.source_name, draft)
    if reason is None:
        return None
    if not source.override.is_kept:
        raise _DroppedError(reason)
    obstacle = dropping.obstacle(draft)
    if obstacle is not None:
        raise _DroppedError(f"{reason}; it cannot be kept as requested: {obstacle}")
    return reason


def _refuse_duplicate(source: _Source, draft: Draft, seen: dict[bytes, str]) -> None:
    form = (draft.type, draft.levels)
    if draft.type is INTEGER and np.isin(draft.values[draft.known], (0, 1)).all():
        form = (BOOLEAN, boolean.LEVELS)  # Kobo writes a question as texts and as 0 and 1
    content = hashlib.sha256(repr(form).encode() + draft.values.tobytes())
    earlier = seen.setdefault(content.digest(), source.name)
    if earlier != source.name and not source.override.is_kept:
        raise _DroppedError(f"the same as column {earlier!r}")


def _too_few(
    left: int, actions: list[CleaningAction], bounds: limits.StudyBounds, origin: str
) -> str:
    dropped = [action for action in actions if action.action == "dropped"]
    reasons = "; ".join(f"{action.column!r}: {action.reason}" for action in dropped[:5])
    return (
        f"After cleaning {left} column(s) are left; at least {bounds.min_columns} are needed. "
        f"Dropped: {reasons}. {origin}"
    ).rstrip()
