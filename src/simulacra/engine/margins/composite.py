"""The composite estimate: how near the truth is to the model, and to the respondents themselves.

Replicates agree with each other on what all of them miss: each draws a group that is too small for
evidence like everybody else, within a narrow margin. The same is known of small areas: a synthetic
estimate, which borrows from everybody, varies little and is biased; the direct estimate, which only
has the area's own respondents, is not biased and varies much. The bias of one synthetic estimate
cannot be told from chance, but its mean square over many can: it is that of the differences between
both estimates, less the variance of these differences (Gonzalez & Waksberg 1973). The composite of
both with the least mean squared error is nearest to the truth, and that error is its margin (Fay &
Herriot 1979; Rao & Molina 2015, chapters 3 and 4).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats, Int64s
from simulacra.engine.margins.respondents import Direct


@dataclasses.dataclass(frozen=True)
class Replicated:
    """What replicates say of statistics; arrays of float64.

    Attributes:
        made: shape (replicates, 2, statistics): of two sets of rows, each with randomness of its
            own.
        direct: shape (replicates, statistics): of the resampled respondents, weighted to the
            scenario; NaN where none of them has a value.
    """

    made: Floats
    direct: Floats


@dataclasses.dataclass(frozen=True)
class Composite:
    """The composite estimate; arrays of float64, shape (statistics,).

    Attributes:
        values: of the estimate.
        variance: its mean squared error.
        freedom: degrees of freedom of its variance.
        replicates: shape (replicates, statistics): the estimate of each replicate.
        bias: mean square of the model's bias, in variances of one respondent's value.
    """

    values: Floats
    variance: Floats
    freedom: Floats
    replicates: Floats
    bias: float


def combine(
    made: Floats,
    direct: Direct,
    replicated: Replicated,
    unit: Floats,
    groups: Int64s,
    *,
    shrink: float,
    own_noise: float,
) -> Composite:
    """Return the composite of the model's and the respondents' own statistics.

    Args:
        made: float64, shape (statistics,): of the rows; on the same scale as all others.
        direct: the statistics of the respondents; its spreads as they are, whatever the scale.
        replicated: what replicates say.
        unit: float64, shape (statistics,): standard deviation of one respondent's value, on the
            scale.
        groups: int64, shape (statistics,): those with the same number are about the same thing,
            and have one say together in how biased the model is.
        shrink: by which the variance of replicates is to be multiplied, as they have fewer
            respondents than the study.
        own_noise: of the rows that are delivered, in the noise of one half of a replicate.
    """
    made_b, count = replicated.made.mean(axis=1), len(replicated.made)
    noise = _mean((replicated.made[:, 0] - replicated.made[:, 1]) ** 2) / 2
    between = _mean((made_b - _mean(made_b)) ** 2) * count / (count - 1)
    of_model = np.maximum(between - noise / 2, 0.0) * shrink + noise * own_noise
    is_heard = direct.is_heard & np.isfinite(direct.values + made + of_model)
    of_model = np.where(
        direct.is_scarce & is_heard,
        np.maximum(of_model, _usual(of_model, unit, is_heard & ~direct.is_scarce) * unit**2),
        of_model,
    )
    of_direct = np.where(is_heard, unit**2 * direct.per_variance, 0.0)
    both = _shared(made_b, replicated.direct, unit, is_heard) * of_direct
    both = np.minimum(both, np.sqrt(of_model * of_direct))
    apart = np.where(is_heard, made - np.nan_to_num(direct.values), 0.0)
    of_apart = of_model + of_direct - 2 * both
    bias, known = _bias(apart, of_apart, unit, direct.spread, groups, is_heard)
    of_bias = bias * unit**2
    total = of_bias + of_apart
    part = np.where(is_heard, (of_direct - both) / np.where(total > 0, total, 1.0), 1.0)
    part = np.where(is_heard & (total <= 0), 0.0, np.clip(part, 0.0, 1.0))  # of the model
    terms = [part**2 * of_model, part**2 * of_bias, (1 - part) ** 2 * of_direct]
    freedoms: list[Floats | float] = [count - 1, max(known, 1), direct.freedom]
    own = np.where(np.isfinite(replicated.direct), replicated.direct, made_b)
    return Composite(
        values=made - (1 - part) * apart,
        variance=sum(terms) + 2 * part * (1 - part) * both,
        freedom=_freedom(terms, freedoms, count - 1),
        replicates=part * made_b + (1 - part) * own,
        bias=bias,
    )


def _mean(replicated: Floats) -> Floats:
    """Return the means over the replicates that have a value."""
    is_known = np.isfinite(replicated)
    count = is_known.sum(axis=0)
    total = np.where(is_known, replicated, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _usual(of_model: Floats, unit: Floats, is_sure: Flags) -> float:
    """Return the usual variance of the model's statistics, in that of one respondent's value.

    A share that none or few of the respondents have has none or few in each replicate, so that its
    replicates differ too little; that of others stands in for it (a generalized variance function,
    Wolter 2007, chapter 7).
    """
    below = float((unit[is_sure] ** 2).sum())
    return float(of_model[is_sure].sum()) / below if below > 0 else 0.0


def _shared(made: Floats, direct: Floats, unit: Floats, is_heard: Flags) -> float:
    """Return how much the model moves when the respondents behind the scenario do, 0 to 1.

    The slope of replicates of the one on those of the other, over all statistics together, since
    that of one is too uncertain.
    """
    has_both = np.isfinite(direct) & np.isfinite(made) & is_heard & (unit > 0)
    counts = np.maximum(has_both.sum(axis=0), 1)
    off = []
    for each in (made, direct):
        own = np.where(has_both, each, 0.0)
        off.append(np.where(has_both, own - own.sum(axis=0) / counts, 0.0))
    weight = np.where(unit > 0, 1 / np.where(unit > 0, unit, 1.0) ** 2, 0.0)
    together, alone = (float((off[index] * off[1] * weight).sum()) for index in (0, 1))
    return float(np.clip(together / alone, 0.0, 1.0)) if alone > 0 else 0.0


def _bias(
    apart: Floats,
    of_apart: Floats,
    unit: Floats,
    spread: Floats,
    groups: Int64s,
    is_heard: Flags,
) -> tuple[float, int]:
    """Return the mean square of the model's bias, and of how many groups it is the mean.

    Both in variances of one respondent's value, on the scale of the values themselves, where the
    ends of a distribution, of which nobody can be wrong, count little.
    """
    ratio = np.where(unit > 0, spread / np.where(unit > 0, unit, 1.0), 0.0)
    excess = np.where(is_heard, (apart**2 - of_apart) * ratio**2, 0.0)
    spreads = np.where(is_heard, spread**2, 0.0)
    sums = [np.bincount(groups, each, minlength=1) for each in (excess, spreads)]
    has_any = sums[1] > 0
    if not has_any.any():
        return 0.0, 0
    return max(float((sums[0][has_any] / sums[1][has_any]).mean()), 0.0), int(has_any.sum())


def _freedom(terms: Sequence[Floats], freedoms: Sequence[Floats | float], largest: float) -> Floats:
    """Return the degrees of freedom of a sum of variances (Satterthwaite 1946)."""
    below = sum(term**2 / own for term, own in zip(terms, freedoms, strict=True))
    total = np.asarray(sum(terms))
    return np.where(below > 0, total**2 / np.where(below > 0, below, 1.0), largest)
