"""Compiled loops over rows; those that grow a tree are in `growing`, all else stays in NumPy.

All of them work on tree codes (see `columns.tree_codes`), int32, so that a split is exact whatever
the unit. They hold no state, release the interpreter's lock and take their randomness as arguments.
"""

import contextlib
import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.core import caching

from simulacra.engine.columns.arrays import Float32s, Floats, Int32s, Int64s

Function = TypeVar("Function", bound=Callable[..., Any])

LEAF = -1
LOGGER = logging.getLogger(__name__)


class _Cache(caching.FunctionCache):
    """Machine code on disk, as far as this process may read and write it: a job's may not."""

    def load_overload(self, *arguments: Any) -> Any:  # noqa: ANN401 - numba has no types
        found = None
        with contextlib.suppress(OSError):
            found = super().load_overload(*arguments)  # type: ignore[no-untyped-call]
        if found is None:
            _say_that_it_compiles()
        return found

    def save_overload(self, *arguments: Any) -> None:  # noqa: ANN401 - numba has no types
        with contextlib.suppress(OSError):
            super().save_overload(*arguments)  # type: ignore[no-untyped-call]


@functools.cache
def _say_that_it_compiles() -> None:
    LOGGER.info(
        "Compiling the loops of the engine, once for this machine and version. The first fit waits "
        "for it, unless `simulacra compile` has done it."
    )


def compiled(function: Function) -> Function:
    """Compile at the first call; what was compiled is kept on disk where there is room for it."""
    dispatcher: Any = numba.njit(nogil=True)(function)
    with contextlib.suppress(RuntimeError):  # neither our folder nor the user's can be written
        dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return cast("Function", dispatcher)


@compiled
def descend(
    codes: Int32s,
    offset_of: Int64s,
    ranks: Int32s,
    feature: Int32s,
    threshold: Int32s,
    left: Int32s,
    node: Int32s,
) -> None:
    """Send rows down their trees, in place.

    Args:
        codes: int32, predecessors x rows.
        offset_of: int64, by predecessor: where its levels begin in `ranks`, or -1 if its codes are
            compared as they are.
        ranks: int32, what a tree sees instead of a code.
        feature: int32, by node: the predecessor to compare, or `LEAF`.
        threshold: int32, by node: the code up to which a row goes left; `~code` if only rows of
            that very code do.
        left: int32, by node: the left child; the right one comes next.
        node: int32, one a row: where it begins, and afterwards its leaf.
    """
    for row in range(len(node)):
        at = node[row]
        while feature[at] != LEAF:
            code = codes[feature[at], row]
            if offset_of[feature[at]] >= 0:
                code = ranks[offset_of[feature[at]] + code]
            cut = threshold[at]
            at = left[at] + (code != ~cut if cut < 0 else code > cut)
        node[row] = at


@compiled
def project(codes: Int32s, offset_of: Int64s, ranks: Int32s, weights: Floats) -> Floats:
    """Return each row's weighted sum, float64.

    Summed in one fixed order, so that it is the same on every machine.

    Args:
        codes: int32, predecessors x rows.
        offset_of: int64, by predecessor: where its own codes begin in `ranks`, or -1.
        ranks: int32, what is summed instead of a code.
        weights: float64, by predecessor.
    """
    sums = np.zeros(codes.shape[1])
    for index in range(len(codes)):
        for row in range(codes.shape[1]):
            code = codes[index, row]
            if offset_of[index] >= 0:
                code = ranks[offset_of[index] + code]
            sums[row] += weights[index] * code
    return sums


@compiled
def sums_by_code(codes: Int32s, target: Float32s, size: int) -> Floats:
    """Return the sums of a target over the rows of each code, float64, shape (size, indicators).

    Args:
        codes: int32, shape (rows,).
        target: float32, shape (rows, indicators).
        size: one more than the largest code.
    """
    sums = np.zeros((size, target.shape[1]))
    for row in range(len(codes)):
        for indicator in range(target.shape[1]):
            sums[codes[row], indicator] += target[row, indicator]
    return sums


@compiled
def deal_shares(leaves: Int32s, order: Int64s, offset: Floats) -> Floats:
    """Deal the rows of each leaf evenly over it, by systematic sampling (Madow 1949).

    Args:
        leaves: int32, the leaf of each row.
        order: int64, the rows in random order.
        offset: float64, by leaf, 0 to 1: where the dealing begins.

    Returns:
        float64, by row: which part of its leaf, 0 to 1, lies before its donor.
    """
    waiting = np.zeros(len(offset), np.int64)
    for leaf in leaves:
        waiting[leaf] += 1
    dealt = np.zeros(len(offset), np.int64)
    shares = np.empty(len(leaves))
    for row in order:
        leaf = leaves[row]
        shares[row] = (dealt[leaf] + offset[leaf]) / waiting[leaf]
        dealt[leaf] += 1
    return shares


@compiled
def avoid_repeats(
    positions: Int64s,
    taken: Int32s,
    donors: Int32s,
    leaves: Int32s,
    begin: Int64s,
    first: Int32s,
    count: Int32s,
) -> None:
    """Move rows on to another donor of their leaf where theirs gave them a value before, in place.

    Args:
        positions: int64, by row: its position in the list of donors; changed.
        taken: int32, columns x rows: the donors so far.
        donors: int32, the list.
        leaves: int32, by row.
        begin: int64, by row: the donor of its leaf that the search begins with.
        first: int32, by leaf: where its donors begin in the list.
        count: int32, by leaf: how many it has.
    """
    for row in range(len(positions)):
        if not _has(taken, row, donors[positions[row]]):
            continue
        leaf = leaves[row]
        for step in range(count[leaf]):
            position = first[leaf] + (begin[row] + step) % count[leaf]
            if not _has(taken, row, donors[position]):
                positions[row] = position
                break


@compiled
def _has(taken: Int32s, row: int, donor: int) -> bool:
    for column in range(len(taken)):  # noqa: SIM110 - generators are not compiled
        if taken[column, row] == donor:
            return True
    return False
