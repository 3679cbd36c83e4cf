"""What all kinds of conditions check: names, shares and bounds, and where faults are noted."""

import dataclasses
import functools
import json
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeGuard

from simulacra.engine import errors
from simulacra.engine.columns import searching
from simulacra.engine.columns.schema import CleaningAction, Column, Schema
from simulacra.engine.scenario.terms import Group
from simulacra.engine.words import LIBRARY, Words

SUM_TOLERANCE = 0.001
"""By which shares that are to sum to 1 may miss it; they are normalised."""
MIN_PERCENT = 2
"""A share from here on is likely meant as a percentage."""
MAX_PROPOSALS = 5
"""Faults for which the nearest valid names are looked for."""


@dataclasses.dataclass(frozen=True)
class Checker:
    """Where conditions are checked, and the faults so far.

    Attributes:
        schema: of the model that is to generate the rows.
        faults: found so far; more are added.
        words: what the caller calls that by which a study gets another schema.
        place: JSON pointer of what is checked, below ``conditions``.
        among: the rows among which the conditions hold; None if among all.
    """

    schema: Schema
    faults: list[errors.FieldError]
    words: Words = LIBRARY
    place: str = ""
    among: Group | None = None

    def at(self, *parts: object) -> Self:
        """Return the checker of a member of what is checked."""
        return dataclasses.replace(self, place=self.place + errors.pointer(*parts))

    def fault(self, detail: str, code: str = "invalid_field") -> None:
        """Note a fault of what is checked."""
        self.faults.append(errors.FieldError(self.place, detail, code))

    def column(self, name: object) -> Column | None:
        """Return a column by name; None, and a fault, if there is none."""
        if isinstance(name, str) and name in self.schema:
            return self.schema[name]
        hint = self._fate(name) or self._proposed(name, searching.near_columns)
        hint = hint or _listed(self.schema.names, "columns")
        self.fault(f"The schema has no column {name!r}. {hint}", "unknown_condition_column")
        return None

    def mapping(self, value: object, text: str) -> Mapping[Any, Any] | None:
        """Return an object with members; None, and a fault, if it is something else or empty."""
        if isinstance(value, Mapping) and value:
            return value
        self.fault(text)
        return None

    def items(self, value: object, text: str) -> Sequence[Any] | None:
        """Return a list with items; None, and a fault, if it is something else or empty."""
        if isinstance(value, Sequence) and not isinstance(value, str | bytes) and value:
            return value
        self.fault(text)
        return None

    def share(self, where: str, share: object) -> float | None:
        """Return a share, a fraction of 1; None, and a fault, if it is none."""
        if not is_number(share):
            self.fault(f"{where}: the share must be a finite number from 0 to 1.")
        elif share > 1:
            right = f"{share / 100:g}" if MIN_PERCENT <= share <= 100 else "at most 1"
            self.fault(f"{where}: shares are fractions: {right}, not {share:g}.")
        elif share < 0:
            self.fault(f"{where}: the share is {share:g}; shares are 0 or more.")
        else:
            return float(share)
        return None

    def total(
        self, what: str, shares: Sequence[float], *, is_whole: bool
    ) -> tuple[float, ...] | None:
        """Return shares that sum to at most 1, or to exactly 1; None, and a fault, if they do not.

        Args:
            what: whose shares they are, for people.
            shares: each 0 to 1.
            is_whole: nothing is left to share a remainder.
        """
        total = math.fsum(shares)
        if total > 1 + SUM_TOLERANCE or (is_whole and total < 1 - SUM_TOLERANCE):
            right = "exactly 1, since nothing is left out" if is_whole else "at most 1"
            self.fault(
                f"The shares of {what} sum to {total:.6g}; they must sum to {right}. "
                f"{'Lower' if total > 1 else 'Raise'} them by {abs(total - 1):.6g} in all.",
                "condition_share_sum",
            )
            return None
        if is_whole or total > 1:
            return tuple(share / total for share in shares)
        return tuple(shares)

    def level(self, column: Column, level: object) -> int | None:
        """Return the position of a level; None, and a fault, if the column has none of the name."""
        if isinstance(level, str) and level in column.levels:
            return column.levels.index(level)
        hint = f"{self.nearest(level, column.levels, 'levels')}{self._pooled(column)}"
        self.fault(
            f"Column {column.name!r} has no level {level!r}. {hint}", "unknown_condition_level"
        )
        return None

    def end(self, where: str, column: Column, end: str, ends: Mapping[str, Any]) -> float | None:
        """Return an end of a range as a number; None, and a fault, if it is none."""
        here = self.at(end)
        if end not in ends:
            here.fault(f"{where}: {end!r} is missing; both ends are required.")
            return None
        try:
            return column.type.to_number(ends[end])
        except (TypeError, ValueError):
            here.fault(f"{where}: {end!r} must be {column.type.expected_bound(column)}.")
            return None

    def span(
        self, where: str, column: Column, ends: Mapping[str, Any]
    ) -> tuple[float, float] | None:
        """Return both ends of a range in which values may lie; None, and a fault, if none may."""
        first, last = (self.end(where, column, end, ends) for end in ("min", "max"))
        if first is None or last is None:
            return None
        low, high = ends["min"], ends["max"]
        if first > last:
            self.fault(f"{where}: 'min' is {low}, above 'max' {high}.")
            return None
        if column.min is None or column.max is None:
            self.fault(f"{where}: the column has no values.", "condition_out_of_range")
            return None
        least, greatest = column.bounds
        if last < least or first > greatest:
            known = f"the schema's range is {column.min} to {column.max}"
            detail = f"{where}: nothing lies in {low} to {high}; {known}."
            self.fault(detail, "condition_out_of_range")
            return None
        if not column.type.can_lie_between(first, last):
            detail = f"{where}: no whole number lies in {low} to {high}."
            self.fault(detail, "condition_out_of_range")
            return None
        return first, last

    def nearest(self, name: object, known: Sequence[str], kind: str) -> str:
        """Return which of some texts a name may have meant, or the first of them."""
        near = functools.partial(searching.near_texts, known)
        return self._proposed(name, lambda _, text: near(text)) or _listed(known, kind)

    def nearest_set(self, name: object) -> str:
        """Return which multiple-response set a name may have meant, or the first of them."""
        known = [one.name for one in self.schema.sets]
        if not known:
            return "It has none."
        return self._proposed(name, searching.near_sets) or _listed(known, "sets")

    def _proposed(
        self, name: object, near: Callable[[Schema, str], Sequence[searching.Near]]
    ) -> str:
        """Return what a name may have meant; looked for only while few faults have been found."""
        if len(self.faults) >= MAX_PROPOSALS:
            return ""
        return searching.meant(near(self.schema, str(name)))

    def _fate(self, name: object) -> str | None:
        """Return what cleaning did with a column of the file that is not in the schema."""
        for action in self.schema.cleaning:
            if action.column == name and action.action == "dropped":
                return (
                    f"Cleaning dropped it: {action.reason}. If it varies and matters, "
                    f"{self.words.again} with {self.words.keep}="
                    f"{json.dumps([name], ensure_ascii=False)}."
                )
            if action.column == name and action.action == "weighted":
                return "It is the weight of the study, which is not modelled."
        for one in self.schema.answer_lists:
            if name in (one.column, one.name):
                return (
                    "Its cells hold several answers, so it has become the columns "
                    f"{', '.join(map(repr, one.columns[:3]))}, ...; 'multiple_response' takes "
                    "shares of the options of such a question."
                )
        for column in self.schema.columns:
            if name in (column.source_name, column.label):
                return f"In the schema it is called {column.name!r}."
        for set_ in self.schema.sets:
            if name in (set_.name, set_.label):
                return (
                    f"It is the multiple-response set {set_.name!r}: 'multiple_response' takes "
                    "shares of its options."
                )
        return None

    def _pooled(self, column: Column) -> str:
        """Return what cleaning did with levels, which the schema does not name."""
        for action in self.schema.cleaning:
            if action.column == column.name and action.action in {"pooled", "blanked"}:
                return f" {_left_out(action)}"
        return ""


def _listed(known: Sequence[str], kind: str) -> str:
    listed = ", ".join(map(repr, known[:8])) + (", ..." if len(known) > 8 else "")
    return f"Its {kind} are {listed}."


def _left_out(action: CleaningAction) -> str:
    pool = "give the share of the pool, or " if action.action == "pooled" else ""
    return (
        f"Cleaning left some levels out: {action.reason}. If yours is one of them, {pool}merge "
        "levels before you upload."
    )


def remainder(shares: Sequence[float], *, has_rest: bool) -> tuple[float, ...]:
    """Return named shares, and behind them what they leave if there is anything to share it."""
    return (*shares, max(0.0, 1 - sum(shares))) if has_rest else tuple(shares)


def is_number(value: object) -> TypeGuard[float]:
    """Tell whether a value is a finite number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return False
    try:
        return math.isfinite(float(value))
    except OverflowError:  # an integer beyond any float
        return False
