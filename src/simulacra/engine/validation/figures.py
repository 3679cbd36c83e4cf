"""The figures in which predictions are compared with respondents: shares of levels, and means."""

import dataclasses
from collections.abc import Collection
from typing import Self

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats, Int64s
from simulacra.engine.columns.schema import Schema

MEAN = "mean"
MIN_ANSWERS = 10
"""Answers that a segment must have to a question; fewer say nothing of the others."""


@dataclasses.dataclass(frozen=True)
class Figures:
    """Shares of levels and means of numbers, one after the other.

    Attributes:
        schema: of the study.
        columns: int64, shape (figures,): the position of each figure's column.
        levels: int64, shape (figures,): the position of the level, -1 for a mean.
    """

    schema: Schema
    columns: Int64s
    levels: Int64s

    @classmethod
    def of(cls, schema: Schema, without: Collection[str] = ()) -> Self:
        """Return the figures of all columns, without some of them."""
        pairs = [
            (position, level)
            for position, column in enumerate(schema.columns)
            if column.name not in without
            for level in (range(len(column.levels)) if column.type.is_categorical else (-1,))
        ]
        table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return cls(schema, table[:, 0], table[:, 1])

    def take(self, kept: Flags) -> "Figures":
        """Return some of the figures."""
        return Figures(self.schema, self.columns[kept], self.levels[kept])

    @property
    def are_shares(self) -> Flags:
        """Which figures are shares, bool, shape (figures,)."""
        return self.levels >= 0

    def name(self, index: int) -> tuple[str, str]:
        """Return the names of a figure's column and level; of a mean, the column and ``mean``."""
        column = self.schema.columns[self.columns[index]]
        level = int(self.levels[index])
        return column.name, column.levels[level] if level >= 0 else MEAN

    def estimate(self, values: Floats, weights: Floats | None) -> "Estimate":
        """Return the figures of some rows.

        Args:
            values: float64, shape (rows, columns).
            weights: float64, shape (rows,): how much each row counts; None if all alike.
        """
        size = len(self.columns)
        counts = np.ones(len(values)) if weights is None else weights
        means, spreads, variances = np.full((3, size), np.nan)
        answers = np.zeros(size, dtype=np.int64)
        for index, (position, level) in enumerate(zip(self.columns, self.levels, strict=True)):
            known = ~np.isnan(values[:, position])
            answers[index] = number = int(known.sum())
            if not number:
                continue
            held, weight = values[known, position], counts[known]
            if level >= 0:
                held = (held == level).astype(np.float64)
            means[index] = np.average(held, weights=weight)
            squares = (held - means[index]) ** 2
            spreads[index] = np.average(squares, weights=weight)
            if number > 1:
                variance = (weight**2 * squares).sum() / weight.sum() ** 2 * number / (number - 1)
                variances[index] = variance * len(values)
        return Estimate(means, spreads, variances, answers)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """Figures of some rows; those of nobody are NaN.

    Attributes:
        means: float64, shape (figures,): shares, and means, among the rows with an answer.
        spreads: float64, shape (figures,): the variance of one answer.
        variances: float64, shape (figures,): the variance of the mean, times the number of rows: by
            linearisation (Woodruff 1971), so that unequal weights and missing answers count.
        answers: int64, shape (figures,): how many rows have an answer.
    """

    means: Floats
    spreads: Floats
    variances: Floats
    answers: Int64s
