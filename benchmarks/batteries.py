"""What psychometrics asks of items: correlations, reliability, and what is missing together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from simulacra.engine.columns.arrays import Floats


def correlation_gap(real: pd.DataFrame, synthetic: pd.DataFrame, items: Sequence[str]) -> float:
    """Return the mean absolute difference of Spearman's correlations over pairs of items."""
    sides = [frame[list(items)].corr(method="spearman").to_numpy() for frame in (real, synthetic)]
    pairs = np.triu_indices(len(items), 1)
    return float(np.nanmean(np.abs(sides[0] - sides[1])[pairs]))


def alpha(frame: pd.DataFrame, items: Sequence[str]) -> float:
    """Return Cronbach's alpha (1951) over complete rows; items with a minus are reversed."""
    scores = np.column_stack(
        [-frame[item[1:]] if item.startswith("-") else frame[item] for item in items]
    )
    scores = scores[~np.isnan(scores).any(axis=1)]
    count = scores.shape[1]
    return float(count / (count - 1) * (1 - scores.var(axis=0).sum() / scores.sum(axis=1).var()))


def missing_gap(real: Floats, synthetic: Floats) -> float:
    """Return the mean absolute difference of the shares missing together, over pairs of columns.

    Only columns that miss something in the real rows count; each with itself too.
    """
    some = np.isnan(real).any(axis=0)
    if not some.any():
        return 0.0
    sides = [np.isnan(rows[:, some]).astype(np.float64) for rows in (real, synthetic)]
    shares = [side.T @ side / len(side) for side in sides]
    return float(np.abs(shares[0] - shares[1])[np.triu_indices(int(some.sum()))].mean())
