"""What the respondents behind a scenario say of it themselves, without the model."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.margins.statistics import Part, Statistics, known

PRIOR = 5.0
"""Respondents of the study's spread that are added to those behind a scenario, who are often too
few to show how far people like them lie apart (a scaled inverse chi-square prior)."""
SCARCE = 5.0
"""Respondents with a level below whom resampling tells too little of how many there might be."""
FEWEST = 2.0
"""Effective respondents who are heard at all."""


@dataclasses.dataclass(frozen=True)
class Respondents:
    """The respondents of a study, and how they count.

    Attributes:
        values: float64, shape (respondents,), by position of a column.
        survey: float64, shape (respondents,): survey weights.
        behind: likewise: weights under the scenario, survey weights included.
    """

    values: Mapping[int, Floats]
    survey: Floats
    behind: Floats


@dataclasses.dataclass(frozen=True)
class Direct:
    """The direct estimate: the statistics of the respondents, weighted to the scenario.

    Attributes:
        values: float64, shape (statistics,).
        spread: likewise: standard deviation of one respondent's value.
        per_variance: likewise: the variance of the estimate, in that of one respondent: one over
            the effective number of respondents who have a value (Kish 1965).
        freedom: likewise: degrees of freedom of its variance.
        is_heard: bool, likewise: enough respondents have a value.
        is_scarce: bool, likewise: a proportion that few of them have, or few have not.
    """

    values: Floats
    spread: Floats
    per_variance: Floats
    freedom: Floats
    is_heard: Flags
    is_scarce: Flags

    def smoothed(self, values: Floats) -> Floats:
        """Return proportions as Anscombe (1948) counts them, for the arcsine of their root.

        Nobody among 20 is not proof of nobody: the arcsine of the root of nothing has no variance.

        Args:
            values: float64, shape (..., statistics): of these or other respondents.
        """
        return (values + 0.375 * self.per_variance) / (1 + 0.75 * self.per_variance)


def direct(statistics: Statistics, study: Respondents) -> Direct:
    """Return the direct estimate of a scenario.

    Its variance has the degrees of freedom that Satterthwaite (1946) gives a sum of squares that
    count differently: half of the respondents may weigh so little that the others decide.
    """
    largest = float(study.behind.max(initial=0.0)) or 1.0  # whose square may be too small a number
    values, variances, sizes, freedoms = [], [], [], []
    for part in statistics.parts:
        theirs, own = known(study.values[part.position], study.behind / largest)
        every, survey = known(study.values[part.position], study.survey)
        values.append(part.values(theirs, own))
        sums = [float((own**power).sum()) for power in (1, 2, 4)]
        size = sums[0] ** 2 / sums[1] if sums[1] else 0.0
        sizes.append(size)
        freedoms.append(sums[1] ** 2 / sums[2] - 1 + PRIOR if sums[2] else PRIOR)
        near = np.nan_to_num(_variances(part, theirs, own, values[-1]))
        everyone = _variances(part, every, survey, part.values(every, survey))
        variances.append((size * near + PRIOR * everyone) / (size + PRIOR))
    effective, found = statistics.repeated(sizes), statistics.joined(values)
    rarest = np.minimum(found, 1 - found) * effective
    return Direct(
        values=found,
        spread=np.sqrt(statistics.joined(variances)),
        per_variance=1 / np.maximum(effective, 1.0),
        freedom=statistics.repeated(freedoms),
        is_heard=np.asarray(effective >= FEWEST),
        is_scarce=statistics.is_proportion & (rarest < SCARCE),
    )


def _variances(part: Part, known: Floats, weights: Floats, values: Floats) -> Floats:
    """Return the variance of one respondent's value, by statistic of a column."""
    found = values * (1 - values)
    if not part.levels and weights.any():
        found[0] = np.average((known - values[0]) ** 2, weights=weights)
    return found
