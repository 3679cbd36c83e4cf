"""Figures: shares of levels, means and quartiles, of respondents and of synthetic rows alike."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

SHARE, MEAN = "share", "mean"
QUARTILES = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}


class Figure(NamedTuple):
    """What a figure is of.

    Attributes:
        position: of the column.
        kind: ``share``, ``mean`` or one of `QUARTILES`.
        level: of a share, the position of the level; else -1.
    """

    position: int
    kind: str
    level: int = -1


@dataclasses.dataclass(frozen=True)
class Layout:
    """The figures of some columns, in one order.

    Attributes:
        figures: one after another, those of one column beside each other.
    """

    figures: tuple[Figure, ...]

    @classmethod
    def of(cls, schema: Schema, positions: Iterable[int]) -> "Layout":
        """Return the figures of some columns: shares of levels; mean and quartiles of numbers."""
        figures: list[Figure] = []
        for position in positions:
            column = schema.columns[position]
            if column.type.is_categorical:
                figures += [Figure(position, SHARE, level) for level in range(len(column.levels))]
            else:
                figures += [Figure(position, kind) for kind in (MEAN, *QUARTILES)]
        return cls(tuple(figures))

    def values(self, rows: Mapping[int, Floats], weights: Floats | None = None) -> Floats:
        """Return the figures of rows, among those that have a value; NaN where none has.

        Args:
            rows: float64, shape (rows,), by position of a column.
            weights: float64, shape (rows,): how much each row counts; None if all alike.

        Returns:
            float64, shape (figures,).
        """
        found: dict[int, Mapping[tuple[str, int], float]] = {}
        for position in dict.fromkeys(figure.position for figure in self.figures):
            is_known = ~np.isnan(rows[position])
            known = rows[position][is_known]
            own = np.ones(len(known)) if weights is None else weights[is_known]
            levels = [each.level for each in self.figures if each.position == position]
            found[position] = _shares(known, own, levels) if levels[0] >= 0 else _points(known, own)
        return np.array([found[each.position][each.kind, each.level] for each in self.figures])

    def spans(
        self, rows: Mapping[int, Floats], weights: Floats | None, quantile: float
    ) -> tuple[Floats, Floats]:
        """Return how far the figures of a sample may be from those of its population.

        A share lies on the scale of the arcsine of its root, where its variance is one over four
        times the effective number of respondents (Fisher 1922; Kish 1965); a mean has its standard
        error; the ends of a quantile are quantiles themselves (Woodruff 1952).

        Args:
            rows: float64, shape (rows,), by position of a column: of the sample.
            weights: float64, shape (rows,): how much each row counts; None if all alike.
            quantile: of the normal distribution, such as 1.96.

        Returns:
            The lower and the upper ends, float64, shape (figures,).
        """
        found: dict[int, tuple[Floats, Floats, float]] = {}
        for position in dict.fromkeys(figure.position for figure in self.figures):
            is_known = ~np.isnan(rows[position])
            own = np.ones(int(is_known.sum())) if weights is None else weights[is_known]
            effective = own.sum() ** 2 / (own**2).sum() if len(own) else 1.0
            found[position] = rows[position][is_known], own, float(effective)
        ends = [_span(figure, *found[figure.position], quantile) for figure in self.figures]
        low, high = np.array(ends).reshape(-1, 2).T
        return low, high


def _span(
    figure: Figure, known: Floats, weights: Floats, effective: float, quantile: float
) -> tuple[float, float]:
    if not len(known):
        return np.nan, np.nan
    if figure.kind == SHARE:
        share = float(weights[known == figure.level].sum() / weights.sum())
        middle, width = np.arcsin(np.sqrt(share)), quantile / (2 * np.sqrt(effective))
        ends = np.sin(np.clip([middle - width, middle + width], 0, np.pi / 2)) ** 2
        return float(ends[0]), float(ends[1])
    if figure.kind == MEAN:
        mean = float(np.average(known, weights=weights))
        variance = float(np.average((known - mean) ** 2, weights=weights))
        width = quantile * np.sqrt(variance / max(effective - 1, 1.0))
        return mean - width, mean + width
    share = QUARTILES[figure.kind]
    off = quantile * np.sqrt(share * (1 - share) / effective)
    low, high = _quantiles(known, weights, [max(share - off, 0.0), min(share + off, 1.0)])
    return low, high


def _shares(known: Floats, weights: Floats, levels: list[int]) -> Mapping[tuple[str, int], float]:
    counts = np.bincount(known.astype(np.int64), weights, minlength=max(levels) + 1)
    total = float(counts.sum())
    return {(SHARE, level): float(counts[level] / total) if total else np.nan for level in levels}


def _points(known: Floats, weights: Floats) -> Mapping[tuple[str, int], float]:
    if not len(known):
        return {(kind, -1): np.nan for kind in (MEAN, *QUARTILES)}
    points = _quantiles(known, weights, [*QUARTILES.values()])
    return {
        (MEAN, -1): float(np.average(known, weights=weights)),
        **{(kind, -1): point for kind, point in zip(QUARTILES, points, strict=True)},
    }


def _quantiles(known: Floats, weights: Floats, shares: Sequence[float]) -> list[float]:
    order = np.argsort(known, kind="stable")
    ordered, own = known[order], weights[order]
    reached = (np.cumsum(own) - own / 2) / own.sum()
    return [float(point) for point in np.interp(shares, reached, ordered)]
