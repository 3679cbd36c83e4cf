"""What a file of Stata says about its variables."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MAX_TEXT = 2_045
"""Bytes of a text that stands among the values; a longer one stands behind them."""


@dataclasses.dataclass(frozen=True)
class Storage:
    """How values are stored.

    Attributes:
        code: of the type, in the file.
        dtype: as NumPy has it.
        missing: the value that stands for a missing one.
        least: the smallest number that is stored so.
        most: the largest.
    """

    code: int
    dtype: str
    missing: float = 0
    least: float = 0
    most: float = 0


BYTE = Storage(65_530, "<i1", 101, -127, 100)
INT = Storage(65_529, "<i2", 32_741, -32_767, 32_740)
LONG = Storage(65_528, "<i4", 2_147_483_621, -2_147_483_647, 2_147_483_620)
DOUBLE = Storage(65_526, "<f8", 2.0**1023, -(2.0**1023), np.nextafter(2.0**1023, 0.0))
LONG_TEXT = Storage(32_768, "<u8")

WHOLE = (BYTE, INT, LONG)


def of_text(width: int) -> Storage:
    """Return the storage of texts of so many bytes at most."""
    return Storage(width, f"S{width}") if width <= MAX_TEXT else LONG_TEXT


def of_numbers(least: float, most: float, *, is_whole: bool) -> Storage:
    """Return the smallest storage of numbers between two."""
    if is_whole:
        for storage in WHOLE:
            if storage.least <= least and most <= storage.most:
                return storage
    return DOUBLE


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable of a file of Stata.

    Attributes:
        name: valid and unique, see `names`.
        storage: how its values are stored.
        display_format: how they are shown, such as ``%8.0g``.
        encode: returns the values of rows of its column: float64, shape (rows,), NaN where missing,
            or texts, UTF-8, shape (rows,), empty where missing.
        label: a text for people.
        labels: whole number to label.
        characteristics: what else is known of it, name to text.
    """

    name: str
    storage: Storage
    display_format: str
    encode: Callable[[pa.ChunkedArray], npt.NDArray[np.float64] | Sequence[bytes]]
    label: str = ""
    labels: Mapping[int, str] = dataclasses.field(default_factory=dict)
    characteristics: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def values(self, column: pa.ChunkedArray) -> npt.NDArray[Any]:
        """Return the values of rows as they are stored; not of texts behind the values."""
        found = self.encode(column)
        if not isinstance(found, np.ndarray):
            return np.array(found, dtype=self.storage.dtype)
        storage = self.storage
        is_missing = np.isnan(found) | (found < storage.least) | (found > storage.most)
        return np.where(is_missing, storage.missing, found).astype(storage.dtype)
