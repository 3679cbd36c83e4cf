"""Compiled loops that grow a tree, node by node.

What they call is in this file too, since the cache of compiled code notices changes of a function
only in its own file.

They are written element by element: each expression of whole arrays is a piece of NumPy that is
compiled along, and a first study would wait several times as long.
"""

import math
from typing import NamedTuple

import numpy as np

from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.model.kernels import LEAF, compiled


class Growth(NamedTuple):
    """How far a tree grows: evidence decides a split, not size alone.

    Attributes:
        min_rows: rows of a leaf at least.
        large: rows from which on a part is large.
        evidence: that a split needs, in standard deviations beyond what independent rows show (see
            `_evidence`).
        evidence_of_large: that a split into large parts needs.
    """

    min_rows: int
    large: int
    evidence: float
    evidence_of_large: float


class Told(NamedTuple):
    """What a tree is to tell apart, and how much each respondent counts.

    Attributes:
        codes: int32, one a respondent: of the target, or its class in a node.
        weight: float64, positive, one a respondent.
    """

    codes: Int32s
    weight: Floats


BEST_OF_ORDERS = 2 / math.pi
"""What the best of all cuts through k levels in the order of the target explains of independent
rows: about this part of what all k levels explain together (Fisher 1958; for many normal means)."""
MAX_CUTS = 8
"""Cuts that a split of a scale looks at: quantiles of the rows in the node."""
LEVELS, SCALE = False, True
"""Of a target: whether the order of its codes means something."""
CANDIDATES = 64
"""Positions in the order of a feature at which the split of a scale is tried."""


@compiled
def _sum(values: Floats) -> float:
    total = 0.0
    for value in values:
        total += value
    return total


@compiled
def goes_left(code: int, threshold: int) -> bool:
    """Tell whether a row goes left: up to the threshold; if that is negative, with `~threshold`."""
    if threshold < 0:
        return code == ~threshold
    return code <= threshold


@compiled
def sort(codes: Int32s, rows: Int32s, size: int) -> Int32s:
    """Return `rows` in the order of their codes, 0 to size - 1; rows of one code keep theirs."""
    ordered = np.empty(len(rows), np.int32)
    _sort_into(ordered, codes, rows, size)
    return ordered


@compiled
def _sort_into(ordered: Int32s, codes: Int32s, rows: Int32s, size: int) -> None:
    first = np.zeros(size + 1, np.int64)
    for row in rows:
        first[codes[row] + 1] += 1
    for code in range(size):
        first[code + 1] += first[code]
    for row in rows:
        ordered[first[codes[row]]] = row
        first[codes[row]] += 1


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
        largest = 0
        for row in ordered:
            classes[row] = target[row]
            largest = max(largest, int(target[row]))
        return largest + 1
    cut_count = _cuts(ordered, target, cuts)
    position = 0
    for row in ordered:
        while position < cut_count and target[row] > cuts[position]:
            position += 1
        classes[row] = position
    return cut_count + 1


@compiled
def _scale_score(left: Floats, total: Floats, size: float, of: float) -> float:
    """Return what a split of a scale explains: squared sums of the indicators over their rows."""
    below = below_all = score_left = score_right = 0.0
    for position in range(len(total) - 1):
        below += left[position]
        below_all += total[position]
        score_left += below * below
        score_right += (below_all - below) ** 2
    return score_left / size + score_right / (of - size)


@compiled
def _level_score(left: Floats, total: Floats, size: float, of: float) -> float:
    """Return what a split explains of levels: Gini impurity (Breiman et al. 1984)."""
    score_left = score_right = 0.0
    for position in range(len(total)):
        score_left += left[position] * left[position]
        score_right += (total[position] - left[position]) ** 2
    return score_left / size + score_right / (of - size)


@compiled
def _best_of_scale(
    ordered: Int32s,
    feature: Int32s,
    has_order: bool,
    told: Told,
    total: Floats,
    growth: Growth,
    best: Floats,
    cut: Int64s,
) -> None:
    """Find better splits of a scale than the best so far, of any parts and of large ones, in place.

    The codes of a feature without an order are parted from all others as well, one at a time.
    """
    size, all_weight, weight_left = len(ordered), _sum(total), 0.0
    left, before, alone = np.zeros(len(total)), np.zeros(len(total)), np.empty(len(total))
    counted = 0
    is_free = 0 if has_order else 1
    stride = max(1, size // CANDIDATES)
    due = growth.min_rows
    for position in range(size - 1):
        row = ordered[position]
        left[told.codes[row]] += told.weight[row]
        weight_left += told.weight[row]
        if feature[row] == feature[ordered[position + 1]]:
            continue
        count = position + 1
        if not has_order:
            smaller = min(count - counted, size - count + counted)
            _advance(before, left, alone)
            _keep_alone(feature[row], alone, smaller, total, SCALE, growth, best, cut)
            counted = count
        if count >= due and size - count >= growth.min_rows:
            due = count + stride
            score = _scale_score(left, total, weight_left, all_weight)
            _keep(score, feature[row], min(count, size - count), is_free, growth, best, cut)
    if not has_order:
        code, smaller = feature[ordered[size - 1]], min(size - counted, counted)
        _advance(before, total, alone)
        _keep_alone(code, alone, smaller, total, SCALE, growth, best, cut)


@compiled
def _best_of_levels(
    ordered: Int32s,
    feature: Int32s,
    has_order: bool,
    told: Told,
    total: Floats,
    growth: Growth,
    best: Floats,
    cut: Int64s,
) -> None:
    """Find better splits of levels; here the sums of squares move by one row at a time."""
    size, all_weight, weight_left = len(ordered), _sum(total), 0.0
    left, before, alone = np.zeros(len(total)), np.zeros(len(total)), np.empty(len(total))
    counted = 0
    is_free = 0 if has_order else 1
    squares_left, squares_right = 0.0, _score_unsplit(total, LEVELS)
    for position in range(size - 1):
        row = ordered[position]
        group, own = told.codes[row], told.weight[row]
        squares_left += (2 * left[group] + own) * own
        squares_right -= (2 * (total[group] - left[group]) - own) * own
        left[group] += own
        weight_left += own
        if feature[row] == feature[ordered[position + 1]]:
            continue
        count = position + 1
        if not has_order:
            smaller = min(count - counted, size - count + counted)
            _advance(before, left, alone)
            _keep_alone(feature[row], alone, smaller, total, LEVELS, growth, best, cut)
            counted = count
        if count >= growth.min_rows and size - count >= growth.min_rows:
            score = squares_left / weight_left + squares_right / (all_weight - weight_left)
            _keep(score, feature[row], min(count, size - count), is_free, growth, best, cut)
    if not has_order:
        code, smaller = feature[ordered[size - 1]], min(size - counted, counted)
        _advance(before, total, alone)
        _keep_alone(code, alone, smaller, total, LEVELS, growth, best, cut)


@compiled
def _advance(before: Floats, left: Floats, own: Floats) -> None:
    """Write to `own` what was added to `before`, which is brought up to `left`."""
    for position in range(len(left)):
        own[position] = left[position] - before[position]
        before[position] = left[position]


@compiled
def _keep_alone(
    code: int,
    own: Floats,
    smaller: int,
    total: Floats,
    is_scale: bool,
    growth: Growth,
    best: Floats,
    cut: Int64s,
) -> None:
    """Keep the split of one code, with so much of each class, from all others; see `_keep`."""
    size, of = _sum(own), _sum(total)
    if smaller >= growth.min_rows:
        score = _level_score(own, total, size, of)
        if is_scale:
            score = _scale_score(own, total, size, of)
        _keep(score, ~code, smaller, 0, growth, best, cut)


@compiled
def _keep(
    score: float,
    threshold: int,
    smaller: int,
    is_free: int,
    growth: Growth,
    best: Floats,
    cut: Int64s,
) -> None:
    """Keep a split that is better than those of its kinds so far, in place.

    The kinds: 0 and 1 of a given order, or one code against the rest; 2 and 3 of an order that was
    chosen to suit the target; 1 and 3 into large parts.
    """
    kind = 2 * is_free
    if score > best[kind]:
        best[kind], cut[kind] = score, threshold
    if smaller >= growth.large and score > best[kind + 1]:
        best[kind + 1], cut[kind + 1] = score, threshold


@compiled
def _evidence(
    left: Floats, total: Floats, size: float, of: float, is_scale: bool, freedom: float
) -> float:
    """Return how far a split is beyond what independent rows would show, in standard deviations.

    What a split explains of independent rows is a weighted sum of chi-squares, the weights being
    the eigenvalues of the covariance of the indicators. Two moments give the chi-square that is
    nearest to it (Satterthwaite 1946), and the cube root of that is nearly normal (Wilson &
    Hilferty 1931). Counts are moved half a row towards the expected ones (Yates 1934), since few
    rows of a rare level are met by chance more often than a chi-square says. `freedom` multiplies
    the degrees of freedom.
    """
    number = len(total) - 1 if is_scale else len(total)
    shares = np.empty(number)
    below = below_all = gain = 0.0
    for position in range(number):
        if is_scale:
            below += left[position]
            below_all += total[position]
        else:
            below, below_all = left[position], total[position]
        shares[position] = below_all / of
        off = max(abs(below - size * shares[position]) - 0.5, 0.0)
        gain += off * off
    gain *= (of - 1) / (size * (of - size))
    trace = squares = 0.0
    if is_scale:
        for position in range(number):
            share = shares[position]
            trace += share * (1 - share)
            squares += (share * (1 - share)) ** 2
            for other in range(position):  # its share is smaller
                squares += 2 * (shares[other] * (1 - share)) ** 2
    else:
        second = third = 0.0
        for share in shares:
            second += share * share
            third += share * share * share
        trace, squares = 1 - second, second - 2 * third + second * second
    if trace <= 0 or squares <= 0:
        return 0.0
    trace, squares = trace * freedom, squares * freedom
    spread = 2 * squares / (9 * trace * trace)
    return float(((gain / trace) ** (1 / 3) - 1 + spread) / np.sqrt(spread))


@compiled
def _split(
    orders: Int32s,
    features: Int32s,
    has_order: Flags,
    told: Told,
    groups: int,
    is_scale: bool,
    growth: Growth,
) -> tuple[int, int]:
    """Return the feature and threshold that split a node best, or -1 where nothing does.

    A small part may explain much by chance, and so may an order of levels that suits the target;
    the best split of each kind (see `_keep`) is therefore weighed by its evidence.
    """
    size = orders.shape[1]
    total = np.zeros(groups)
    for row in orders[0]:
        total[told.codes[row]] += told.weight[row]
    unsplit = _score_unsplit(total, is_scale) / _sum(total)
    score, best, cut = np.empty(4), np.empty(4), np.zeros(4, np.int64)
    splits = np.empty((4, 2), np.int64)  # of each kind: the feature and the threshold
    for kind in range(4):
        score[kind] = best[kind] = unsplit * (1 + 1e-9) + 1e-9
        splits[kind, 0] = splits[kind, 1] = -1
    for index in range(len(features)):
        ordered, feature, ordinal = orders[index], features[index], has_order[index]
        if feature[ordered[0]] == feature[ordered[size - 1]]:
            continue
        if is_scale:
            _best_of_scale(ordered, feature, ordinal, told, total, growth, best, cut)
        else:
            _best_of_levels(ordered, feature, ordinal, told, total, growth, best, cut)
        for kind in range(4):
            if best[kind] > score[kind]:
                score[kind], splits[kind, 0], splits[kind, 1] = best[kind], index, cut[kind]
    return _most_evident(orders, features, has_order, told, total, is_scale, growth, splits)


@compiled
def _most_evident(
    orders: Int32s,
    features: Int32s,
    has_order: Flags,
    told: Told,
    total: Floats,
    is_scale: bool,
    growth: Growth,
    splits: Int64s,
) -> tuple[int, int]:
    """Return the split of any kind with most evidence, or of large parts, or -1 if it lacks it."""
    most, taken = np.empty(2), np.empty(2, np.int64)
    for kind in range(2):
        most[kind], taken[kind] = -np.inf, -1
    for kind in range(4):
        index, threshold = splits[kind, 0], splits[kind, 1]
        if index >= 0:
            ordered, feature = orders[index], features[index]
            known = _evidence_of(
                ordered, feature, threshold, told, total, has_order[index], is_scale
            )
            if known > most[kind % 2]:
                most[kind % 2], taken[kind % 2] = known, kind
    if taken[0] >= 0 and most[0] >= growth.evidence:
        return splits[taken[0], 0], splits[taken[0], 1]
    if taken[1] >= 0 and most[1] >= growth.evidence_of_large:
        return splits[taken[1], 0], splits[taken[1], 1]
    return -1, 0


@compiled
def _evidence_of(
    ordered: Int32s,
    feature: Int32s,
    threshold: int,
    told: Told,
    total: Floats,
    has_order: bool,
    is_scale: bool,
) -> float:
    """Return the evidence for a split, by how many splits of its kind there were to choose from.

    Rows of unequal weight are evidence of fewer rows: of the node's effective sample size (Kish
    1965), by which the chi-square of a weighted survey is divided (Rao & Scott 1981, first order).

    Levels lie in the order that suits the target best, so a cut through k of them explains by
    chance what it would with ``BEST_OF_ORDERS * (k - 1)`` times the degrees of freedom. One of k
    levels against the rest is the best of k: as in Bonferroni's bound, with the tail of a normal
    deviate z near ``exp(-z * z / 2)``.
    """
    left, codes, squares = np.zeros(len(total)), 1, 0.0
    for position in range(len(ordered)):
        row = ordered[position]
        squares += told.weight[row] * told.weight[row]
        if goes_left(feature[row], threshold):
            left[told.codes[row]] += told.weight[row]
        codes += position > 0 and feature[row] != feature[ordered[position - 1]]
    is_free = not has_order and threshold >= 0
    freedom = max(1.0, BEST_OF_ORDERS * (codes - 1)) if is_free else 1.0
    scale, scaled = _sum(total) / squares, np.empty(len(total))
    for position in range(len(total)):
        left[position] *= scale
        scaled[position] = total[position] * scale
    evidence = _evidence(left, scaled, _sum(left), _sum(scaled), is_scale, freedom)
    if has_order or is_free or evidence <= 0:
        return evidence
    return math.sqrt(max(evidence * evidence - 2 * math.log(codes), 0.0))


@compiled
def _score_unsplit(total: Floats, is_scale: bool) -> float:
    """Return the squared sums of the indicators of a node."""
    squares = below = 0.0
    if not is_scale:
        for value in total:
            squares += value * value
        return squares
    for position in range(len(total) - 1):
        below += total[position]
        squares += below * below
    return squares


@compiled
def _partition(orders: Int32s, feature: Int32s, chosen: int, cut: int, spare: Int32s) -> int:
    """Part every order of a node's rows at a cut, keeping each order; return the rows on the left.

    Args:
        orders: int32, features and target x rows of the node; changed in place.
        feature: the codes of the feature that is cut.
        chosen: its index.
        cut: see `goes_left`.
        spare: int32, room for as many rows as the node has.
    """
    left = 0
    for row in orders[chosen]:
        left += goes_left(feature[row], cut)
    for index in range(len(orders)):
        ordered = orders[index]
        kept = moved = 0
        for row in ordered:
            if goes_left(feature[row], cut):
                ordered[kept] = row
                kept += 1
            else:
                spare[moved] = row
                moved += 1
        for position in range(moved):
            ordered[kept + position] = spare[position]
    return left


@compiled
def grow(
    features: Int32s,
    sizes: Int64s,
    has_order: Flags,
    target: Told,
    size: int,
    rows: Int32s,
    is_scale: bool,
    growth: Growth,
) -> tuple[Int32s, Int32s, Int32s]:
    """Grow one tree.

    Args:
        features: int32, predecessors x respondents: codes.
        sizes: int64, by predecessor: one more than its largest code.
        has_order: bool, by predecessor: whether it is cut along its order alone; otherwise one code
            may be parted from all others as well.
        target: what to tell apart, and how much each respondent counts. Least sizes of leaves are
            of rows, whatever they count.
        size: one more than its largest.
        rows: int32, the respondents to grow on.
        is_scale: whether the order of the target's codes means something.
        growth: how far.

    Returns:
        By node: the feature to compare or `LEAF`; the threshold (see `goes_left`); the left child,
        next to which the right one lies. Children come after their parents.
    """
    feature_count = len(features)
    orders = np.empty((feature_count + 1, len(rows)), np.int32)
    for index in range(feature_count):
        _sort_into(orders[index], features[index], rows, sizes[index])
    _sort_into(orders[feature_count], target.codes, rows, size)
    max_nodes = 2 * (len(rows) // growth.min_rows) + 3
    feature, threshold = np.empty(max_nodes, np.int32), np.zeros(max_nodes, np.int32)
    for node in range(max_nodes):
        feature[node] = LEAF
    left, first, end = (
        np.zeros(max_nodes, np.int32),
        np.zeros(max_nodes, np.int64),
        np.zeros(max_nodes, np.int64),
    )
    classes, spare = np.empty(features.shape[1], np.int32), np.empty(len(rows), np.int32)
    cuts = np.empty(2 * MAX_CUTS + 2, np.int32)
    end[0] = len(rows)
    node, nodes = 0, 1
    while node < nodes:  # breadth first: a node is done when its turn comes
        here = orders[:, first[node] : end[node]]
        by_target = here[feature_count]
        is_mixed = target.codes[by_target[0]] != target.codes[by_target[-1]]
        if is_mixed and len(by_target) >= 2 * growth.min_rows:
            groups = _classify(by_target, target.codes, is_scale, classes, cuts)
            chosen, cut = _split(
                here[:feature_count],
                features,
                has_order,
                Told(classes, target.weight),
                groups,
                is_scale,
                growth,
            )
            if chosen >= 0:
                middle = first[node] + _partition(here, features[chosen], chosen, cut, spare)
                feature[node], threshold[node], left[node] = chosen, cut, nodes
                first[nodes], end[nodes] = first[node], middle
                first[nodes + 1], end[nodes + 1] = middle, end[node]
                nodes += 2
        node += 1
    return feature[:nodes].copy(), threshold[:nodes].copy(), left[:nodes].copy()
