"""The century of years that are written with two digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.engine.columns.lazy import np

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats

LATEST = 2035
"""No date of a study lies behind this year. The engine knows no clock, and files that are older
than the year are read as they were."""
REASON = (
    f"years of two digits taken from the hundred years that split them least, none after {LATEST}"
)


def years(short: Floats) -> Floats:
    """Return years of four digits.

    Years lie on a circle of a hundred, where those of one column are together. The hundred years
    begin behind the widest gap: births of 35 to 99 and 00 to 05 are those of 1935 to 2005, and
    visits in 22 and 23 are of this century. Of gaps alike, the one of the future is taken.

    Args:
        short: float64: years of two digits, NaN where missing.
    """
    known = np.unique(short[~np.isnan(short)])
    if not len(known):
        return short
    after = np.append(known[1:], known[0] + 100)
    gaps = after - known
    future = (known - (LATEST % 100 + 1)) % 100  # the last before the future comes last
    newest = known[np.lexsort((future, gaps))[-1]]
    newest += 2000 if newest <= LATEST % 100 else 1900
    return np.asarray(newest - (newest - short) % 100)
