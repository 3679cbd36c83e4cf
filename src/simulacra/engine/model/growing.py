"""Compiled loops that grow a tree, node by node.

What they call is in this file too, since the cache of compiled code notices changes of a function
only in its own file.
"""

import numpy as np

from simulacra.engine.columns.arrays import Floats, Int32s, Int64s
from simulacra.engine.model.kernels import LEAF, compiled

MAX_CUTS = 8
"""Cuts that a split of a scale looks at: quantiles of the rows in the node."""
CANDIDATES = 64
"""Positions in the order of a feature at which the split of a scale is tried."""


@compiled
def sort(codes: Int32s, rows: Int32s, size: int) -> Int32s:
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


@compiled
def _cuts(ordered: Int32s, target: Int32s, cuts: Int32s) -> int:
    """Write the cuts of a node's scale, and return how many: quantiles, and both sides of spikes.

    ``target <= cut`` for each of them is what squared error is summed over: the continuous ranked
    probability score (Gneiting & Raftery 2007) on a grid that narrows with the node.
    """
    size = len(ordered)
    low, high = target[ordered[0]], target[ordered[size - 1]]
    count = min(MAX_CUTS, max(2, size // 5))
    cut_count = 0
    for position in range(1, count):
        cut = target[ordered[position * size // count]]
        after = target[ordered[min((position + 1) * size // count, size - 1)]]
        if cut_count and cuts[cut_count - 1] >= cut:
            continue
        if after == cut and cut > low and (cut_count == 0 or cuts[cut_count - 1] < cut - 1):
            cuts[cut_count] = cut - 1
            cut_count += 1
        if cut < high:
            cuts[cut_count] = cut
            cut_count += 1
    if cut_count == 0:
        cuts[0] = high - 1
        cut_count = 1
    return cut_count


@compiled
def _classify(
    ordered: Int32s, target: Int32s, is_scale: bool, classes: Int32s, cuts: Int32s
) -> int:
    """Write the class of each row of a node, and return how many classes there are."""
    if not is_scale:
        max_nodes = 0
        for row in ordered:
            classes[row] = target[row]
            max_nodes = max(max_nodes, int(target[row]))
        return max_nodes + 1
    cut_count = _cuts(ordered, target, cuts)
    position = 0
    for row in ordered:
        while position < cut_count and target[row] > cuts[position]:
            position += 1
        classes[row] = position
    return cut_count + 1


@compiled
def _scale_score(left: Floats, total: Floats, classes: int, size: int, of: int) -> float:
    """Return what a split of a scale explains: squared sums of the indicators over their rows."""
    below = below_all = score_left = score_right = 0.0
    for position in range(classes - 1):
        below += left[position]
        below_all += total[position]
        score_left += below * below
        score_right += (below_all - below) ** 2
    return score_left / size + score_right / (of - size)


@compiled
def _best_of_scale(
    ordered: Int32s,
    feature: Int32s,
    classes: Int32s,
    total: Floats,
    groups: int,
    min_rows: int,
) -> tuple[float, int]:
    size = len(ordered)
    left = np.zeros(groups)
    stride = max(1, size // CANDIDATES)
    due = min_rows
    best, cut = -1.0, -1
    for position in range(size - min_rows):
        row = ordered[position]
        left[classes[row]] += 1
        if position + 1 >= due and feature[row] != feature[ordered[position + 1]]:
            due = position + 1 + stride
            score = _scale_score(left, total, groups, position + 1, size)
            if score > best:
                best, cut = score, feature[row]
    return best, cut


@compiled
def _best_of_levels(
    ordered: Int32s,
    feature: Int32s,
    classes: Int32s,
    total: Floats,
    groups: int,
    min_rows: int,
) -> tuple[float, int]:
    """Gini impurity (Breiman et al. 1984): the sums of squares move by one row at a time."""
    size = len(ordered)
    left = np.zeros(groups)
    squares_left, squares_right = 0.0, np.sum(total[:groups] ** 2)
    best, cut = -1.0, -1
    for position in range(size - min_rows):
        row = ordered[position]
        group = classes[row]
        squares_left += 2 * left[group] + 1
        squares_right -= 2 * (total[group] - left[group]) - 1
        left[group] += 1
        if position + 1 >= min_rows and feature[row] != feature[ordered[position + 1]]:
            score = squares_left / (position + 1) + squares_right / (size - position - 1)
            if score > best:
                best, cut = score, feature[row]
    return best, cut


@compiled
def _split(
    orders: Int32s,
    features: Int32s,
    classes: Int32s,
    groups: int,
    is_scale: bool,
    min_rows: int,
) -> tuple[int, int]:
    """Return the feature and code that split a node best, or -1 where nothing does."""
    size = orders.shape[1]
    total = np.zeros(groups)
    for row in orders[0]:
        total[classes[row]] += 1
    if is_scale:
        unsplit = 0.0
        for share in np.cumsum(total)[: groups - 1]:
            unsplit += share * share
    else:
        unsplit = np.sum(total**2)
    best, chosen, cut = unsplit / size * (1 + 1e-9) + 1e-9, -1, -1
    for index in range(len(features)):
        ordered, feature = orders[index], features[index]
        if feature[ordered[0]] == feature[ordered[size - 1]]:
            continue
        if is_scale:
            score, position = _best_of_scale(ordered, feature, classes, total, groups, min_rows)
        else:
            score, position = _best_of_levels(ordered, feature, classes, total, groups, min_rows)
        if score > best:
            best, chosen, cut = score, index, position
    return chosen, cut


@compiled
def _partition(orders: Int32s, feature: Int32s, chosen: int, cut: int, spare: Int32s) -> int:
    """Part every order of a node's rows at a cut, keeping each order; return the rows on the left.

    Args:
        orders: int32, features and target x rows of the node; changed in position.
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


@compiled
def grow(
    features: Int32s,
    sizes: Int64s,
    target: Int32s,
    size: int,
    rows: Int32s,
    is_scale: bool,
    min_rows: int,
) -> tuple[Int32s, Int32s, Int32s]:
    """Grow one tree.

    Args:
        features: int32, predecessors x respondents: codes.
        sizes: int64, by predecessor: one more than its largest code.
        target: int32, one a respondent: codes.
        size: one more than its largest.
        rows: int32, the respondents to grow on.
        is_scale: whether the order of the target's codes means something.
        min_rows: rows that a leaf has at min_rows.

    Returns:
        By node: the feature to compare or `LEAF`; the code up to which a row goes left; the left
        child, next to which the right one lies. Children come after their parents.
    """
    feature_count = len(features)
    orders = np.empty((feature_count + 1, len(rows)), np.int32)
    for index in range(feature_count):
        orders[index] = sort(features[index], rows, sizes[index])
    orders[feature_count] = sort(target, rows, size)
    max_nodes = 2 * (len(rows) // min_rows) + 3
    feature, threshold = np.full(max_nodes, LEAF, np.int32), np.zeros(max_nodes, np.int32)
    left, first, end = (
        np.zeros(max_nodes, np.int32),
        np.zeros(max_nodes, np.int64),
        np.zeros(max_nodes, np.int64),
    )
    classes, spare = np.empty(features.shape[1], np.int32), np.empty(len(rows), np.int32)
    cuts = np.empty(2 * MAX_CUTS + 2, np.int32)
    end[0] = len(rows)
    node, nodes = 0, 1
    while node < nodes:  # breadth first: a node is done when its feature_count comes up
        here = orders[:, first[node] : end[node]]
        by_target = here[feature_count]
        if len(by_target) >= 2 * min_rows and target[by_target[0]] != target[by_target[-1]]:
            groups = _classify(by_target, target, is_scale, classes, cuts)
            chosen, cut = _split(
                here[:feature_count], features, classes, groups, is_scale, min_rows
            )
            if chosen >= 0:
                middle = first[node] + _partition(here, features[chosen], chosen, cut, spare)
                feature[node], threshold[node], left[node] = chosen, cut, nodes
                first[nodes], end[nodes] = first[node], middle
                first[nodes + 1], end[nodes + 1] = middle, end[node]
                nodes += 2
        node += 1
    return feature[:nodes].copy(), threshold[:nodes].copy(), left[:nodes].copy()
