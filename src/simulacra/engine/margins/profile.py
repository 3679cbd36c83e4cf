"""How much of what sets a scenario's respondents apart its rows have kept.

Replicates agree with each other on what all of them miss: a group too small for evidence is drawn
like everybody else by each of them, within a narrow margin. The respondents themselves, weighted to
the scenario, show such a group without the model, if with more noise. The slope of the rows' lifts
on theirs, over all figures together, says which part is kept; the rest is what margins must allow
for. (The same slope measures a model's relations, see `quality.comparison`.)
"""

import dataclasses

import numpy as np

from simulacra.engine.columns.arrays import Floats

BEYOND = 3.0
"""Standard deviations by which the respondents' lifts must exceed chance before they say anything
of the rows: the squares of lifts that are chance alone sum to a chi-square."""


@dataclasses.dataclass(frozen=True)
class Profile:
    """The figures of the respondents, weighted to a scenario; float64, shape (figures,).

    Attributes:
        figures: NaN where none of them has a value.
        low, high: one standard error below and above.
    """

    figures: Floats
    low: Floats
    high: Floats


def kept(study: Floats, made: Floats, weighted: Profile) -> float:
    """Return which part of the respondents' lifts the rows have, 0 to 1; 1 if chance hides it.

    Args:
        study: float64, shape (figures,): of all respondents; like the others on a scale on which
            standard errors are symmetrical.
        made: likewise: of the rows.
        weighted: of the respondents weighted to the scenario.
    """
    variance = ((weighted.high - weighted.low) / 2) ** 2
    lift, own = weighted.figures - study, made - study
    is_told = np.isfinite(lift) & np.isfinite(own) & (variance > 0)
    lift, own, variance = lift[is_told], own[is_told], variance[is_told]
    excess = float((lift**2 / variance).sum()) - len(lift)
    if excess < BEYOND * np.sqrt(2.0 * max(len(lift), 1)):
        return 1.0
    return float(np.clip((own * lift / variance).sum() / excess, 0.0, 1.0))


def missed(study: Floats, weighted: Profile, part: float) -> Floats:
    """Return how far each figure may be off by what is not kept, float64, shape (figures,)."""
    return np.abs(np.nan_to_num(weighted.figures - study)) * (1 - part)
