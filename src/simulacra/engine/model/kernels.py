"""Compiled loops over seed rows and tree nodes; everything else stays in NumPy.

All of them work on *codes*: int32, the place of a value on its column's scale. Trees compare codes,
so that a split is exact whatever the unit. They hold no state, release the interpreter's lock and
take their randomness as arguments.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
Indices = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

Function = TypeVar("Function", bound=Callable[..., Any])

LEAF = -1
MAX_CUTS = 8
"""Cuts that a split of a scale looks at: quantiles of the rows in the node."""
CANDIDATES = 64
"""Places on a feature where the split of a scale is tried."""


def _compiled(function: Function) -> Function:
    """Compile at the first call; what was compiled is kept on disk where there is room for it."""
    try:
        return cast("Function", numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # neither the package's folder nor the user's can be written
        return cast("Function", numba.njit(nogil=True)(function))


@_compiled
def sort(codes: Codes, rows: Codes, size: int) -> Codes:
    """Return `rows` in the order of their codes, 0 to size - 1; rows of one code keep theirs."""
    first = np.zeros(size + 1, np.int64)
    for row in rows:
        first[codes[row] + 1] += 1
    for code in range(size):
        first[code + 1] += first[code]
    ordered = np.empty(len(rows), np.int32)
    for row in rows:
        ordered[first[codes[row]]] = row
        first[codes[row]] += 1
    return ordered


@_compiled
def _cuts(ordered: Codes, target: Codes, cuts: Codes) -> int:
    """Write the cuts of a node's scale, and return how many: quantiles, and both sides of spikes.

    ``target <= cut`` for each of them is what squared error is summed over: the continuous ranked
    probability score (Gneiting & Raftery 2007) on a grid that narrows with the node.
    """
    size = len(ordered)
    low, high = target[ordered[0]], target[ordered[size - 1]]
    wanted = min(MAX_CUTS, max(2, size // 5))
    found = 0
    for place in range(1, wanted):
        cut = target[ordered[place * size // wanted]]
        after = target[ordered[min((place + 1) * size // wanted, size - 1)]]
        if found and cuts[found - 1] >= cut:
            continue
        if after == cut and cut > low and (found == 0 or cuts[found - 1] < cut - 1):
            cuts[found] = cut - 1
            found += 1
        if cut < high:
            cuts[found] = cut
            found += 1
    if found == 0:
        cuts[0] = high - 1
        found = 1
    return found


@_compiled
def _classify(ordered: Codes, target: Codes, is_scale: bool, classes: Codes, cuts: Codes) -> int:
    """Write the class of each row of a node, and return how many classes there are."""
    if not is_scale:
        most = 0
        for row in ordered:
            classes[row] = target[row]
            most = max(most, int(target[row]))
        return most + 1
    found = _cuts(ordered, target, cuts)
    place = 0
    for row in ordered:
        while place < found and target[row] > cuts[place]:
            place += 1
        classes[row] = place
    return found + 1


@_compiled
def _scale_score(left: Floats, total: Floats, classes: int, size: int, of: int) -> float:
    """Return what a split of a scale explains: squared sums of the indicators over their rows."""
    below = below_all = score_left = score_right = 0.0
    for place in range(classes - 1):
        below += left[place]
        below_all += total[place]
        score_left += below * below
        score_right += (below_all - below) ** 2
    return score_left / size + score_right / (of - size)


@_compiled
def _best_of_scale(
    ordered: Codes, feature: Codes, classes: Codes, total: Floats, number: int, least: int
) -> tuple[float, int]:
    size = len(ordered)
    left = np.zeros(number)
    stride = max(1, size // CANDIDATES)
    due = least
    best, cut = -1.0, -1
    for place in range(size - least):
        row = ordered[place]
        left[classes[row]] += 1
        if place + 1 >= due and feature[row] != feature[ordered[place + 1]]:
            due = place + 1 + stride
            score = _scale_score(left, total, number, place + 1, size)
            if score > best:
                best, cut = score, feature[row]
    return best, cut


@_compiled
def _best_of_levels(
    ordered: Codes, feature: Codes, classes: Codes, total: Floats, number: int, least: int
) -> tuple[float, int]:
    """Gini impurity (Breiman et al. 1984): the sums of squares move by one row at a time."""
    size = len(ordered)
    left = np.zeros(number)
    squares_left, squares_right = 0.0, np.sum(total[:number] ** 2)
    best, cut = -1.0, -1
    for place in range(size - least):
        row = ordered[place]
        group = classes[row]
        squares_left += 2 * left[group] + 1
        squares_right -= 2 * (total[group] - left[group]) - 1
        left[group] += 1
        if place + 1 >= least and feature[row] != feature[ordered[place + 1]]:
            score = squares_left / (place + 1) + squares_right / (size - place - 1)
            if score > best:
                best, cut = score, feature[row]
    return best, cut


@_compiled
def _split(
    orders: Codes, features: Codes, classes: Codes, number: int, is_scale: bool, least: int
) -> tuple[int, int]:
    """Return the feature and code that split a node best, or -1 where nothing does."""
    size = orders.shape[1]
    total = np.zeros(number)
    for row in orders[0]:
        total[classes[row]] += 1
    if is_scale:
        unsplit = 0.0
        for share in np.cumsum(total)[: number - 1]:
            unsplit += share * share
    else:
        unsplit = np.sum(total**2)
    best, chosen, cut = unsplit / size * (1 + 1e-9) + 1e-9, -1, -1
    for index in range(len(features)):
        ordered, feature = orders[index], features[index]
        if feature[ordered[0]] == feature[ordered[size - 1]]:
            continue
        if is_scale:
            score, place = _best_of_scale(ordered, feature, classes, total, number, least)
        else:
            score, place = _best_of_levels(ordered, feature, classes, total, number, least)
        if score > best:
            best, chosen, cut = score, index, place
    return chosen, cut


@_compiled
def _part(orders: Codes, feature: Codes, chosen: int, cut: int, spare: Codes) -> int:
    """Part every order of a node's rows at a cut, keeping each order; return the rows on the left.

    Args:
        orders: int32, features and target x rows of the node; changed in place.
        feature: the codes of the feature that is cut.
        chosen: its index.
        cut: rows with a code up to this one go left.
        spare: int32, room for as many rows as the node has.
    """
    left = 0
    for row in orders[chosen]:
        left += feature[row] <= cut
    for index in range(len(orders)):
        ordered = orders[index]
        kept = moved = 0
        for row in ordered:
            if feature[row] <= cut:
                ordered[kept] = row
                kept += 1
            else:
                spare[moved] = row
                moved += 1
        ordered[kept:] = spare[:moved]
    return left


@_compiled
def grow(
    features: Codes,
    sizes: Indices,
    target: Codes,
    size: int,
    rows: Codes,
    is_scale: bool,
    least: int,
) -> tuple[Codes, Codes, Codes]:
    """Grow one tree.

    Args:
        features: int32, predecessors x seed rows: codes.
        sizes: int64, by predecessor: one more than its largest code.
        target: int32, one a seed row: codes.
        size: one more than its largest.
        rows: int32, the seed rows to grow on.
        is_scale: whether the order of the target's codes means something.
        least: rows that a leaf has at least.

    Returns:
        By node: the feature to compare or `LEAF`; the code up to which a row goes left; the left
        child, next to which the right one lies. Children come after their parents.
    """
    number = len(features)
    orders = np.empty((number + 1, len(rows)), np.int32)
    for index in range(number):
        orders[index] = sort(features[index], rows, sizes[index])
    orders[number] = sort(target, rows, size)
    most = 2 * (len(rows) // least) + 3
    feature, threshold = np.full(most, LEAF, np.int32), np.zeros(most, np.int32)
    left, first, end = np.zeros(most, np.int32), np.zeros(most, np.int64), np.zeros(most, np.int64)
    classes, spare = np.empty(features.shape[1], np.int32), np.empty(len(rows), np.int32)
    cuts = np.empty(2 * MAX_CUTS + 2, np.int32)
    end[0] = len(rows)
    node, nodes = 0, 1
    while node < nodes:  # breadth first: a node is done when its number comes up
        here = orders[:, first[node] : end[node]]
        by_target = here[number]
        if len(by_target) >= 2 * least and target[by_target[0]] != target[by_target[-1]]:
            found = _classify(by_target, target, is_scale, classes, cuts)
            chosen, cut = _split(here[:number], features, classes, found, is_scale, least)
            if chosen >= 0:
                middle = first[node] + _part(here, features[chosen], chosen, cut, spare)
                feature[node], threshold[node], left[node] = chosen, cut, nodes
                first[nodes], end[nodes] = first[node], middle
                first[nodes + 1], end[nodes + 1] = middle, end[node]
                nodes += 2
        node += 1
    return feature[:nodes].copy(), threshold[:nodes].copy(), left[:nodes].copy()


@_compiled
def descend(
    codes: Codes,
    start: Indices,
    places: Codes,
    feature: Codes,
    threshold: Codes,
    left: Codes,
    node: Codes,
) -> None:
    """Send rows down their trees, in place.

    Args:
        codes: int32, predecessors x rows.
        start: int64, by predecessor: where its own codes begin in `places`, or -1 if its codes are
            compared as they are.
        places: int32, what a tree sees instead of a code.
        feature: int32, by node: the predecessor to compare, or `LEAF`.
        threshold: int32, by node: the code up to which a row goes left.
        left: int32, by node: the left child; the right one comes next.
        node: int32, one a row: where it begins, and afterwards its leaf.
    """
    for row in range(len(node)):
        at = node[row]
        while feature[at] != LEAF:
            code = codes[feature[at], row]
            if start[feature[at]] >= 0:
                code = places[start[feature[at]] + code]
            at = left[at] + (code > threshold[at])
        node[row] = at


@_compiled
def project(codes: Codes, start: Indices, places: Codes, weights: Floats, cuts: Floats) -> Codes:
    """Return the place among cuts of each row's weighted sum, int32.

    Summed in one fixed order, so that it is the same on every machine.

    Args:
        codes: int32, predecessors x rows.
        start: int64, by predecessor: where its own codes begin in `places`, or -1.
        places: int32, what is summed instead of a code.
        weights: float64, by predecessor.
        cuts: float64, ascending.
    """
    sums = np.zeros(codes.shape[1])
    for index in range(len(codes)):
        for row in range(codes.shape[1]):
            code = codes[index, row]
            if start[index] >= 0:
                code = places[start[index] + code]
            sums[row] += weights[index] * code
    return np.searchsorted(cuts, sums).astype(np.int32)


@_compiled
def deal(leaves: Codes, order: Indices, offset: Floats, first: Codes, count: Codes) -> Indices:
    """Deal the donors of each leaf to its rows evenly, by systematic sampling (Madow 1949).

    Args:
        leaves: int32, the leaf of each row.
        order: int64, the rows in random order.
        offset: float64, by leaf, 0 to 1: where the dealing begins.
        first: int32, by leaf: where its donors begin in their list.
        count: int32, by leaf: how many it has.

    Returns:
        int64, by row: a place in the list of donors.
    """
    waiting = np.zeros(len(count), np.int64)
    for leaf in leaves:
        waiting[leaf] += 1
    dealt = np.zeros(len(count), np.int64)
    places = np.empty(len(leaves), np.int64)
    for row in order:
        leaf = leaves[row]
        share = (dealt[leaf] + offset[leaf]) / waiting[leaf]
        places[row] = first[leaf] + min(int(share * count[leaf]), count[leaf] - 1)
        dealt[leaf] += 1
    return places


@_compiled
def part_donors(
    places: Indices,
    taken: Codes,
    donors: Codes,
    leaves: Codes,
    turn: Floats,
    first: Codes,
    count: Codes,
) -> None:
    """Move rows on to another donor of their leaf where theirs gave them a value before, in place.

    Args:
        places: int64, by row: its place in the list of donors; changed.
        taken: int32, columns x rows: the donors so far.
        donors: int32, the list.
        leaves: int32, by row.
        turn: float64, by row, 0 to 1: where in the leaf the search begins.
        first: int32, by leaf: where its donors begin in the list.
        count: int32, by leaf: how many it has.
    """
    for row in range(len(places)):
        if not _has(taken, row, donors[places[row]]):
            continue
        leaf = leaves[row]
        begin = int(turn[row] * count[leaf])
        for step in range(count[leaf]):
            place = first[leaf] + (begin + step) % count[leaf]
            if not _has(taken, row, donors[place]):
                places[row] = place
                break


@_compiled
def _has(taken: Codes, row: int, donor: int) -> bool:
    for column in range(len(taken)):  # noqa: SIM110 - generators are not compiled
        if taken[column, row] == donor:
            return True
    return False
