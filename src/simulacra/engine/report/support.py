"""Support: how many respondents stand behind the rows of a scenario."""

import dataclasses
from collections.abc import Iterable

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.report.report import Support
from simulacra.engine.scenario import plans, raking
from simulacra.engine.scenario.plans import Base, MeanTarget, Plan, ShareTarget
from simulacra.engine.scenario.raking import RakingResult
from simulacra.engine.warning import ReportWarning

THIN_SUPPORT = 30
"""Below so many effective respondents, a share read off the rows has a standard error of about
0.09 and more: too coarse to act on."""


@dataclasses.dataclass(frozen=True)
class Importance:
    """The weight that each condition gives each respondent.

    Attributes:
        ranges: by position of a ranged column: float64, shape (respondents,).
        shares: likewise, for each target of the plan.
        means: likewise, for each mean of the plan.
    """

    ranges: dict[int, Floats]
    shares: list[Floats]
    means: list[Floats]

    @property
    def all(self) -> list[Floats]:
        """The weights of all conditions."""
        return [*self.ranges.values(), *self.shares, *self.means]

    @property
    def joint(self) -> Floats:
        """The product of all of them, float64, shape (respondents,)."""
        return np.asarray(np.prod(self.all, axis=0))

    def others_met(self, own: Floats) -> Flags:
        """Return which respondents meet all conditions but one, whose weights are given; bool."""
        fits = np.ones(len(own), dtype=np.bool_)
        for weight in self.all:
            if weight is not own:
                fits &= weight > 0
        return fits


def importance_weights(pool: DonorPool, plan: Plan, raked: RakingResult) -> Importance:
    """Return the weight that each condition gives each respondent.

    A range gives 1 inside and 0 outside, shares and means give the factor that raking found. The
    product is the importance weight of the respondent under the scenario: the sample that stands
    behind the synthetic rows.
    """
    values = plans.columns_of(pool.values, range(pool.values.shape[1]))
    ranges = {
        position: plan.windows[position].inside.astype(np.float64)
        for position in sorted(plan.windows)
    }
    shares = []
    for factor, target in zip(raked.factors, plan.targets, strict=True):
        group = target.groups(values)
        shares.append(np.where(group >= 0, factor[group], 0.0))
    means = [
        _of_mean(values[mean.position], mean, mean.base.members(values), tilt)
        for mean, tilt in zip(plan.means, raked.tilts, strict=True)
    ]
    return Importance(ranges, shares, means)


def _of_mean(own: Floats, mean: MeanTarget, members: Flags, tilt: float) -> Floats:
    """Return what a mean weighs respondents by, 1 at most; 0 for members without a value."""
    exponent = np.where(members, tilt * (np.nan_to_num(own) - mean.condition.number), 0.0)
    factor = np.exp(exponent - exponent.max())
    return np.where(members & np.isnan(own), 0.0, factor)


def of_everyone(pool: DonorPool) -> Support:
    """Return the support of rows without conditions."""
    return of_weights(np.ones(len(pool.values)), pool.weights)


def of_weights(weights: Floats, survey_weights: Floats) -> Support:
    """Return the support of respondents with importance weights.

    Args:
        weights: float64, shape (respondents,).
        survey_weights: likewise; a respondent counts by the product of both.
    """
    size = round(raking.effective_sample_size(weights * survey_weights), 1)
    return Support(size, int(np.count_nonzero(weights)))


def behind(pool: DonorPool, base: Base, weights: Floats) -> Support:
    """Return the support of a condition that holds among the rows of a base.

    Args:
        pool: the respondents.
        base: of the condition.
        weights: that it gives the respondents, float64, shape (respondents,).
    """
    members = base.members(plans.columns_of(pool.values, range(pool.values.shape[1])))
    return of_weights(weights * members, pool.weights)


def by_cell(pool: DonorPool, target: ShareTarget, others_met: Flags) -> list[int]:
    """Return how many respondents of each cell meet all other conditions.

    Args:
        pool: the respondents.
        target: whose cells these are; behind them, if there is a rest, come those in no cell.
        others_met: who meets the other conditions, bool, shape (respondents,).
    """
    study = plans.columns_of(pool.values, range(pool.values.shape[1]))
    cells = target.cells(study)[others_met & target.base.members(study)]
    counts = np.bincount(cells[cells >= 0], minlength=len(target.condition.cells)).tolist()
    return [*counts, int((cells == -1).sum())] if target.condition.has_rest else counts


def study_mean(pool: DonorPool, mean: MeanTarget) -> float | None:
    """Return the mean of the respondents of its base who have a value; None if there are none."""
    study = plans.columns_of(pool.values, range(pool.values.shape[1]))
    asked = mean.base.members(study) & ~np.isnan(study[mean.position])
    if not asked.any():
        return None
    return float(np.average(study[mean.position][asked], weights=pool.weights[asked]))


def thin(joint: Support, groups: Iterable[tuple[str | None, Support]]) -> list[ReportWarning]:
    """Return the warnings of support that is too small to act on.

    Args:
        joint: behind all conditions together.
        groups: the rows that each condition is about, in words, and who stands behind them; None
            for all rows, which `joint` is about.
    """
    warnings = []
    if joint.effective_sample_size < THIN_SUPPORT:
        warnings.append(_thin(f"{_behind(joint)} these rows"))
    found = {among: behind for among, behind in groups if among is not None}
    for among, behind in found.items():
        if behind.effective_sample_size < THIN_SUPPORT:
            warnings.append(_thin(f"{_behind(behind)} the rows with {among}"))
    return warnings


def _behind(support: Support) -> str:
    size = f"{support.effective_sample_size:.0f}"
    who = "respondent effectively stands" if size == "1" else "respondents effectively stand"
    return f"Only about {size} {who} behind"


def _thin(what: str) -> ReportWarning:
    detail = f"{what}; under {THIN_SUPPORT} they show a direction at most."
    return ReportWarning("thin_support", detail)
