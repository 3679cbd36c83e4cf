"""Support: how many respondents stand behind the rows of a scenario."""

from collections.abc import Iterable

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.model.donors import DonorPool
from simulacra.engine.report.report import THIN_SUPPORT, Support
from simulacra.engine.scenario import plans, raking
from simulacra.engine.scenario.plans import Base, MeanTarget, ShareTarget
from simulacra.engine.warning import ReportWarning


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
