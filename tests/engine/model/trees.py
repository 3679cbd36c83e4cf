"""Small trees and the studies that they are grown on, for tests of the compiled loops."""

import numpy as np
from hypothesis import strategies as st

from simulacra.engine.columns.arrays import Int32s, Int64s
from simulacra.engine.model import growing
from simulacra.engine.model.growing import Growth, Told
from simulacra.engine.model.kernels import LEAF

Tree = tuple[Int32s, Int32s, Int32s]
LEVELS, SCALE = False, True


def ints(values: object) -> Int32s:
    return np.asarray(values, dtype=np.int32)


def tree_of(features: Int32s, target: Int32s, least: int, *, is_scale: bool) -> Tree:
    """Grow a tree on all rows."""
    sizes = features.max(axis=1).astype(np.int64) + 1
    rows = np.arange(len(target), dtype=np.int32)
    size = int(target.max()) + 1
    ordered = np.ones(len(features), dtype=np.bool_)
    grown: Tree = growing.grow(
        features, sizes, ordered, unweighted(target), size, rows, is_scale, without_evidence(least)
    )
    return grown


def unweighted(target: Int32s) -> Told:
    """Return a target of respondents who all count as much."""
    return Told(target, np.ones(len(target)))


def without_evidence(least: int) -> Growth:
    """Return how far a tree grows whose leaves need no evidence, but so many rows."""
    return Growth(least, least, -np.inf, -np.inf)


def walk(tree: Tree, codes: Int64s) -> int:
    """Send one row down a tree."""
    feature, threshold, left = tree
    node = 0
    while feature[node] != LEAF:
        is_right = not growing.goes_left(codes[feature[node]], threshold[node])
        node = int(left[node]) + int(is_right)
    return node


def leaves_of(tree: Tree, features: Int32s) -> Int64s:
    return np.array([walk(tree, row) for row in features.T.astype(np.int64)])


@st.composite
def studies(draw: st.DrawFn) -> tuple[Int32s, Int32s]:
    """Features and target of a few rows, with ties, constants and dependence."""
    rows, number = draw(st.integers(2, 60)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = draw(st.lists(st.integers(1, 12), min_size=number, max_size=number))
    features = np.stack([rng.integers(0, size, rows) for size in sizes])
    levels = draw(st.integers(1, 15))
    noise = rng.integers(0, levels, rows)
    target = np.where(rng.random(rows) < 0.6, features[0] % levels, noise)
    return ints(features), ints(target)
