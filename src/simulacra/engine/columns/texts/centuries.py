"""The century of years that are written with two digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.engine.columns.lazy import np

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats

LATEST = 2035
"""No date of a study lies behind this year. The engine knows no clock, and files that are older
than the year are read as they were."""
REASON = f"years of two digits taken as before the widest gap between them, none after {LATEST}"


def years(short: Floats) -> Floats:
    """Return years of four digits.

    Years lie on a circle of a hundred, where those of one column are together. The newest one lies
    before the widest gap that the future begins in: with births of 35 to 99 and 00 to 05 it is
    2005, and 35 is 1935; with visits in 22 and 23 it is 2023.

    Args:
        short: float64: years of two digits, NaN where missing.
    """
    known = np.unique(short[~np.isnan(short)])
    if not len(known):
        return short
    gaps = np.append(known[1:], known[0] + 100) - known
    may_be_newest = known <= LATEST % 100
    may_be_newest[-1] = True
    newest = known[np.argmax(np.where(may_be_newest, gaps, 0))]
    newest += 2000 if newest <= LATEST % 100 else 1900
    return np.asarray(newest - (newest - short) % 100)
