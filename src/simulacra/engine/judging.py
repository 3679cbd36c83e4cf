"""How good generated rows are: fidelity, privacy, and the error against a known population.

Rows are matrices coded by a schema (see `encoding`). A figure means little alone: judge the raked
seed rows, independent columns and unseen real rows beside it. Independent columns win on `shape`,
and copies of the seed win on `two_sample`, so neither is ever quoted without the others.
"""

import itertools
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.neighbors import NearestNeighbors

from simulacra.engine import encoding
from simulacra.engine.encoding import Floats, Indices, level_codes
from simulacra.engine.schema import Column, Schema

EQUAL_BINS = 10
FOLDS = 5


def matrix(schema: Schema, table: pa.Table) -> Floats:
    """Return a table's rows, coded by the schema.

    Raises:
        KeyError: a column of the schema is not in the table.
        ValueError: a text that is no level of its column.
    """
    return np.column_stack(
        [encoding.from_arrow(column, table[column.name]) for column in schema.columns]
    )


def shape(schema: Schema, real: Floats, made: Floats) -> float:
    """Return the mean likeness of single columns, 0 to 1.

    One less the total variation distance of categories, or the Kolmogorov-Smirnov statistic of
    numbers; missing values left out. As SDMetrics' Column Shapes.
    """
    return float(
        np.mean(
            [
                _column_shape(column, real[:, position], made[:, position])
                for position, column in enumerate(schema.columns)
            ]
        )
    )


def trend(schema: Schema, real: Floats, made: Floats) -> float:
    """Return the mean likeness of pairs of columns, 0 to 1.

    Two numbers compare their correlations; any other pair compares contingency tables, numbers cut
    into ten equal bins. As SDMetrics' Column Pair Trends, every pair counted.
    """
    return float(np.mean([_pair_trend(schema, real, made, pair) for pair in _pairs(schema)]))


def pair_error(
    schema: Schema, truth: Floats, rows: Floats, truth_weights: Floats, row_weights: Floats
) -> float:
    """Return the mean total variation distance over pairs of columns, 0 (best) to 1.

    Args:
        schema: of both.
        truth: float64, a known population's rows under a scenario.
        rows: float64, the rows to judge.
        truth_weights: float64, one a row of `truth`.
        row_weights: float64, one a row of `rows`, so that raked seed rows can be judged too.
    """
    binned = [
        _binned(column, (truth[:, position], rows[:, position]), equal=False)
        for position, column in enumerate(schema.columns)
    ]
    return float(
        np.mean(
            [
                _distance(
                    (binned[one][0], binned[other][0], truth_weights),
                    (binned[one][1], binned[other][1], row_weights),
                )
                for one, other in _pairs(schema)
            ]
        )
    )


def two_sample(real: Floats, made: Floats, *, seed: int = 0) -> float:
    """Return how hard a classifier finds it to tell rows apart: 1 is not at all, 0 is certainty.

    Gradient boosting, cross-validated; the score is ``1 - (2 max(AUC, 1/2) - 1)``. Copies of one
    row stay in one fold, since a classifier would know them again (Lopez-Paz & Oquab 2017).
    """
    rows = np.vstack([real, made])
    label = np.repeat([0, 1], [len(real), len(made)])
    _, group = np.unique(np.nan_to_num(rows, nan=-1e30), axis=0, return_inverse=True)
    guess = np.empty(len(rows))
    folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
    for train, test in folds.split(rows, label, group.ravel()):
        learner = HistGradientBoostingClassifier(random_state=seed, max_iter=100)
        guess[test] = learner.fit(rows[train], label[train]).predict_proba(rows[test])[:, 1]
    return float(1 - (2 * max(roc_auc_score(label, guess), 0.5) - 1))


def nearer_to_train(schema: Schema, train: Floats, unseen: Floats, made: Floats) -> float:
    """Return the share of made rows that lie nearer to a train row than to any unseen row.

    0.5 is ideal when there are as many of both; 1 says that train rows were copied. Ties count
    half. Numbers are scaled to their spread, a differing category counts as much as two spreads.
    """
    size = min(len(train), len(unseen))
    coded = [_metric(schema, train, part) for part in (train[:size], unseen[:size], made)]
    to_train, to_unseen = (
        NearestNeighbors(n_neighbors=1).fit(part).kneighbors(coded[2])[0][:, 0]
        for part in coded[:2]
    )
    return float(np.mean((to_train < to_unseen) + 0.5 * (to_train == to_unseen)))


def copies(train: Floats, made: Floats) -> float:
    """Return the share of made rows that equal a train row in every column."""
    known = {row.tobytes() for row in np.nan_to_num(train, nan=-1e30)}
    return float(np.mean([row.tobytes() in known for row in np.nan_to_num(made, nan=-1e30)]))


def independent(rows: Floats, rng: np.random.Generator) -> Floats:
    """Return the baseline that keeps each column and no relation: columns shuffled one by one."""
    return np.column_stack([rng.permutation(column) for column in rows.T])


def _pairs(schema: Schema) -> Iterable[tuple[int, int]]:
    return itertools.combinations(range(len(schema.columns)), 2)


def _column_shape(column: Column, real: Floats, made: Floats) -> float:
    real, made = real[~np.isnan(real)], made[~np.isnan(made)]
    if not len(real) or not len(made):
        return float(len(real) == len(made))
    if column.type.is_categorical:
        levels = np.arange(len(column.levels) + 1)
        shares = [np.histogram(values, levels)[0] / len(values) for values in (real, made)]
        return float(1 - np.abs(shares[0] - shares[1]).sum() / 2)
    points = np.concatenate([real, made])
    below = [
        np.searchsorted(np.sort(values), points, side="right") / len(values)
        for values in (real, made)
    ]
    return float(1 - np.abs(below[0] - below[1]).max())


def _pair_trend(schema: Schema, real: Floats, made: Floats, pair: tuple[int, int]) -> float:
    if not any(schema.columns[position].type.is_categorical for position in pair):
        correlations = [_correlation(rows[:, pair]) for rows in (real, made)]
        return 1 - abs(correlations[0] - correlations[1]) / 2
    codes = [
        _binned(schema.columns[position], (real[:, position], made[:, position]), equal=True)
        for position in pair
    ]
    tables = [(one, other, np.ones(len(one))) for one, other in zip(*codes, strict=True)]
    return 1 - _distance(*tables)


def _correlation(both: Floats) -> float:
    known = both[~np.isnan(both).any(axis=1)]
    if len(known) < 2:
        return 0.0
    deviations = known - known.mean(axis=0)
    products, squares = deviations.prod(axis=1).sum(), (deviations**2).sum(axis=0)
    return float(products / np.sqrt(squares.prod())) if squares.all() else 0.0


def _binned(column: Column, values: tuple[Floats, Floats], *, equal: bool) -> list[Indices]:
    """Return the bin of each value; a missing one is in a bin of its own, the last.

    Equal bins span each side's own range, as SDMetrics has them; else they are tenths of the first.
    """
    if column.type.is_categorical:
        return [level_codes(side, len(column.levels)) for side in values]
    binned = []
    for side in values:
        known = side[~np.isnan(side)] if equal else values[0][~np.isnan(values[0])]
        shares = np.linspace(0, 1, EQUAL_BINS + 1)[1:-1]
        cuts = known.min() + shares * np.ptp(known) if equal else np.quantile(known, shares)
        places = np.searchsorted(cuts, side, side="right" if equal else "left")
        binned.append(np.where(np.isnan(side), EQUAL_BINS, places))
    return binned


def _distance(
    one: tuple[Indices, Indices, Floats], other: tuple[Indices, Indices, Floats]
) -> float:
    """Return the total variation distance of two weighted contingency tables."""
    width = 1 + max(int(codes.max()) for codes in (one[1], other[1]))
    size = width * (1 + max(int(codes.max()) for codes in (one[0], other[0])))
    shares = [
        np.bincount(first * width + second, weights, minlength=size) / weights.sum()
        for first, second, weights in (one, other)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _metric(schema: Schema, train: Floats, rows: Floats) -> npt.NDArray[np.float32]:
    """Return rows in a space where the Euclidean distance means something."""
    parts = []
    for position, column in enumerate(schema.columns):
        values = rows[:, position]
        if column.type.is_categorical:
            codes = level_codes(values, len(column.levels))
            parts.append(np.sqrt(2) * np.eye(len(column.levels) + 1)[codes])
        else:
            known = train[~np.isnan(train[:, position]), position]
            spread = known.std() or 1.0
            missing = np.isnan(values)
            scaled = np.where(missing, 0.0, (values - known.mean()) / spread)
            parts.append(np.column_stack([scaled, 2.0 * missing]))
    return np.hstack(parts).astype(np.float32)
