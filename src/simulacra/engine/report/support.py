"""Support: how many respondents stand behind the rows of a scenario."""

import numpy as np

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.report.report import Support
from simulacra.engine.scenario import raking
from simulacra.engine.scenario.particles import Plan
from simulacra.engine.scenario.raking import RakingResult
from simulacra.engine.warning import ReportWarning

THIN_SUPPORT = 30
"""Below so many effective respondents, a share read off the rows has a standard error of about
0.09 and more: too coarse to act on."""


def importance_weights(pool: DonorPool, plan: Plan, raked: RakingResult) -> dict[int, Floats]:
    """Return the weight that each condition gives each respondent.

    A range gives 1 inside and 0 outside, shares give the factor that raking found for the level.
    The product is the importance weight of the respondent under the scenario: the sample that
    stands behind the synthetic rows.

    Returns:
        float64, shape (respondents,), by position of a conditioned column, in the plan's order.
    """
    weights = {
        position: plan.windows[position].inside.astype(np.float64)
        for position in sorted(plan.windows)
    }
    for factor, position in zip(raked.factors, sorted(plan.targets), strict=True):
        group = plan.targets[position].groups(pool.values[:, position])
        weights[position] = np.where(group >= 0, factor[group], 0.0)
    return weights


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


def thin(support: Support) -> list[ReportWarning]:
    """Return the warning of a support that is too small to act on."""
    if support.effective_sample_size >= THIN_SUPPORT:
        return []
    return [
        ReportWarning(
            "thin_support",
            f"Only about {support.effective_sample_size:.0f} respondents effectively stand behind "
            f"these rows; under {THIN_SUPPORT} they show a direction at most.",
        )
    ]
