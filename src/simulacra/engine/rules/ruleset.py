"""All rules of a study: no respondent breaks them, and no synthetic row does."""

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Self

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats, Int32s
from simulacra.engine.columns.schema import Schema
from simulacra.engine.rules import exclusions, registry
from simulacra.engine.rules.checker import Checker, ExclusionTables, interval_of
from simulacra.engine.rules.exclusions import Exclusion
from simulacra.engine.rules.forward import ForwardChecker
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, RuleStudy, States


def learn(schema: Schema, values: Floats) -> "Rules":
    """Learn the rules that a study's rows keep.

    Args:
        schema: of the study.
        values: float64, shape (rows, columns); see `cleaning.clean.Study`.
    """
    study = RuleStudy.of(schema, values)
    learned = [rule for kind in registry.KINDS for rule in kind.learn(study)]
    never_meet = exclusions.merge(rule for rule in learned if isinstance(rule, Exclusion))
    others = [rule for rule in learned if not isinstance(rule, Exclusion)]
    return Rules(study.states, (*never_meet, *others))


@dataclasses.dataclass(frozen=True)
class Rules:
    """The rules of a study, in plain words when printed or iterated over.

    They hold whatever the order in which columns are drawn: where a rule needs columns that are
    still to come it asks that their bounds leave room for it.

    Attributes:
        states: of each column.
        rules: all rules, of whatever kind.
    """

    states: tuple[States, ...]
    rules: tuple[Rule, ...]

    def __iter__(self) -> Iterator[str]:
        """Yield one sentence after the other."""
        explained = {frozenset(rule.positions) for rule in self.rules if rule.explains_exclusions}
        for rule in sorted(self.rules, key=_reading_order):
            is_exclusion = isinstance(rule, Exclusion)
            if not (is_exclusion and any(one.issuperset(rule.positions) for one in explained)):
                yield from rule.sentences(self.states)

    def __len__(self) -> int:
        """Return the number of sentences."""
        return sum(1 for _ in self)

    def __str__(self) -> str:
        """Return one sentence a line."""
        return "\n".join(self)

    def __repr__(self) -> str:
        """Return the number of rules."""
        return f"<Rules: {len(self)}>"

    @functools.cached_property
    def _by_position(self) -> dict[int, list[Rule]]:
        by_position: dict[int, list[Rule]] = defaultdict(list)
        for rule in self.rules:
            for position in rule.positions:
                by_position[position].append(rule)
        return dict(by_position)

    @functools.cached_property
    def _prepared(self) -> dict[int, tuple[ExclusionTables, list[Rule]]]:
        return {
            position: _prepare(position, rules) for position, rules in self._by_position.items()
        }

    def about(self, position: int) -> list[Rule]:
        """Return the rules that a column is part of."""
        return self._by_position.get(position, [])

    def tied(self, position: int) -> set[int]:
        """Return the other columns that some rule ties a column to."""
        return {other for rule in self.about(position) for other in rule.positions} - {position}

    def partners(self, position: int) -> list[int]:
        """Return the columns of which some state excludes a state of a column."""
        pairs = [rule.positions for rule in self.about(position) if isinstance(rule, Exclusion)]
        return [second if first == position else first for first, second in pairs]

    def settled_by(self, position: int, drawn: Collection[int]) -> list[int]:
        """Return the columns to come that a column settles together with those drawn.

        Args:
            position: of the column that is drawn next.
            drawn: positions of those before it.
        """
        there = {*drawn, position}
        settled = set[int]()
        for rule in self.about(position):
            if rule.is_equation:
                settled |= left if len(left := {*rule.positions} - there) == 1 else set()
        return sorted(settled)

    def broken_by(self, position: int, values: Floats, drawn: Mapping[int, Floats]) -> Flags:
        """Return which rows' values break a rule together with the columns drawn so far.

        Args:
            position: of the column.
            values: float64, shape (rows,): its new values.
            drawn: float64, shape (rows,), by position of a column that has been drawn.

        Returns:
            bool, shape (rows,).
        """
        return self.checker(position, drawn).broken(values)

    def checker(
        self,
        position: int,
        drawn: Mapping[int, Floats],
        coded: Mapping[int, Int32s] | None = None,
    ) -> Checker:
        """Return what checks values of a column against the columns drawn so far.

        Args:
            position: of the column.
            drawn: float64, shape (rows,), by position of a column that has been drawn.
            coded: int32, shape (rows,), by position: their states, where they are known already.
        """
        return Checker(position, *self.prepared(position), self.states, drawn, coded or {})

    def forward_checker(
        self, position: int, drawn: Mapping[int, Floats], coded: Mapping[int, Int32s]
    ) -> Checker:
        """Return what checks values of a column also for what they leave to later columns.

        Args:
            position: of the column.
            drawn: float64, shape (rows,), by position of a column that has been drawn.
            coded: int32, shape (rows,), by position: their states, where they are known already.
        """
        return ForwardChecker(self, position, drawn, coded)

    def prepared(self, position: int) -> tuple[ExclusionTables, list[Rule]]:
        """Return the rules about a column as checking takes them."""
        return self._prepared.get(position) or _prepare(position, ())

    def broken_rows(self, drawn: Mapping[int, Floats]) -> Flags:
        """Return which rows break a rule, bool, shape (rows,), all columns being drawn."""
        coded = {
            position: self.states[position].of(values)
            for position, values in drawn.items()
            if self.about(position)
        }
        broken = np.zeros(len(next(iter(drawn.values()))), dtype=np.bool_)
        for position, values in drawn.items():
            # What may not meet is looked for from one side, since the other one sees the same.
            rules = [
                rule
                for rule in self.about(position)
                if not isinstance(rule, Exclusion) or rule.positions[0] == position
            ]
            if rules:
                prepared = _prepare(position, rules)
                checker = Checker(position, *prepared, self.states, drawn, coded)
                broken |= checker.broken(values)
        return broken

    def forbidden(self, position: int, rows: PartialRows) -> Flags:
        """Return the states that a column must not be in, bool, shape (rows, states)."""
        forbidden = np.zeros((rows.count, self.states[position].size), dtype=np.bool_)
        for rule in self.about(position):
            more = rule.forbid(position, rows)
            if more is not None:
                forbidden |= more
        return forbidden

    def interval(self, position: int, rows: PartialRows) -> Interval | None:
        """Return the bounds on a numeric column's known values; None for a categorical one."""
        return interval_of(position, self.about(position), rows)

    def to_json(self) -> dict[str, Any]:
        """Return the rules as plain JSON."""
        points = {
            str(position): known.points.tolist()
            for position, known in enumerate(self.states)
            if len(known.points)
        }
        by_kind = {
            kind.kind: [rule.to_json() for rule in self.rules if isinstance(rule, kind)]
            for kind in registry.CLASSES
        }
        return {"points": points, **by_kind}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], schema: Schema) -> Self:
        """Return the rules that `to_json` wrote, of the same schema.

        Raises:
            LookupError, TypeError, ValueError: the document is damaged.
        """
        states = tuple(
            States(column, np.asarray(document["points"].get(str(position), ()), np.float64))
            for position, column in enumerate(schema.columns)
        )
        rules = [
            kind.from_json(rule, states)
            for kind in registry.CLASSES
            for rule in document.get(kind.kind, ())  # a kind may be newer than the model
        ]
        return cls(states, tuple(rules))


def _prepare(position: int, rules: Iterable[Rule]) -> tuple[ExclusionTables, list[Rule]]:
    """Part the rules about a column as checking takes them."""
    others = [rule for rule in rules if not isinstance(rule, Exclusion)]
    return ExclusionTables.of(position, rules), others


def _reading_order(rule: Rule) -> tuple[int, tuple[int, ...]]:
    """Exclusions come first, in the order of their columns; others as they were learned."""
    return (0, rule.positions) if isinstance(rule, Exclusion) else (1, ())
