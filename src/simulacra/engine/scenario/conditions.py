"""Scenarios: the shares and ranges that synthetic rows are to have, checked against a schema.

A scenario's meaning is the distribution closest to the model, in Kullback-Leibler divergence, that
has these shares and lies in these ranges: the I-projection (Csiszár 1975).
"""

import dataclasses
import difflib
import json
import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

from simulacra.engine import errors
from simulacra.engine.columns.facts import Bound
from simulacra.engine.columns.schema import CleaningAction, Column, Schema
from simulacra.engine.words import LIBRARY, Words

SUM_TOLERANCE = 0.001

MAX_PROPOSALS = 5
MAX_COMPARED = 60
"""Faults for which the nearest valid names are looked for, and characters of these names: to
compare two texts takes time with the square of their length."""

Conditions = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Range:
    """Both ends of a range, in the column's own unit: numbers, or dates in ISO 8601."""

    min: Bound
    max: Bound


@dataclasses.dataclass(frozen=True)
class Scenario:
    """Checked conditions.

    Attributes:
        shares: column to level to target share. The shares of a column that names every level
            sum to 1; otherwise the levels left out share the remainder in the model's proportions.
        ranges: column to range.
    """

    shares: Mapping[str, Mapping[str, float]]
    ranges: Mapping[str, Range]

    @property
    def columns(self) -> frozenset[str]:
        """The conditioned columns."""
        return frozenset(self.shares) | frozenset(self.ranges)


def parse(
    schema: Schema,
    categorical: Conditions | None,
    numeric: Conditions | None,
    words: Words = LIBRARY,
) -> Scenario:
    """Check conditions and return the scenario.

    Args:
        schema: of the model that is to generate the rows.
        categorical: column to level to share.
        numeric: column to ``{"min": ..., "max": ...}``.
        words: what the caller calls that by which a study gets another schema.

    Raises:
        errors.ConditionError: lists every fault, with what was seen and what would be right.
    """
    faults: list[errors.FieldError] = []
    shares = {
        name: _shares(schema, column, condition, faults)
        for name, column, condition in _columns(schema, "categorical", categorical, faults, words)
    }
    ranges = {
        name: _range(column, condition, faults)
        for name, column, condition in _columns(schema, "numeric", numeric, faults, words)
    }
    if faults:
        raise errors.ConditionError(faults)
    return Scenario(shares, {name: span for name, span in ranges.items() if span is not None})


def _columns(
    schema: Schema,
    kind: str,
    conditions: Any,  # noqa: ANN401
    faults: list[errors.FieldError],
    words: Words,
) -> list[tuple[str, Column, Any]]:
    """Return the columns that exist and take this kind of condition."""
    if conditions is None:
        return []
    if not isinstance(conditions, Mapping):
        detail = f"Give {kind!r} as an object of column and condition."
        faults.append(errors.FieldError(f"/{kind}", detail, "invalid_field"))
        return []
    columns = []
    for name, condition in conditions.items():
        pointer = _pointer(kind, name)
        if name not in schema:
            hint = _fate(schema, name, words) or _nearest(name, schema.names, "columns", faults)
            detail = f"The schema has no column {name!r}. {hint}"
            faults.append(errors.FieldError(pointer, detail, "unknown_condition_column"))
        elif (column := schema[name]).type.is_categorical != (kind == "categorical"):
            faults.append(errors.FieldError(pointer, _other_kind(column, words), "invalid_field"))
        else:
            columns.append((name, column, condition))
    return columns


def _other_kind(column: Column, words: Words) -> str:
    if column.type.is_categorical:
        right = "give shares of its levels under 'categorical', not a range"
    else:
        right = (
            "give 'min' and 'max' under 'numeric', not shares. To give shares of its values, "
            f"{words.again} with {words.types}={_json({column.name: 'ordinal'})}"
        )
    return f"Column {column.name!r} is {column.type}: {right}."


def _json(override: object) -> str:
    """Return an override as it is written in a form, and in Python as well."""
    return json.dumps(override, ensure_ascii=False)


def _fate(schema: Schema, name: str, words: Words) -> str | None:
    """Return what cleaning did with a column of the file that is not in the schema."""
    for action in schema.cleaning:
        if action.column == name and action.action == "dropped":
            return (
                f"Cleaning dropped it: {action.reason}. If it varies and matters, {words.again} "
                f"with {words.keep}={_json([name])}."
            )
        if action.column == name and action.action == "weighted":
            return "It is the weight of the study, which is not modelled."
    for column in schema.columns:
        if name in {column.source_name, column.label}:
            return f"In the schema it is called {column.name!r}."
    return None


def _shares(
    schema: Schema,
    column: Column,
    condition: Any,  # noqa: ANN401
    faults: list[errors.FieldError],
) -> dict[str, float]:
    pointer = _pointer("categorical", column.name)
    if not isinstance(condition, Mapping) or not condition:
        detail = (
            f"Give column {column.name!r} an object of level and share, with at least one level."
        )
        faults.append(errors.FieldError(pointer, detail, "invalid_field"))
        return {}
    shares: dict[str, float] = {}
    before = len(faults)
    for level, share in condition.items():
        fault = _share_fault(column, level, share, faults, schema.cleaning)
        if fault:
            faults.append(errors.FieldError(f"{pointer}/{_escape(level)}", *fault))
        else:
            shares[level] = float(share)
    if len(faults) > before:
        return {}
    return _checked_sum(column, shares, pointer, faults)


def _share_fault(
    column: Column,
    level: str,
    share: Any,  # noqa: ANN401
    faults: Sequence[errors.FieldError],
    cleaning: Sequence[CleaningAction],
) -> tuple[str, str] | None:
    """Return detail and code of what is wrong with one share."""
    where = f"Level {level!r} of column {column.name!r}"
    if level not in column.levels:
        hint = _nearest(level, column.levels, "levels", faults)
        hint = f"{hint}{_pooled(cleaning, column)}"
        return f"Column {column.name!r} has no level {level!r}. {hint}", "unknown_condition_level"
    if not _is_number(share):
        return f"{where}: the share must be a finite number from 0 to 1.", "invalid_field"
    if share > 1:
        right = f"{share / 100:g}, not {share:g}" if share <= 100 else f"at most 1, not {share:g}"
        return f"{where}: shares are fractions: {right}.", "invalid_field"
    if share < 0:
        return f"{where}: the share is {share:g}; shares are 0 or more.", "invalid_field"
    return None


def _pooled(cleaning: Sequence[CleaningAction], column: Column) -> str:
    """Return what cleaning did with levels, which the schema does not name."""
    for action in cleaning:
        if action.column == column.name and action.action in {"pooled", "blanked"}:
            pool = "give the share of the pool, or " if action.action == "pooled" else ""
            return (
                f" Cleaning left some levels out: {action.reason}. If yours is one of them, "
                f"{pool}merge levels before you upload."
            )
    return ""


def _checked_sum(
    column: Column, shares: dict[str, float], pointer: str, faults: list[errors.FieldError]
) -> dict[str, float]:
    total = math.fsum(shares.values())
    is_whole = len(shares) == len(column.levels)
    if total > 1 + SUM_TOLERANCE or (is_whole and total < 1 - SUM_TOLERANCE):
        right = "exactly 1, since every level is named" if is_whole else "at most 1"
        detail = (
            f"The shares of column {column.name!r} sum to {total:.6g}; they must sum to {right}. "
            f"{'Lower' if total > 1 else 'Raise'} them by {abs(total - 1):.6g} in all."
        )
        faults.append(errors.FieldError(pointer, detail, "condition_share_sum"))
        return {}
    if is_whole or total > 1:
        return {level: share / total for level, share in shares.items()}
    return shares


def _range(column: Column, condition: Any, faults: list[errors.FieldError]) -> Range | None:  # noqa: ANN401
    pointer = _pointer("numeric", column.name)
    before = len(faults)
    ends = {}
    if not isinstance(condition, Mapping) or not set(condition) <= {"min", "max"}:
        detail = f"Give column {column.name!r} an object with 'min' and 'max', and nothing else."
        faults.append(errors.FieldError(pointer, detail, "invalid_field"))
        return None
    for end in ("min", "max"):
        fault = _end_fault(column, end, condition)
        if fault:
            faults.append(errors.FieldError(f"{pointer}/{end}", fault, "invalid_field"))
        else:
            ends[end] = condition[end]
    if len(faults) > before:
        return None
    if misfit := _range_fault(column, ends["min"], ends["max"]):
        faults.append(errors.FieldError(pointer, *misfit))
        return None
    return Range(_plain(ends["min"]), _plain(ends["max"]))


def _plain(end: Any) -> Bound:  # noqa: ANN401
    """Return a bound without the type of the library that it comes from."""
    if isinstance(end, str):
        return end
    return int(end) if isinstance(end, numbers.Integral) else float(end)


def _end_fault(column: Column, end: str, condition: Mapping[str, Any]) -> str | None:
    where = f"Range of column {column.name!r}"
    if end not in condition:
        return f"{where}: {end!r} is missing; both ends are required."
    try:
        column.type.to_number(condition[end])
    except (TypeError, ValueError):
        return f"{where}: {end!r} must be {column.type.expected_bound(column)}."
    return None


def _range_fault(column: Column, low: Bound, high: Bound) -> tuple[str, str] | None:
    first, last = column.type.to_number(low), column.type.to_number(high)
    where = f"Range of column {column.name!r}"
    if first > last:
        return f"{where}: 'min' is {low}, above 'max' {high}.", "invalid_field"
    known = f"the schema's range is {column.min} to {column.max}"
    if column.min is None or column.max is None:
        return f"{where}: the column has no values.", "condition_out_of_range"
    least, greatest = column.bounds
    if last < least or first > greatest:
        return f"{where}: nothing lies in {low} to {high}; {known}.", "condition_out_of_range"
    if not column.type.can_lie_between(first, last):
        return f"{where}: no whole number lies in {low} to {high}.", "condition_out_of_range"
    return None


def _is_number(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an integer beyond any float
        return False


def _nearest(
    name: object, known: Sequence[str], kind: str, faults: Sequence[errors.FieldError]
) -> str:
    """Return what a name may have meant; looked for only while few `faults` have been found."""
    near: list[str] = []
    if len(faults) < MAX_PROPOSALS and len(str(name)) <= MAX_COMPARED:
        short = [candidate for candidate in known if len(candidate) <= MAX_COMPARED]
        near = difflib.get_close_matches(str(name), short, n=3, cutoff=0.5)
    if near:
        return f"Did you mean {' or '.join(map(repr, near))}?"
    listed = ", ".join(map(repr, known[:8])) + (", ..." if len(known) > 8 else "")
    return f"Its {kind} are {listed}."


def _pointer(kind: str, name: object) -> str:
    return f"/{kind}/{_escape(name)}"


def _escape(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
