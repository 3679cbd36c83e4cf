"""Importance: how much each respondent counts under a scenario, as importance sampling has it."""

import dataclasses

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.scenario import plans
from simulacra.engine.scenario.plans import MeanTarget, Plan
from simulacra.engine.scenario.raking import RakingResult


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


def of(pool: DonorPool, plan: Plan, raked: RakingResult) -> Importance:
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
