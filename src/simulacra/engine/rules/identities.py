"""Identities: whole multiples of numbers that add up to a constant, such as parts and their total.

Where the values are rounded, the identity holds up to what rounding may do.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.columns.schema import Schema
from simulacra.engine.rules import dependences
from simulacra.engine.rules.dependences import SPARE_ROWS
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, RuleStudy, States

MAX_COEFFICIENT = 12
MAX_IDENTITIES = 1_000
"""Identities from which on no more are derived."""
FAR_WIDER, AS_WIDE = 1.5, 0.75
"""How many times as wide as any other term a total is, and one that is plainly the sum of them."""
HARDLY = 0.05
"""Part of a column's width below zero that is put down to rounded bounds."""


@dataclasses.dataclass(frozen=True)
class Identity(Rule):
    """``sum(coefficients * columns) = constant``, where all of them are known.

    Attributes:
        columns: positions of the columns.
        coefficients: whole numbers, one a column.
        constant: what they add up to.
        tolerance: how far off rounding makes it.
    """

    columns: tuple[int, ...]
    coefficients: tuple[int, ...]
    constant: float
    tolerance: float
    kind = "identities"
    is_equation = True

    @property
    def positions(self) -> tuple[int, ...]:
        """The columns that add up."""
        return self.columns

    def total(self, states: Sequence[States]) -> int | None:
        """Return the term that the others add up to, None if none stands out.

        It is far wider than they are, or nearly as wide and plainly the sum of what is hardly ever
        negative.
        """
        bounds = {position: states[position].column.bounds for position in self.columns}
        factors = dict(zip(self.columns, self.coefficients, strict=True))
        widths = {
            position: abs(factor) * (bounds[position][1] - bounds[position][0])
            for position, factor in factors.items()
        }
        second, first = sorted(widths, key=lambda position: widths[position])[-2:]
        if widths[first] >= FAR_WIDER * widths[second]:
            return first
        negative = [position for position, factor in factors.items() if factor < 0]
        positive = [position for position, factor in factors.items() if factor > 0]
        alone = min(negative, positive, key=len)
        has_no_negative = all(low >= -HARDLY * (high - low) for low, high in bounds.values())
        is_sum = len(alone) == 1 < len(factors) - 1 and has_no_negative
        return alone[0] if is_sum and widths[alone[0]] >= AS_WIDE * widths[first] else None

    def narrow(self, position: int, rows: PartialRows, interval: Interval) -> None:
        """Narrow one column by the values of the others; by their bounds where not yet drawn.

        As long as one of them may still turn out to be missing, the identity says nothing.
        """
        if any(
            other not in rows and rows.column(other).missing_share > 0
            for other in self.columns
            if other != position
        ):
            return
        low = np.full(rows.count, self.constant - self.tolerance)
        high = np.full(rows.count, self.constant + self.tolerance)
        own = 1
        for other, factor in zip(self.columns, self.coefficients, strict=True):
            if other == position:
                own = factor
                continue
            values = rows.values.get(other)
            ends = rows.column(other).bounds if values is None else (values, values)
            first, last = ends if factor > 0 else ends[::-1]
            low, high = low - factor * last, high - factor * first
        low, high = (low, high) if own > 0 else (high, low)
        interval.narrow(low / own, high / own)

    def sentences(self, states: Sequence[States]) -> Iterator[str]:
        """Yield the equation; a constant other than 0 is not told."""
        terms: dict[bool, list[str]] = {True: [], False: []}
        for position, factor in zip(self.columns, self.coefficients, strict=True):
            times = "" if abs(factor) == 1 else f"{abs(factor)} "
            terms[factor > 0].append(f"{times}{states[position].column.name}")
        more, less = (" + ".join(terms[is_positive]) for is_positive in (True, False))
        if self.constant == 0 and less:
            yield f"{more} = {less}"
        elif less:
            yield f"{more} - ({less}) is constant"
        else:
            yield f"{more} is constant"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "positions": list(self.columns),
            "coefficients": list(self.coefficients),
            "constant": self.constant,
            "tolerance": self.tolerance,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], states: Sequence[States]) -> Self:  # noqa: ARG003 - it says all itself
        """Return what `to_json` wrote."""
        return cls(
            tuple(document["positions"]),
            tuple(document["coefficients"]),
            document["constant"],
            document["tolerance"],
        )


def learn(study: RuleStudy) -> list[Identity]:
    """Learn which numbers add up.

    A dependence (see `dependences`) is kept if its coefficients are whole (times at most
    `MAX_COEFFICIENT`) and it holds in every complete row.
    """
    identities: dict[tuple[int, ...], Identity] = {}
    numbers = [i for i, column in enumerate(study.schema.columns) if column.type.can_add]
    for positions, complete, factors in dependences.find(study.values, numbers):
        identity = _verified(study.schema, positions, complete, factors)
        if identity is not None:
            identities.setdefault(identity.columns, identity)
    _add_implied(study, identities)
    return list(identities.values())


def _add_implied(study: RuleStudy, identities: dict[tuple[int, ...], Identity]) -> None:
    """Add the shorter identities that follow from two others by leaving out a column, in place.

    Of ``price - discount = sale`` and ``sale - other = difference`` each may be drawn in an order
    in which only a third one decides a column from those before it.
    """
    waiting = [*identities.values()]
    while waiting and len(identities) < MAX_IDENTITIES:
        one = waiting.pop()
        for other in [*identities.values()]:
            for column in {*one.columns} & {*other.columns}:
                implied = _without(study, column, one, other)
                if implied is not None and implied.columns not in identities:
                    identities[implied.columns] = implied
                    waiting.append(implied)


def _without(study: RuleStudy, column: int, one: Identity, other: Identity) -> Identity | None:
    """Return what two identities say without a column, None if that is not shorter or not true."""
    first, second = (
        dict(zip(each.columns, each.coefficients, strict=True)) for each in (one, other)
    )
    factors = {
        position: first.get(position, 0) * second[column] - second.get(position, 0) * first[column]
        for position in {*first, *second}
    }
    used = sorted(position for position, factor in factors.items() if factor)
    if not 2 <= len(used) < max(len(first), len(second)):
        return None
    coefficients = np.array([factors[position] for position in used], dtype=np.float64)
    coefficients /= np.gcd.reduce(np.abs(coefficients.astype(np.int64)))
    columns = study.values[:, used]
    complete = columns[~np.isnan(columns).any(axis=1)]
    if len(complete) < SPARE_ROWS:
        return None
    return _verified(study.schema, np.array(used), complete, coefficients)


def _verified(
    schema: Schema, positions: Int64s, complete: Floats, factors: Floats
) -> Identity | None:
    """Return the equation in whole numbers, if there is one and every row fits it."""
    rounded = dependences.whole(factors, MAX_COEFFICIENT)
    if rounded is None:
        return None
    used = np.flatnonzero(rounded)
    rounded = rounded * np.sign(rounded[used[np.argmin(positions[used])]])
    steps = np.array([schema.columns[int(i)].step for i in positions[used]])
    sums = complete[:, used] @ rounded[used]
    constant = float(np.round((sums.min() + sums.max()) / 2 / steps.min()) * steps.min())
    off = float(np.abs(sums - constant).max())
    if off > 0.5 * float(np.abs(rounded[used]) @ steps) + steps.min() * 1e-3:
        return None
    tolerance = 0.0 if off < steps.min() * 1e-3 else off
    order = np.argsort(positions[used])
    return Identity(
        tuple(int(i) for i in positions[used][order]),
        tuple(int(i) for i in rounded[used][order]),
        constant + 0.0,  # no negative zero
        tolerance,
    )
