"""Intervals: from the statistics of replicates and respondents to margins of error.

An interval lies around the composite estimate (`composite`), and is stretched to the figure of the
rows where that lies outside. Shares are looked at on the scale of the arcsine of their root, on
which their variance hardly depends on how large they are (Fisher 1922), so that no interval leaves
0 to 1. The ends of a quartile are where the ends of the distribution function reach it (Woodruff
1952), so they are values that the column has. Those of its change are put together from both its
intervals (MOVER, Zou & Donner 2008), since a change of quartiles has no standard error either.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.margins import composite, profile, replicates, respondents
from simulacra.engine.margins.composite import Composite, Replicated
from simulacra.engine.margins.figures import QUARTILES, Figure
from simulacra.engine.margins.replicates import Halves
from simulacra.engine.margins.respondents import Direct, Respondents
from simulacra.engine.margins.statistics import Statistics, quantile

LEVEL = 0.95
NORMAL = float(norm.ppf((1 + LEVEL) / 2))
"""Standard errors on either side of an interval of the study's own figures."""
LEAST = 0.5
"""Standard deviation of a share on its scale, times the root of the respondents: of any share."""


@dataclasses.dataclass(frozen=True)
class Intervals:
    """Figures with their intervals; all float64, shape (figures,).

    Attributes:
        figure: of the study, of the scenario's rows, or the change from one to the other.
        low, high: the ends.
    """

    figure: Floats
    low: Floats
    high: Floats


@dataclasses.dataclass(frozen=True)
class Estimates:
    """What is known of the figures of a scenario.

    Attributes:
        study, scenario, change: with their intervals.
        replicates: how many there were.
        kept: part of what sets the scenario's respondents apart that its rows have.
    """

    study: Intervals
    scenario: Intervals
    change: Intervals
    replicates: int
    kept: float


@dataclasses.dataclass(frozen=True)
class _Ends:
    """The composite estimate of statistics and its interval, float64, shape (statistics,)."""

    estimate: Composite
    low: Floats
    high: Floats


@dataclasses.dataclass(frozen=True)
class _Evidence:
    """What intervals are estimated from; float64, shape (statistics,).

    Attributes:
        statistics: which they are.
        study: of all respondents.
        made: of the rows.
        direct: of the respondents weighted to the scenario.
        halves: of each replicate.
        shrink: by which the variance of replicates is to be multiplied.
        own_noise: of the rows, in the noise of one half of a replicate.
    """

    statistics: Statistics
    study: Floats
    made: Floats
    direct: Direct
    halves: Sequence[Halves]
    shrink: float
    own_noise: float

    @property
    def unit(self) -> Floats:
        """Standard deviation of one respondent's value, on the scale of proportions and means."""
        return np.where(self.statistics.is_proportion, LEAST, self.direct.spread)

    def scaled(self, values: Floats) -> Floats:
        """Return statistics on the scale of proportions and means."""
        return _to_scale(values, self.statistics.is_proportion)

    def of_scenario(self, effective: float) -> _Ends:
        """Return the statistics of the scenario, on the scale of proportions and means."""
        is_proportion = self.statistics.is_proportion

        def smoothed(values: Floats) -> Floats:
            return self.scaled(np.where(is_proportion, self.direct.smoothed(values), values))

        replicated = Replicated(
            np.stack([self.scaled(each.made) for each in self.halves]),
            np.stack([smoothed(each.behind) for each in self.halves]),
        )
        has_none = is_proportion & (self.study == 0) & (self.made == 0)
        least = np.where(has_none, LEAST**2 / max(effective, 1.0), 0.0)
        direct = smoothed(self.direct.values)
        return self._ends(self.scaled(self.made), direct, replicated, self.unit, least)

    def of_change(self) -> _Ends:
        """Return the changes of the statistics from the study to the scenario, as they are."""
        replicated = Replicated(
            np.stack([each.made - each.study for each in self.halves]),
            np.stack([each.behind - each.study for each in self.halves]),
        )
        made, direct = (each - self.study for each in (self.made, self.direct.values))
        return self._ends(made, direct, replicated, self.direct.spread, np.zeros(len(made)))

    def _ends(
        self, made: Floats, direct: Floats, replicated: Replicated, unit: Floats, least: Floats
    ) -> _Ends:
        found = composite.combine(
            *(made, dataclasses.replace(self.direct, values=direct), replicated, unit),
            self.statistics.groups,
            shrink=self.shrink,
            own_noise=self.own_noise,
        )
        far = student.ppf((1 + LEVEL) / 2, found.freedom)
        width = far * np.sqrt(np.maximum(found.variance, least))
        return _Ends(found, found.values - width, found.values + width)

    def kept(self) -> float:
        """Return the part of what sets the scenario's respondents apart that its rows have."""
        before, direct, made = map(self.scaled, (self.study, self.direct.values, self.made))
        is_told = self.direct.is_heard & ~self.statistics.is_distribution
        variance = np.where(is_told, self.unit**2 * self.direct.per_variance, 0.0)
        return profile.kept(direct - before, made - before, variance)


def estimate(
    statistics: Statistics,
    study: Respondents,
    made: Mapping[int, Floats],
    halves: Sequence[Halves],
    *,
    effective: float,
) -> Estimates:
    """Return the intervals of figures.

    Args:
        statistics: of the columns that have figures.
        study: its respondents.
        made: float64, shape (rows,), by position of a column: the rows.
        halves: the statistics of each replicate that had a row of the scenario.
        effective: the effective sample size behind the rows.
    """
    layout, people = statistics.layout, (study.values, study.survey)
    evidence = _Evidence(
        statistics=statistics,
        study=statistics.values(*people),
        made=statistics.values(made),
        direct=respondents.direct(statistics, study),
        halves=halves,
        shrink=min(1.0, replicates.MAX_RESPONDENTS / len(study.survey)),
        own_noise=replicates.ROWS / len(next(iter(made.values()))),
    )
    level, moved = evidence.of_scenario(effective), evidence.of_change()
    low, high = (_from_scale(each, statistics.is_proportion) for each in (level.low, level.high))
    before = Intervals(layout.values(*people), *layout.spans(*people, NORMAL))
    after, scenario, change = layout.values(made), [], []
    for index, figure in enumerate(layout.figures):
        if figure.kind in QUARTILES:
            own = _quartile(statistics, figure, low, high, after[index])
            related = _related(evidence, figure, level.estimate)
            ends = (before.figure[index], before.low[index], before.high[index])
            scenario.append(own)
            change.append(_difference(ends, (after[index], *own), related))
        else:
            which = statistics.index(figure)
            scenario.append((low[which], high[which]))
            change.append((moved.low[which], moved.high[which]))
    return Estimates(
        before,
        _around(after, scenario),
        _around(after - before.figure, change),
        len(halves),
        evidence.kept(),
    )


def _around(figures: Floats, ends: Sequence[tuple[float, float]]) -> Intervals:
    low, high = np.array(ends, dtype=np.float64).reshape(-1, 2).T
    return Intervals(figures, np.minimum(low, figures), np.maximum(high, figures))


def _quartile(
    statistics: Statistics, figure: Figure, low: Floats, high: Floats, own: float
) -> tuple[float, float]:
    """Return the ends of a quartile: where the distribution's upper and lower ends reach it."""
    part, share = statistics.part(figure), QUARTILES[figure.kind]
    if np.isnan([own, *low[part.distribution]]).any():
        return np.nan, np.nan
    ends = (np.maximum.accumulate(each[part.distribution]) for each in (high, low))
    first, last = (quantile(part, each, share) for each in ends)
    return min(first, own), max(last, own)


def _related(evidence: _Evidence, figure: Figure, estimate: Composite) -> float:
    """Return how closely a quartile of the scenario goes with that of the study, 0 to 1.

    The correlation of the distribution functions at both quartiles over replicates, as part of all
    that the scenario's may be off by.
    """
    part, share = evidence.statistics.part(figure), QUARTILES[figure.kind]
    study, made = (
        part.start + 1 + min(int(np.searchsorted(own, share - 1e-9)), len(own) - 1)
        for own in (each[part.distribution] for each in (evidence.study, evidence.made))
    )
    before = np.array([each.study[study] for each in evidence.halves])
    after = estimate.replicates[:, made]
    off = float(before.var(ddof=1)), float(estimate.variance[made])
    if not min(off) > 0:
        return 0.0
    return float(np.clip(np.cov(before, after)[0, 1] / np.sqrt(off[0] * off[1]), 0.0, 1.0))


def _difference(
    before: tuple[float, float, float], after: tuple[float, float, float], related: float
) -> tuple[float, float]:
    """Return the ends of the difference of two figures, each given with its own ends."""

    def away(one: float, other: float) -> float:
        return float(np.sqrt(max(one**2 + other**2 - 2 * related * one * other, 0.0)))

    middle = after[0] - before[0]
    return (
        middle - away(after[0] - after[1], before[2] - before[0]),
        middle + away(after[2] - after[0], before[0] - before[1]),
    )


def _to_scale(values: Floats, is_proportion: Flags) -> Floats:
    return np.where(is_proportion, np.arcsin(np.sqrt(np.clip(values, 0, 1))), values)


def _from_scale(points: Floats, is_proportion: Flags) -> Floats:
    return np.where(is_proportion, np.sin(np.clip(points, 0, np.pi / 2)) ** 2, points)
