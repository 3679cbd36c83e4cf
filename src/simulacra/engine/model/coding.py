"""Codes: a column's values as places on its own scale, which is all that trees look at.

A level's code is its position, a number's that of the nearest seed value, counted from 1; a missing
value comes last among levels and first among numbers.
"""

import dataclasses
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.schema import Column
from simulacra.engine.model.kernels import Codes, Floats, Indices

FEW_CODES = 40
"""Up to so many, each value of a number is treated as a level of its own."""
INDICATORS = 24
SHRINKAGE_ROWS = 10.0

Indicators = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Coding:
    """How the values of one column become codes.

    Attributes:
        column: the column.
        middles: float64, between neighbouring seed values of a number; none for levels.
        size: one more than the largest code.
    """

    column: Column
    middles: Floats
    size: int

    @classmethod
    def of(cls, column: Column, values: Floats) -> Self:
        """Read the scale off the seed rows' values."""
        if column.type.is_categorical:
            return cls(column, np.zeros(0), len(column.levels) + 1)
        distinct = np.unique(values[~np.isnan(values)])
        return cls(column, (distinct[1:] + distinct[:-1]) / 2, len(distinct) + 1)

    @property
    def is_scale(self) -> bool:
        """Whether the order of the codes means something."""
        return self.column.type not in (NOMINAL, BOOLEAN)

    @property
    def is_fine(self) -> bool:
        """Whether there are too many codes to treat each as a level."""
        return not self.column.type.is_categorical and self.size > FEW_CODES

    def encode(self, values: Floats) -> Codes:
        """Return the codes of values, int32."""
        missing = np.isnan(values)
        if self.column.type.is_categorical:
            return np.where(missing, self.size - 1, values).astype(np.int32)
        codes = np.searchsorted(self.middles, values) + 1
        return np.where(missing, 0, codes).astype(np.int32)


def indicators(coding: Coding, codes: Codes) -> Indicators:
    """Return the distributional coding of a target, float32, rows x indicators.

    One indicator a level, or ``code <= cut`` over quantiles of a scale: squared error on them is
    Gini impurity for levels and the continuous ranked probability score for numbers (Gneiting &
    Raftery 2007), so that one measure of association serves every type.
    """
    if not coding.is_scale:
        coded = codes[:, None] == np.arange(coding.size)
    else:
        shares = np.linspace(0, 1, INDICATORS + 2)[1:-1]
        coded = codes[:, None] <= np.unique(np.quantile(codes, shares, method="inverted_cdf"))
    return np.asarray(coded, dtype=np.float32)


def places(coding: Coding, codes: Codes, target: Indicators) -> Codes:
    """Return, by code of a categorical predecessor, its place on one axis, int32.

    Levels are ordered along the first principal component of the target's mean per level, each
    mean shrunk towards the overall one by the size of the level.
    """
    counts = np.bincount(codes, minlength=coding.size).astype(np.float64)
    member = csr_array(
        (np.ones(len(codes)), (codes, np.arange(len(codes)))), (coding.size, len(codes))
    )
    deviations = member @ target - counts[:, None] * target.mean(axis=0)
    means = deviations / (counts + SHRINKAGE_ROWS)[:, None]
    _, _, axes = np.linalg.svd(np.sqrt(counts)[:, None] * means, full_matrices=False)
    axis = axes[0] * np.sign(axes[0][np.argmax(np.abs(axes[0]))])
    along = np.round(means @ axis, 12)
    return np.unique(along, return_inverse=True)[1].astype(np.int32)


def sample(rows: int, at_most: int) -> Indices:
    """Return evenly spaced rows, all of them if they are few."""
    return np.linspace(0, rows - 1, min(rows, at_most)).astype(np.int64)
