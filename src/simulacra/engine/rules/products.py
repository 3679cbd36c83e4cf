"""Products: a number that others give when multiplied and divided, up to rounding.

A body-mass index is a weight over a squared height, an amount a price times a quantity, a price per
head a bill over the number of guests; a weight in pounds is one in kilograms times a constant.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np

from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.rules import dependences, identities
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.rule import Rule
from simulacra.engine.rules.states import PartialRows, RuleStudy, States

MAX_EXPONENT = 3
"""No exponent is larger: volumes have a third power."""
FLOAT_ERROR = 1e-14
"""Relative error of a product of a few numbers."""
MAX_DIGITS = 17


@dataclasses.dataclass(frozen=True)
class Product(Rule):
    """``result = factor * prod(columns ** exponents)``, where all of them are known.

    Attributes:
        result: position of the column that the others give.
        columns: positions of the others.
        exponents: whole numbers, one for each of `columns`.
        factor: a positive constant, such as one between two units.
        widths: how far off rounding makes the result and each of `columns`.
    """

    result: int
    columns: tuple[int, ...]
    exponents: tuple[int, ...]
    factor: float
    widths: tuple[float, ...]
    kind = "products"
    is_equation = True

    @property
    def positions(self) -> tuple[int, ...]:
        """The result, and what it comes from."""
        return (self.result, *self.columns)

    def total(self, states: Sequence[States]) -> int:  # noqa: ARG002 - it is the same for all
        """Return the result."""
        return self.result

    def narrow(self, position: int, rows: PartialRows, interval: Interval) -> None:
        """Narrow one column by the values of the others; by their bounds where not yet drawn.

        As long as one of them may still turn out to be missing, the product says nothing.
        """
        if any(
            other not in rows and rows.column(other).missing_share > 0
            for other in self.positions
            if other != position
        ):
            return
        own, own_width = 0, 0.0
        # The factor times all powers, the result's being -1, is 1: the others give the own one.
        low, high = np.full(rows.count, self.factor), np.full(rows.count, self.factor)
        with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 says nothing: it is NaN
            for other, exponent, width in zip(
                self.positions, (-1, *self.exponents), self.widths, strict=True
            ):
                if other == position:
                    own, own_width = exponent, width
                    continue
                values = rows.values.get(other)
                ends = rows.column(other).bounds if values is None else (values, values)
                least = np.maximum(np.asarray(ends[0]) - width, 0.0) ** float(exponent)
                most = np.maximum(np.asarray(ends[1]) + width, 0.0) ** float(exponent)
                low, high = (
                    (low * least, high * most) if exponent > 0 else (low * most, high * least)
                )
            low, high = low ** (-1 / own), high ** (-1 / own)
        low, high = (low, high) if own < 0 else (high, low)
        interval.narrow(low - own_width, high + own_width)

    def sentences(self, states: Sequence[States]) -> Iterator[str]:
        """Yield the formula; a factor other than 1 is not told."""
        sides: dict[bool, list[str]] = {True: [], False: []}
        for position, exponent in zip(self.columns, self.exponents, strict=True):
            power = "" if abs(exponent) == 1 else f"^{abs(exponent)}"
            sides[exponent > 0].append(f"{states[position].column.name}{power}")
        above, below = (" * ".join(sides[is_above]) for is_above in (True, False))
        divided = f"({below})" if len(sides[False]) > 1 else below
        formula = f"{above or 1} / {divided}" if below else above
        name = states[self.result].column.name
        if self.factor == 1:
            yield f"{name} = {formula}"
        else:
            yield f"{name} is proportional to {formula}"

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "positions": list(self.positions),
            "exponents": list(self.exponents),
            "factor": self.factor,
            "widths": list(self.widths),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any], states: Sequence[States]) -> Self:  # noqa: ARG003 - it says all itself
        """Return what `to_json` wrote."""
        result, *columns = document["positions"]
        return cls(
            result,
            tuple(columns),
            tuple(document["exponents"]),
            document["factor"],
            tuple(document["widths"]),
        )


def learn(study: RuleStudy) -> list[Product]:
    """Learn which numbers others give when multiplied and divided.

    Logarithms of what multiplies add up, so a product is a dependence among them (see
    `dependences`) whose exponents are whole; it is kept if every row fits it within rounding. A
    zero has no logarithm, and so is looked at like a missing value until the product is known.

    One column may have been computed from the others as they stand, to which only its own rounding
    is due; otherwise all of them are rounded.
    """
    values = study.values
    numbers = [
        position
        for position, column in enumerate(study.schema.columns)
        if column.type.can_add and not column.type.is_temporal
        if not (values[:, position] < 0).any()
    ]
    logarithms = np.full(values.shape, np.nan)
    for position in numbers:
        column = values[:, position]
        np.log(column, out=logarithms[:, position], where=column > 0)
    products: dict[tuple[int, ...], Product] = {}
    for positions, _, factors in dependences.find(logarithms, numbers):
        exponents = dependences.whole(factors, MAX_EXPONENT)
        if exponents is None:
            continue
        used = np.flatnonzero(exponents)
        product = _verified(study, positions[used], exponents[used].astype(np.int64))
        if product is not None:
            products.setdefault(tuple(sorted(product.positions)), product)
    return list(products.values())


def _verified(study: RuleStudy, positions: Int64s, exponents: Int64s) -> Product | None:
    """Return the product with the smallest widths that every row fits, None if there is none."""
    columns = study.values[:, positions]
    positive = columns[(columns > 0).all(axis=1)]
    if len(positive) < len(positions) + dependences.SPARE_ROWS:
        return None
    steps = np.array([study.schema.columns[int(i)].step for i in positions])
    half = steps / 2 + FLOAT_ERROR * positive.max(axis=0)
    finest_first = np.argsort((half / positive).mean(axis=0))
    possible = [int(index) for index in finest_first if abs(exponents[index]) == 1]
    if not possible:
        return None
    # The tightest statement comes first: that nothing was rounded, only the finest column, or all.
    # What multiplies exactly lies on the grid of the product, but seldom what divides.
    multiplied = min(possible, key=lambda index: int((exponents * exponents[index] > 0).sum()))
    attempts = [(multiplied, np.zeros(len(half)))]
    if (exponents * exponents[multiplied] > 0).all():  # such as ranks, which a sum describes
        attempts = []
    attempts += [(index, half * (np.arange(len(half)) == index)) for index in possible]
    attempts.append((possible[-1], half))
    # A row must have little room, or that it fits is no evidence: ratings 1 to 5 fit many products.
    room = np.log(positive).std(axis=0) * dependences.ROUNDED * np.sqrt(3)
    for result, widths in attempts:
        if (widths / positive).mean(axis=0).sum() > room[result]:
            continue
        product = _fitted(positions, exponents, positive, result, widths)
        if product is not None and _fits(study, product):
            return product
    return None


def _fitted(
    positions: Int64s, exponents: Int64s, positive: Floats, result: int, widths: Floats
) -> Product | None:
    """Return the product with the simplest factor that rounding allows, None if it allows none."""
    powers = -exponents * exponents[result]  # the result's becomes -1
    low, high = np.maximum(positive - widths, 0.0), positive + widths
    with np.errstate(divide="ignore", over="ignore"):
        least = np.where(powers > 0, high, low)
        most = np.where(powers > 0, low, high)
        lowest = float(np.prod(least ** (-powers).astype(np.float64), axis=1).max())
        highest = float(np.prod(most ** (-powers).astype(np.float64), axis=1).min())
    # Multiplying rounds too, which an exact product must be allowed.
    lowest, highest = lowest * (1 - FLOAT_ERROR), highest * (1 + FLOAT_ERROR)
    if not 0 < lowest <= highest < np.inf:
        return None
    factor = _simplest(lowest, highest)
    if len(positions) == 2 and _is_identity(factor):
        return None
    others = [index for index in range(len(positions)) if index != result]
    return Product(
        int(positions[result]),
        tuple(int(positions[index]) for index in others),
        tuple(int(powers[index]) for index in others),
        factor,
        (float(widths[result]), *(float(widths[index]) for index in others)),
    )


def _simplest(low: float, high: float) -> float:
    """Return the number of the fewest digits from `low` to `high`."""
    middle = (low + high) / 2
    rounded = (float(f"{middle:.{digits}g}") for digits in range(1, MAX_DIGITS + 1))
    return next((number for number in rounded if low <= number <= high), middle)


def _is_identity(factor: float) -> bool:
    """Tell whether two columns in this proportion are an identity, and learned as such."""
    multiples = factor * np.arange(1, identities.MAX_COEFFICIENT + 1)
    is_whole = np.isclose(multiples, np.round(multiples), rtol=FLOAT_ERROR, atol=0)
    return bool((is_whole & (np.round(multiples) <= identities.MAX_COEFFICIENT)).any())


def _fits(study: RuleStudy, product: Product) -> bool:
    """Tell whether no row of the study breaks a product, those with zeros included."""
    others = {position: study.values[:, position] for position in product.columns}
    rows = PartialRows(others, study.states, len(study.values))
    interval = Interval.unbounded(len(study.values))
    product.narrow(product.result, rows, interval)
    column = study.schema.columns[product.result]
    return not interval.excludes(column, study.values[:, product.result]).any()
