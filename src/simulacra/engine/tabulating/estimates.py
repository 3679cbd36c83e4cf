"""Estimates: shares and means of a group with what their precision depends on."""

import dataclasses
from collections.abc import Sequence
from typing import Self

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.tabulating.sample import Group, Sample, Weighting
from simulacra.engine.tabulating.variables import RowVariable


@dataclasses.dataclass(frozen=True)
class Share:
    """A share, 0 to 1, on its effective base."""

    value: float
    base: float


@dataclasses.dataclass(frozen=True)
class Mean:
    """A mean on its effective base; `variance` is that of single values, corrected for the base."""

    value: float
    base: float
    variance: float


Estimate = Share | Mean


@dataclasses.dataclass(frozen=True)
class Base:
    """The rows that a figure is about, all with a value.

    Attributes:
        inside: bool, shape (rows,): which rows of the sample.
        weights: float64, shape (rows inside,): how much each counts.
        effective: the effective base.
    """

    inside: Flags
    weights: Floats
    effective: float

    @classmethod
    def of(cls, sample: Sample, counting: Weighting, group: Group) -> Self:
        """Return the base that a group is."""
        inside = group(sample.rows)
        return cls(inside, counting.weights[inside], counting.effective(group))

    def emptied(self) -> Self:
        """Return the base of nobody, in the place of one that is left out."""
        nobody = np.zeros_like(self.inside)
        return dataclasses.replace(self, inside=nobody, weights=self.weights[:0], effective=0.0)

    @property
    def count(self) -> int:
        """How many rows, unweighted."""
        return len(self.weights)

    def share(self, has: Flags) -> Share:
        """Return the share of the base that has something, told for all rows of the sample."""
        total = float(self.weights.sum())
        own = float(self.weights[has[self.inside]].sum())
        return Share(own / total if total > 0 else np.nan, self.effective)

    def mean(self, values: Floats) -> Mean:
        """Return the mean of values, float64, that all rows of the sample have or miss."""
        if not self.weights.sum() > 0:
            return Mean(np.nan, self.effective, np.nan)
        own = values[self.inside]
        middle = float(np.average(own, weights=self.weights))
        variance = float(np.average((own - middle) ** 2, weights=self.weights))
        corrected = variance * self.effective / max(self.effective - 1, 1.0)
        return Mean(middle, self.effective, corrected)


def of(
    sample: Sample, bases: Sequence[Base], variable: RowVariable
) -> list[tuple[str | None, list[Estimate]]]:
    """Return each level or option, or None for a mean, with its figure on each base."""
    if variable.position >= 0:
        values = sample.rows[variable.position]
        return [(None, [base.mean(values) for base in bases])]
    found: list[tuple[str | None, list[Estimate]]] = []
    for option, group in variable.options:
        has = group(sample.rows)
        found.append((option, [base.share(has) for base in bases]))
    return found
