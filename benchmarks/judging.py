"""Measures of synthetic rows: fidelity, privacy, and the error against a known population.

Rows are matrices coded by a schema (see `matrix`). A figure means little alone: compare
it with that of the raked study, independent columns and unseen real rows. Independent columns win
on `shape`, and copies of respondents win on `two_sample`, so neither is quoted without the others.
"""

from collections.abc import Callable, Container
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import entr
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import NearestNeighbors

from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.columns.schema import Column, Schema

EQUAL_BINS = 10
FOLDS = 5
BLOCK_ROWS = 8_192
BALLS = np.linspace(0, 1, 30)
"""Shares of the rows nearest to the centre, at which `precision_and_recall` compares."""


def matrix(schema: Schema, table: pa.Table) -> Floats:
    """Return the rows of a table as numbers, float64, shape (rows, columns).

    Raises:
        KeyError: a column of the schema is not in the table.
        ValueError: a text that is no level of its column.
    """
    return np.column_stack([column.encode(table[column.name]) for column in schema.columns])


def shape(schema: Schema, real: Floats, synthetic: Floats) -> float:
    """Return the mean likeness of single columns, 0 to 1.

    One less the total variation distance of categories, or the Kolmogorov-Smirnov statistic of
    numbers; missing values left out. As SDMetrics' Column Shapes.
    """
    return float(np.mean(column_shapes(schema, real, synthetic)))


def column_shapes(schema: Schema, real: Floats, synthetic: Floats) -> Floats:
    """Return the likeness of each column; `shape` is their mean."""
    return np.array(
        [
            _column_shape(column, real[:, position], synthetic[:, position])
            for position, column in enumerate(schema.columns)
        ]
    )


def trend(schema: Schema, real: Floats, synthetic: Floats) -> float:
    """Return the mean likeness of pairs of columns, 0 to 1.

    Two numbers compare their correlations; any other pair compares contingency tables, numbers cut
    into ten equal bins. As SDMetrics' Column Pair Trends (0.11.1), every pair counted. Pairs
    whose correlation is undefined in the real rows are left out; an undefined one in the synthetic
    rows counts as 0.
    """
    likeness = pair_trends(schema, real, synthetic)
    return float(np.nanmean(likeness[np.triu_indices(len(likeness), 1)]))


def pair_trends(schema: Schema, real: Floats, synthetic: Floats) -> Floats:
    """Return the likeness of each two columns, a square; `trend` is the mean of its upper half."""
    sides = [np.column_stack(_equal_bins(schema, rows)) for rows in (real, synthetic)]
    likeness = 1 - _distances(sides[0], sides[1], np.ones(len(real)), np.ones(len(synthetic)))
    numbers = [i for i, column in enumerate(schema.columns) if not column.type.is_categorical]
    correlations = [_correlations(rows[:, numbers]) for rows in (real, synthetic)]
    gap = np.abs(correlations[0] - np.nan_to_num(correlations[1]))
    likeness[np.ix_(numbers, numbers)] = 1 - gap / 2
    return likeness


def information_error(schema: Schema, real: Floats, synthetic: Floats) -> float:
    """Return the mean error of the mutual information of pairs of columns, 0 (best) to 1.

    Numbers are cut into ten equal parts of the real rows' range; values outside and missing ones
    are a part of their own. Mutual information is divided by the mean entropy of the two columns.
    The mean is weighted by the sum of both sides' mutual information, so that the many pairs that
    share nothing do not hide the few that matter.
    """
    both = [
        _parts_of_range(column, real[:, position], synthetic[:, position])
        for position, column in enumerate(schema.columns)
    ]
    sides = [np.column_stack(side) for side in zip(*both, strict=True)]
    sizes = 1 + np.maximum(sides[0].max(axis=0), sides[1].max(axis=0))
    above = np.triu_indices(len(sizes), 1)
    known, drawn = (_shared_information(codes, sizes)[above] for codes in sides)
    weights = known + drawn
    return float((weights * np.abs(known - drawn)).sum() / max(weights.sum(), np.finfo(float).tiny))


def pair_error(
    schema: Schema,
    truth: Floats,
    rows: Floats,
    truth_weights: Floats,
    row_weights: Floats,
    *,
    given: Container[str] = (),
) -> float:
    """Return the mean total variation distance over pairs of columns, 0 (best) to 1.

    Args:
        schema: of both.
        truth: float64, a known population's rows under a scenario; numbers are cut at its tenths.
        rows: float64, the rows to judge.
        truth_weights: float64, shape (rows,): those of `truth`.
        row_weights: float64, shape (rows,): those of `rows`; a raked study has them.
        given: columns that a scenario conditions; pairs of two of them do not count.
    """
    both = [
        _quantile_bins(column, truth[:, position], rows[:, position])
        for position, column in enumerate(schema.columns)
    ]
    sides = [np.column_stack(side) for side in zip(*both, strict=True)]
    distances = _distances(sides[0], sides[1], truth_weights, row_weights)
    counts = np.triu(np.ones_like(distances, dtype=bool), 1)
    conditioned = [i for i, column in enumerate(schema.columns) if column.name in given]
    counts[np.ix_(conditioned, conditioned)] = False
    return float(np.mean(distances[counts]))


def mean_error(
    schema: Schema,
    truth: Floats,
    rows: Floats,
    truth_weights: Floats,
    row_weights: Floats,
    *,
    given: Container[str] = (),
) -> float:
    """Return the mean error of the columns' means, in standard deviations of the true rows.

    Of a category it is the mean over its levels, each a column of 0 and 1. Missing values are left
    out. The arguments are those of `pair_error`; columns of `given` do not count.
    """
    errors = []
    for position, column in enumerate(schema.columns):
        if column.name in given:
            continue
        sides = (truth[:, position], truth_weights), (rows[:, position], row_weights)
        if column.type.is_categorical:
            present = np.unique(truth[:, position])
            both = [[((values == level) * 1.0, w) for values, w in sides] for level in present]
        else:
            both = [[(values, w) for values, w in sides]]
        errors.append(np.mean([_mean_gap(true, synthetic) for true, synthetic in both]))
    return float(np.mean(errors))


def two_sample(
    real: Floats, synthetic: Floats, *, seed: int = 0, classifier: Callable[[], Any] | None = None
) -> float:
    """Return how hard rows are to tell apart for a classifier: 1 if it cannot, 0 if it always can.

    Cross-validated; the score is ``1 - (2 max(AUC, 1/2) - 1)``. Copies of one row stay in one
    fold, since a classifier would recognise them (Lopez-Paz & Oquab 2017).

    Args:
        real: float64, shape (rows, columns): one sample.
        synthetic: float64, shape (rows, columns): the other; the numbers of rows may differ.
        seed: of the folds.
        classifier: makes a learner with `fit` and `predict_proba`; gradient boosting by default.
    """
    make = classifier or (lambda: HistGradientBoostingClassifier(random_state=seed, max_iter=100))
    rows = np.vstack([real, synthetic])
    label = np.repeat([0, 1], [len(real), len(synthetic)])
    _, group = np.unique(np.nan_to_num(rows, nan=-1e30), axis=0, return_inverse=True)
    guess = np.empty(len(rows))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(rows, label, group.ravel()):
        guess[test] = make().fit(rows[train], label[train]).predict_proba(rows[test])[:, 1]
    return float(1 - (2 * max(roc_auc_score(label, guess), 0.5) - 1))


def nearer_to_train(schema: Schema, train: Floats, unseen: Floats, synthetic: Floats) -> float:
    """Return the share of synthetic rows that lie nearer to a train row than to any unseen row.

    0.5 is ideal when there are as many of both; 1 says that train rows were copied. Ties count
    half. Numbers are scaled to their spread, a differing category counts as much as two spreads.
    """
    size = min(len(train), len(unseen))
    coded = [metric(schema, train, part) for part in (train[:size], unseen[:size], synthetic)]
    to_train, to_unseen = (_nearest(part, coded[2])[0] for part in coded[:2])
    return float(np.mean((to_train < to_unseen) + 0.5 * (to_train == to_unseen)))


def distances_to_train(schema: Schema, train: Floats, rows: Floats) -> Floats:
    """Return the distance of each row to the nearest train row, scaled as in `nearer_to_train`."""
    return _nearest(metric(schema, train, train), metric(schema, train, rows))[0]


def precision_and_recall(schema: Schema, real: Floats, synthetic: Floats) -> tuple[float, float]:
    """Return alpha-precision and beta-recall (Alaa et al. 2022), each 0 to 1.

    The naive variant of synthcity, which the papers on the standard tables quote. Rows are points:
    numbers scaled to the range of the real rows, categories as columns of 0 and 1, missing numbers
    at the mean. Precision compares, for balls around the centre of the real rows, the shares of
    real and synthetic rows inside. Recall counts real rows whose nearest synthetic row is no
    farther than their nearest real row, and compares that count, for balls around the centre of the
    synthetic rows, with the share of such nearest rows inside. Both are 1 less the mean gap between
    the shares, divided by the mean share. Copies have a recall of 1, and fresh real rows one of
    about 0.5, so a higher one is no virtue.
    """
    points, drawn = (_in_unit_range(schema, real, rows) for rows in (real, synthetic))
    radii = np.quantile(_distances_from(points.mean(axis=0), points), BALLS)
    inside = _distances_from(points.mean(axis=0), drawn) <= radii[:, None]
    to_real = NearestNeighbors(n_neighbors=2).fit(points).kneighbors(points)[0][:, 1]
    to_drawn, nearest = _nearest(drawn, points)
    from_centre = _distances_from(drawn.mean(axis=0), drawn[nearest])
    is_near = from_centre <= np.quantile(from_centre, BALLS)[:, None]
    shares = inside.mean(axis=1), (is_near & (to_drawn <= to_real)).mean(axis=1)
    precision, recall = (1 - np.abs(BALLS - share).sum() / BALLS.sum() for share in shares)
    return float(precision), float(recall)


def copies(train: Floats, synthetic: Floats) -> float:
    """Return the share of synthetic rows that equal a train row in every column."""
    known = {row.tobytes() for row in np.nan_to_num(train, nan=-1e30)}
    return float(np.mean([row.tobytes() in known for row in np.nan_to_num(synthetic, nan=-1e30)]))


def independent(rows: Floats, rng: np.random.Generator) -> Floats:
    """Return the baseline that keeps each column and no relation: columns shuffled one by one."""
    return np.column_stack([rng.permutation(column) for column in rows.T])


def _mean_gap(truth: tuple[Floats, Floats], rows: tuple[Floats, Floats]) -> float:
    """Return how far two weighted means are apart, in standard deviations of the first."""
    means, spread = [], 0.0
    for values, weights in (rows, truth):
        known = ~np.isnan(values) & (weights > 0)
        if not known.any():
            return 1.0
        means.append(np.average(values[known], weights=weights[known]))
        spread = float(np.sqrt(np.cov(values[known], aweights=weights[known], ddof=0)))
    return float(abs(means[0] - means[1]) / spread) if spread else 0.0


def _column_shape(column: Column, real: Floats, synthetic: Floats) -> float:
    real, synthetic = real[~np.isnan(real)], synthetic[~np.isnan(synthetic)]
    if not len(real) or not len(synthetic):
        return float(len(real) == len(synthetic))
    if column.type.is_categorical:
        levels = np.arange(len(column.levels) + 1)
        shares = [np.histogram(values, levels)[0] / len(values) for values in (real, synthetic)]
        return float(1 - np.abs(shares[0] - shares[1]).sum() / 2)
    points = np.concatenate([real, synthetic])
    below = [
        np.searchsorted(np.sort(values), points, side="right") / len(values)
        for values in (real, synthetic)
    ]
    return float(1 - np.abs(below[0] - below[1]).max())


def _correlations(rows: Floats) -> Floats:
    """Return Pearson's correlations over the rows known in both; NaN where one is constant."""
    known = ~np.isnan(rows)
    counts = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, rows - np.where(known, rows, 0).sum(axis=0) / counts, 0.0)
    centred /= np.sqrt((centred**2).sum(axis=0) / counts) + np.finfo(float).tiny
    present = known.astype(np.float64)
    both = np.maximum(present.T @ present, 1)
    sums, squares = centred.T @ present, (centred**2).T @ present
    spread = np.sqrt(np.maximum(squares - sums**2 / both, 0))
    products = spread * spread.T
    with np.errstate(divide="ignore", invalid="ignore"):
        correlations = (centred.T @ centred - sums * sums.T / both) / products
    return np.asarray(np.where(products > 1e-9 * both, correlations, np.nan))


def _equal_bins(schema: Schema, rows: Floats) -> list[Int64s]:
    """Return each value's bin; numbers are cut between the side's own extremes.

    The largest value is in a bin of its own, shared with the missing ones: so SDMetrics has it.
    """
    binned = []
    for position, column in enumerate(schema.columns):
        values = rows[:, position]
        if column.type.is_categorical:
            binned.append(_level_codes(column, values))
        else:
            edges = np.histogram_bin_edges(values[~np.isnan(values)], EQUAL_BINS)
            binned.append(np.digitize(values, edges))
    return binned


def _level_codes(column: Column, values: Floats) -> Int64s:
    """Return the positions of levels; missing ones come after the last."""
    return np.where(np.isnan(values), len(column.levels), values).astype(np.int64)


def _quantile_bins(column: Column, truth: Floats, rows: Floats) -> tuple[Int64s, Int64s]:
    """Return each value's bin among the tenths of the truth; missing ones have their own."""
    if column.type.is_categorical:
        return _level_codes(column, truth), _level_codes(column, rows)
    cuts = np.quantile(truth[~np.isnan(truth)], np.linspace(0, 1, EQUAL_BINS + 1)[1:-1])
    first, second = (
        np.where(np.isnan(side), EQUAL_BINS, np.searchsorted(cuts, side)) for side in (truth, rows)
    )
    return first, second


def _parts_of_range(column: Column, real: Floats, rows: Floats) -> tuple[Int64s, Int64s]:
    """Return each value's part of the real rows' range; all values outside share one."""
    if column.type.is_categorical:
        return _level_codes(column, real), _level_codes(column, rows)
    edges = np.histogram_bin_edges(real[~np.isnan(real)], EQUAL_BINS)
    first, second = (
        np.where(
            (side >= edges[0]) & (side <= edges[-1]),
            np.searchsorted(edges[1:-1], side),
            EQUAL_BINS,
        )
        for side in (real, rows)
    )
    return first, second


def _shared_information(codes: Int64s, sizes: Int64s) -> Floats:
    """Return the normalised mutual information of each two columns, a square."""
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    shares = _contingencies(codes + starts, int(sizes.sum()), np.ones(len(codes)))
    together = np.add.reduceat(np.add.reduceat(entr(shares), starts, 0), starts, 1)
    alone = np.diag(together)
    total = alone[:, None] + alone
    return np.asarray(2 * (total - together) / np.where(total > 0, total, 1))


def _distances(one: Int64s, other: Int64s, one_weights: Floats, other_weights: Floats) -> Floats:
    """Return the total variation distance of each two columns' contingency tables, a square."""
    sizes = 1 + np.maximum(one.max(axis=0), other.max(axis=0))
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    gaps = np.abs(
        _contingencies(one + starts, int(sizes.sum()), one_weights)
        - _contingencies(other + starts, int(sizes.sum()), other_weights)
    )
    return np.asarray(np.add.reduceat(np.add.reduceat(gaps, starts, 0), starts, 1) / 2)


def _contingencies(codes: Int64s, size: int, weights: Floats) -> Floats:
    """Return the joint shares of all pairs of indicators: all contingency tables at once."""
    total = np.zeros((size, size))
    width = codes.shape[1]
    for start in range(0, len(codes), BLOCK_ROWS):
        block = codes[start : start + BLOCK_ROWS]
        member = np.zeros((len(block), size), dtype=np.float32)
        member[np.repeat(np.arange(len(block)), width), block.ravel()] = 1
        weight = weights[start : start + BLOCK_ROWS, None].astype(np.float32)
        total += (weight * member).T @ member
    return np.asarray(total / weights.sum())


def metric(schema: Schema, train: Floats, rows: Floats) -> npt.NDArray[np.float32]:
    """Return rows in a space where the Euclidean distance means something."""
    parts = []
    for position, column in enumerate(schema.columns):
        values = rows[:, position]
        if column.type.is_categorical:
            codes = _level_codes(column, values)
            parts.append(np.sqrt(2) * np.eye(len(column.levels) + 1)[codes])
        else:
            known = train[~np.isnan(train[:, position]), position]
            spread = known.std() or 1.0
            missing = np.isnan(values)
            scaled = np.where(missing, 0.0, (values - known.mean()) / spread)
            parts.append(np.column_stack([scaled, 2.0 * missing]))
    return np.hstack(parts).astype(np.float32)


def _in_unit_range(schema: Schema, real: Floats, rows: Floats) -> npt.NDArray[np.float32]:
    """Return rows as points, in which each column counts by its range among the real rows."""
    parts = []
    for position, column in enumerate(schema.columns):
        values = rows[:, position]
        if column.type.is_categorical:
            parts.append(np.eye(len(column.levels) + 1)[_level_codes(column, values)])
        else:
            known = real[~np.isnan(real[:, position]), position]
            low, width = known.min(), np.ptp(known) or 1.0
            known_values = np.where(np.isnan(values), known.mean(), values)
            parts.append(((known_values - low) / width)[:, None])
    return np.hstack(parts).astype(np.float32)


def _nearest(
    among: npt.NDArray[np.float32], points: npt.NDArray[np.float32]
) -> tuple[Floats, Int64s]:
    """Return each point's distance to the nearest of others, and the position of that one."""
    distances, positions = NearestNeighbors(n_neighbors=1).fit(among).kneighbors(points)
    return distances[:, 0].astype(np.float64), positions[:, 0]


def _distances_from(centre: npt.NDArray[np.float32], points: npt.NDArray[np.float32]) -> Floats:
    return np.asarray(np.linalg.norm(points - centre, axis=1), dtype=np.float64)
