"""Comparing rows that a model draws with the study that it was fitted to.

What the model learned from is not new to it, so this cannot show that it has learned too much (see
docs/benchmarks.md for that); it shows what the model has failed to learn or to draw.
"""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine import randomness
from simulacra.engine.columns.arrays import Flags, Float32s, Floats, Int32s, Int64s
from simulacra.engine.columns.tree_codes import TreeCoding
from simulacra.engine.model import drawing, targets
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.progress import StepCallback
from simulacra.engine.quality.quality import Drift, Quality, Relations

MIN_ROWS, MAX_ROWS, VALUES = 3_000, 10_000, 150_000
"""Rows that are drawn: as many as make so many values, within bounds."""
TOLERANCE, ERRORS = 0.03, 4.0
"""A share drifts that differs by more than `TOLERANCE` and by more than `ERRORS` standard errors of
the rows drawn. Chance alone exceeds four of them once in 16,000 shares."""
MAX_RESPONDENTS = 20_000
"""Respondents whose relations are looked at; of more, evenly spaced ones."""
FINE_BINS = 8
"""Bins that a fine scale is cut into where relations are looked at."""
NEIGHBOURS, MAX_PAIRS = 3, 1_500
"""In a wide study each column is paired with those that tell most of it."""
STRONG = 0.1
"""Cramér's V, corrected for bias, from which on a relation of two columns stands out."""
SMALL, LARGE = 10, 100
"""Respondents of a small group."""
MAX_GROUPS, MAX_ANSWERS = 200, 1_500
"""Small groups, and answers of theirs, that are looked at; of more, evenly spaced ones."""
STANDS_OUT = 4.0
"""Standard errors by which an answer of a small group must differ to stand out."""


@dataclasses.dataclass(frozen=True)
class _Binned:
    """The study and the rows drawn, each column cut into the same few bins.

    Attributes:
        study: int64, shape (columns, respondents): at most `MAX_RESPONDENTS`.
        rows: int64, shape (columns, rows).
        weights: float64, shape (respondents,): their survey weights; None if all are alike.
        effective: the effective number of those respondents (Kish 1965).
        sizes: int64, shape (columns,): the number of bins.
        missing: int64, shape (columns,): the bin of missing values.
        is_fine: bool, shape (columns,): bins are stretches, not values.
    """

    study: Int64s
    rows: Int64s
    weights: Floats | None
    effective: float
    sizes: Int64s
    missing: Int64s
    is_fine: Flags

    @classmethod
    def of(cls, pool: DonorPool, values: Mapping[int, Floats]) -> "_Binned":
        study, rows, sizes, missing = [], [], [], []
        some = targets.spaced_rows(len(pool.values), MAX_RESPONDENTS)
        for position, coding in enumerate(pool.codings):
            bins = targets.bins(coding, pool.codes[position], FINE_BINS)
            study.append(bins[pool.codes[position, some]])
            rows.append(bins[coding.codes(values[position])])
            sizes.append(int(bins.max()) + 1)
            missing.append(int(bins[coding.missing]))
        fine = np.array([coding.is_fine for coding in pool.codings])
        weights = None if pool.survey_weights is None else pool.survey_weights[some]
        effective = len(some) if weights is None else weights.sum() ** 2 / (weights**2).sum()
        return cls(
            *(np.stack(study), np.stack(rows), weights, float(effective)),
            *(np.array(sizes), np.array(missing), fine),
        )


def compare(pool: DonorPool, models: Sequence[ConditionalModel], on_step: StepCallback) -> Quality:
    """Draw rows without conditions, and compare them with the study.

    Args:
        pool: the respondents.
        models: along the visit sequence.
        on_step: called with how many columns are drawn, and how many there are.
    """
    number = int(np.clip(VALUES // len(models), MIN_ROWS, MAX_ROWS))
    rng_seed = int(randomness.stream(0, "quality").integers(2**31))
    values = drawing.complete(pool, models, Draws(), number, rng_seed, on_step).values
    binned = _Binned.of(pool, values)
    distances = [_distance(pool, position, values[position]) for position in range(len(models))]
    drifts = [drift for drift, is_beyond_chance in distances if is_beyond_chance]
    return Quality(
        rows=number,
        largest_distance=round(max(drift.distance for drift, _ in distances), 4),
        drifts=tuple(sorted(drifts, key=lambda drift: -drift.distance)),
        pairs=_pairs(binned, pool.strengths),
        groups=_groups(binned),
        broken_rows=int(pool.rules.broken_rows(values).sum()),
    )


def _distance(pool: DonorPool, position: int, values: Floats) -> tuple[Drift, bool]:
    """Return how far a column is from the study's, and whether that is more than chance."""
    coding = pool.codings[position]
    wanted = _shares(pool.codes[position], coding, pool.survey_weights)
    drawn = _shares(coding.codes(values), coding)
    missing = float(drawn[coding.missing] - wanted[coding.missing])
    if coding.midpoints is None:
        rows, shares = len(values), (drawn, wanted)
    else:  # of values up to each point, among those known
        is_known = np.arange(coding.size) != coding.missing
        rows = int((~np.isnan(values)).sum())
        shares = _cumulated(drawn[is_known]), _cumulated(wanted[is_known])
    differences = np.abs(shares[0] - shares[1])
    drifts = bool((differences > _by_chance(shares[1], rows)).any())
    drifts |= bool(abs(missing) > _by_chance(wanted[coding.missing], len(values)))
    name = pool.schema.columns[position].name
    return Drift(name, round(float(differences.max()), 4), round(missing, 4)), drifts


def _by_chance(shares: Floats, rows: int) -> Floats:
    """Return how far shares of so many rows may be from what they should be."""
    errors = np.sqrt(shares * (1 - shares) / max(rows, 1))
    return np.asarray(np.maximum(TOLERANCE, ERRORS * errors))


def _shares(codes: Int32s, coding: TreeCoding, weights: Floats | None = None) -> Floats:
    counts = np.bincount(codes, weights, minlength=coding.size)
    return counts / (len(codes) if weights is None else counts.sum())


def _cumulated(shares: Floats) -> Floats:
    total = shares.sum()
    return np.clip(np.cumsum(shares) / (total if total > 0 else 1.0), 0.0, 1.0)


def _pairs(binned: _Binned, strengths: Float32s) -> Relations:
    """Compare the joint distributions of columns that are related in the study."""
    found = [_pair(binned, *pair) for pair in _candidates(len(binned.sizes), strengths)]
    known = [sums for sums in found if sums is not None]
    return _relations(len(known), np.array(known).reshape(-1, 2))


def _candidates(columns: int, strengths: Float32s) -> list[tuple[int, int]]:
    """Return pairs of positions; in a wide study, each column and those that tell most of it."""
    if not len(strengths):
        return [(first, second) for second in range(columns) for first in range(second)]
    pairs = set()
    for column, strength in enumerate(strengths):
        others = np.delete(np.arange(columns), column)
        for other in others[np.argsort(-strength[others], kind="stable")[:NEIGHBOURS]].tolist():
            pairs.add((min(column, other), max(column, other)))
    chosen = sorted(pairs)
    return [chosen[index] for index in targets.spaced_rows(len(chosen), MAX_PAIRS).tolist()]


def _pair(binned: _Binned, first: int, second: int) -> tuple[float, float] | None:
    """Return the sums of a slope over the cells of two columns; None if they are not related.

    The slope is that of the rows' deviations from independence on the study's. The variance that
    independent columns would have is taken off the latter's squares, so that chance does not count
    as a relation that was lost.
    """
    shape = int(binned.sizes[first]), int(binned.sizes[second])
    study = _joint(binned.study[first], binned.study[second], shape, binned.weights)
    rows = _joint(binned.rows[first], binned.rows[second], shape)
    if not _is_strong(study, binned.effective):
        return None
    of_first, of_second = study.sum(axis=1)[:, None], study.sum(axis=0)[None, :]
    lift = study - of_first * of_second
    variance = of_first * (1 - of_first) * of_second * (1 - of_second) / binned.effective
    made = rows - rows.sum(axis=1)[:, None] * rows.sum(axis=0)[None, :]
    return float((lift * made).sum()), float((lift**2 - variance).sum())


def _is_strong(joint: Floats, rows: float) -> bool:
    """Tell whether two columns are related, by Cramér's V corrected for bias (Bergsma 2013)."""
    joint = joint[joint.sum(axis=1) > 0][:, joint.sum(axis=0) > 0]
    independent = joint.sum(axis=1)[:, None] * joint.sum(axis=0)[None, :]
    height, width = joint.shape
    squares = float(((joint - independent) ** 2 / independent).sum())
    squares -= (height - 1) * (width - 1) / (rows - 1)
    return bool(squares > STRONG**2 * (min(height, width) - 1))


def _joint(
    first: Int64s, second: Int64s, shape: tuple[int, int], weights: Floats | None = None
) -> Floats:
    counts = np.bincount(first * shape[1] + second, weights, minlength=shape[0] * shape[1])
    return counts.reshape(shape) / (len(first) if weights is None else counts.sum())


def _groups(binned: _Binned) -> Relations:
    """Compare what sets small groups apart from all respondents."""
    columns = np.repeat(np.arange(len(binned.sizes)), binned.sizes)
    bins = np.arange(len(columns)) - np.repeat(np.cumsum(binned.sizes) - binned.sizes, binned.sizes)
    counts = np.concatenate(
        [
            np.bincount(codes, minlength=size)
            for codes, size in zip(binned.study, binned.sizes.tolist(), strict=True)
        ]
    )
    respondents = binned.study.shape[1]
    is_known = bins != binned.missing[columns]
    is_answer = is_known & (counts >= SMALL) & (counts <= respondents - SMALL)
    is_group = is_answer & (counts <= LARGE) & ~binned.is_fine[columns]
    groups, answers = np.flatnonzero(is_group), np.flatnonzero(is_answer)
    groups = groups[targets.spaced_rows(len(groups), MAX_GROUPS)]
    answers = answers[targets.spaced_rows(len(answers), MAX_ANSWERS)]
    if not len(groups) or not len(answers):
        return Relations(0, None)

    def lifts(codes: Int64s, weights: Floats | None) -> tuple[Floats, Floats, Floats]:
        """Return what sets answers of groups apart, the groups' effective sizes, and the shares."""
        of_groups = _members(codes, columns[groups], bins[groups])
        of_answers = _members(codes, columns[answers], bins[answers])
        shares: Floats = np.average(of_answers, axis=1, weights=weights)
        sizes = of_groups.sum(axis=1)
        if weights is not None:
            squares = of_groups @ (weights**2).astype(np.float32)
            of_groups = of_groups * weights.astype(np.float32)
            sizes = of_groups.sum(axis=1)
        within = of_groups @ of_answers.T / np.where(sizes > 0, sizes, 1)[:, None]
        effective: Floats = sizes if weights is None else sizes**2 / np.maximum(squares, 1e-9)
        return within - shares, effective, shares

    study, sizes, shares = lifts(binned.study, binned.weights)
    made, made_sizes, _ = lifts(binned.rows, None)
    variance = shares * (1 - shares) / sizes[:, None]
    stands_out = study**2 > STANDS_OUT**2 * variance
    stands_out &= columns[groups][:, None] != columns[answers]
    stands_out &= (made_sizes > 0)[:, None]
    sums = np.column_stack([(study * made)[stands_out], (study**2 - variance)[stands_out]])
    return _relations(int(stands_out.sum()), sums)


def _members(codes: Int64s, columns: Int64s, bins: Int64s) -> Float32s:
    """Return which rows are in each of some bins, float32, shape (bins, rows)."""
    return np.asarray(codes[columns] == bins[:, None], dtype=np.float32)


def _relations(number: int, sums: Floats) -> Relations:
    numerator, denominator = sums.sum(axis=0) if number else (0.0, 0.0)
    return Relations(number, round(float(numerator / denominator), 3) if number else None)
