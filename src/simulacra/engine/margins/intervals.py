"""Intervals: from the figures of replicates to margins of error.

Shares are looked at on the scale of the arcsine of their root, on which their variance hardly
depends on how large they are (Fisher 1922), so that no interval leaves 0 to 1.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.stats import t as student

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.margins import profile
from simulacra.engine.margins.profile import Profile
from simulacra.engine.margins.replicates import Halves

LEVEL = 0.95
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


def estimate(  # noqa: PLR0913 - all that intervals hang on
    study: Floats,
    made: Floats,
    halves: Sequence[Halves],
    is_share: Flags,
    span_of_study: tuple[Floats, Floats],
    weighted: Profile | None,
    *,
    rows: int,
    rows_of_half: int,
    shrink: float,
    effective: float,
) -> Estimates:
    """Return the intervals of figures.

    Args:
        study: float64, shape (figures,): of the study.
        made: likewise: of the rows that were made.
        halves: the figures of each replicate.
        is_share: bool, shape (figures,).
        span_of_study: the ends of the intervals of the study's own figures.
        weighted: the figures of the respondents, weighted to the scenario; None if no respondent
            has any weight.
        rows: that were made.
        rows_of_half: that each half of a replicate made.
        shrink: by which the variance of replicates is to be multiplied, as they have fewer
            respondents than the study.
        effective: the effective sample size behind the rows.
    """
    quantile = float(student.ppf((1 + LEVEL) / 2, len(halves) - 1))
    of_rows = np.stack([[_to_scale(half, is_share) for half in each.made] for each in halves])
    noise = ((of_rows[:, 0] - of_rows[:, 1]) ** 2).mean(axis=0) / 2  # of one half
    made_b = of_rows.mean(axis=1)
    own_noise = noise * rows_of_half / rows  # of the rows that are delivered
    floor = np.where(is_share & (study == 0) & (made == 0), LEAST**2 / max(effective, 1.0), 0.0)
    between = np.maximum(made_b.var(axis=0, ddof=1) - noise / 2, 0.0) * shrink
    part, off, off_of_change = _missed(study, made, weighted, is_share)
    variance = np.maximum(between + own_noise + off**2, floor)
    change_b = np.stack([each.made.mean(axis=0) - each.study for each in halves])
    raw_noise = np.stack([(each.made[0] - each.made[1]) ** 2 for each in halves]).mean(axis=0) / 2
    of_change = np.maximum(change_b.var(axis=0, ddof=1) - raw_noise / 2, 0.0) * shrink
    of_change += raw_noise * rows_of_half / rows + off_of_change**2
    half_width = quantile * np.sqrt(of_change)
    return Estimates(
        Intervals(study, *span_of_study),
        _around(made, variance, quantile, is_share),
        Intervals(made - study, made - study - half_width, made - study + half_width),
        len(halves),
        part,
    )


def _missed(
    study: Floats, made: Floats, weighted: Profile | None, is_share: Flags
) -> tuple[float, Floats, Floats]:
    """Return the part of the profile that is kept, and how far figures may be off by the rest.

    The latter on the scale of intervals, and as figures are.
    """
    if weighted is None:
        return 1.0, np.zeros(len(study)), np.zeros(len(study))
    scaled = Profile(*(_to_scale(it, is_share) for it in dataclasses.astuple(weighted)))
    before = _to_scale(study, is_share)
    part = profile.kept(before, _to_scale(made, is_share), scaled)
    return part, profile.missed(before, scaled, part), profile.missed(study, weighted, part)


def _around(figure: Floats, variance: Floats, quantile: float, is_share: Flags) -> Intervals:
    middle, width = _to_scale(figure, is_share), quantile * np.sqrt(variance)
    return Intervals(
        figure, _from_scale(middle - width, is_share), _from_scale(middle + width, is_share)
    )


def _to_scale(figures: Floats, is_share: Flags) -> Floats:
    return np.where(is_share, np.arcsin(np.sqrt(np.clip(figures, 0, 1))), figures)


def _from_scale(points: Floats, is_share: Flags) -> Floats:
    return np.where(is_share, np.sin(np.clip(points, 0, np.pi / 2)) ** 2, points)
