"""Tree codes: a value's position on the scale of its column, which is all that trees look at.

A level's code is its position; a number's is that of the nearest value in the study, counted from
1. A missing value comes last among levels and first among numbers.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from simulacra.engine.columns.lazy import np

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int32s

MAX_COARSE = 40
"""Up to so many codes, each value of a number is treated as a level of its own."""


@dataclasses.dataclass(frozen=True)
class TreeCoding:
    """How the values of one column become tree codes.

    Attributes:
        size: one more than the largest code.
        is_ordered: the order of the codes means something.
        midpoints: float64, between neighbouring values of a number; None for levels.
    """

    size: int
    is_ordered: bool
    midpoints: Floats | None = None

    @property
    def is_fine(self) -> bool:
        """Whether there are too many codes to treat each as a level."""
        return self.midpoints is not None and self.size > MAX_COARSE

    @property
    def missing(self) -> int:
        """The code of a missing value."""
        return self.size - 1 if self.midpoints is None else 0

    def codes(self, values: Floats) -> Int32s:
        """Return the codes of values, int32, of their shape."""
        known = values if self.midpoints is None else np.searchsorted(self.midpoints, values) + 1
        return np.where(np.isnan(values), self.missing, known).astype(np.int32)
