"""How much of what sets a scenario's respondents apart its rows have kept.

The respondents, weighted to the scenario, show a group without the model, if with more noise. The
slope of the rows' lifts on theirs, over all shares and means together, says which part is kept.
(The same slope measures a model's relations, see `quality.comparison`.)
"""

import numpy as np

from simulacra.engine.columns.arrays import Floats

BEYOND = 3.0
"""Standard deviations by which the respondents' lifts must exceed chance before they say anything
of the rows: the squares of lifts that are chance alone sum to a chi-square."""


def kept(lift: Floats, own: Floats, variance: Floats) -> float:
    """Return which part of the respondents' lifts the rows have, 0 to 1; 1 if chance hides it.

    Args:
        lift: float64, shape (statistics,): from the study to the respondents weighted to the
            scenario; NaN where none of them has a value.
        own: likewise: from the study to the rows.
        variance: likewise: of `lift`.
    """
    is_told = np.isfinite(lift) & np.isfinite(own) & (variance > 0)
    lift, own, variance = lift[is_told], own[is_told], variance[is_told]
    excess = float((lift**2 / variance).sum()) - len(lift)
    if excess < BEYOND * np.sqrt(2.0 * max(len(lift), 1)):
        return 1.0
    return float(np.clip((own * lift / variance).sum() / excess, 0.0, 1.0))
