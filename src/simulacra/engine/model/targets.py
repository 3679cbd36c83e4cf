"""The targets of conditional models: what trees and ridge regressions are to tell apart."""

import numpy as np

from simulacra.engine.columns.arrays import Float32s, Floats, Int32s, Int64s
from simulacra.engine.columns.tree_codes import TreeCoding
from simulacra.engine.model import kernels

INDICATORS = 24
SHRINKAGE_ROWS = 10.0


def indicators(coding: TreeCoding, codes: Int32s) -> Float32s:
    """Return the distributional coding of a target, float32, shape (rows, indicators).

    One indicator a level, or ``code <= cut`` over quantiles of a scale: squared error on them is
    Gini impurity for levels and the continuous ranked probability score for numbers (Gneiting &
    Raftery 2007), so that one measure of association serves every type.

    Args:
        coding: of the target.
        codes: int32, shape (rows,).
    """
    if not coding.is_ordered:
        coded = codes[:, None] == np.arange(coding.size)
    else:
        shares = np.linspace(0, 1, INDICATORS + 2)[1:-1]
        coded = codes[:, None] <= np.unique(np.quantile(codes, shares, method="inverted_cdf"))
    return np.asarray(coded, dtype=np.float32)


def level_ranks(
    coding: TreeCoding, codes: Int32s, target: Float32s, weights: Floats | None = None
) -> Int32s:
    """Return the rank of each level of a categorical predecessor on one axis, int32, shape (size,).

    Levels are ordered along the first principal component of the target's mean per level, each
    mean shrunk towards the overall one by the size of the level.

    Args:
        coding: of the predecessor.
        codes: int32, shape (rows,): its codes.
        target: float32, shape (rows, indicators).
        weights: float64, shape (rows,): how much each row counts; None if all alike.
    """
    counts = np.bincount(codes, weights, minlength=coding.size).astype(np.float64)
    mean = np.average(target, axis=0, weights=weights)
    if weights is not None:
        target = (target * weights[:, None]).astype(np.float32)
    sums = kernels.sums_by_code(codes, target, coding.size)
    deviations = sums - counts[:, None] * mean
    means = deviations / (counts + SHRINKAGE_ROWS)[:, None]
    _, _, axes = np.linalg.svd(np.sqrt(counts)[:, None] * means, full_matrices=False)
    axis = axes[0] * np.sign(axes[0][np.argmax(np.abs(axes[0]))])
    along = np.round(means @ axis, 12)
    return np.unique(along, return_inverse=True)[1].astype(np.int32)


def bins(coding: TreeCoding, codes: Int32s, number: int) -> Int64s:
    """Return the bin of each tree code, int64; each code of a short scale is one.

    Args:
        coding: of a column.
        codes: int32, shape (rows,): its codes.
        number: into how many bins of about as many rows a fine scale is cut; missing is one more.
    """
    size = np.arange(coding.size)
    if not coding.is_fine:
        return size
    known = codes[codes != coding.missing]
    cuts = np.unique(np.quantile(known, np.arange(1, number) / number, method="lower"))
    return np.where(size == coding.missing, 0, 1 + np.searchsorted(cuts, size))


def spaced_rows(rows: int, at_most: int) -> Int64s:
    """Return evenly spaced row numbers, int64; all of them if they are few."""
    return np.linspace(0, rows - 1, min(rows, at_most)).astype(np.int64)
