"""Drawing the columns of synthetic rows along the visit sequence."""

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from simulacra.engine import processors, randomness
from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.model import exchanging, smoothing
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.model.forest import Features
from simulacra.engine.progress import StepCallback
from simulacra.engine.rules import repair

REDRAWS = 8
"""Times that a value that breaks a rule is drawn again, and then the whole row."""
REDRAWN_AT_ONCE = 2_000
"""Draws of a few rows that cost hardly more than one, so that many are made at once."""
ROWS_AT_ONCE = 100_000
"""Rows that one processor draws before it takes the next. In shorter stretches the processors
would wait for each other: of a few thousand rows most of the time is spent between the loops."""


class SyntheticRows(NamedTuple):
    """Synthetic rows, and whom they owe their values to.

    Attributes:
        values: float64, shape (rows,), by position: of all columns.
        is_donor: bool, shape (respondents,): whether anybody's value is in the rows.
    """

    values: dict[int, Floats]
    is_donor: Flags


def complete(
    pool: DonorPool,
    models: Sequence[ConditionalModel],
    given: Draws,
    rows: int,
    rng_seed: int,
    on_step: StepCallback,
) -> SyntheticRows:
    """Return rows of all columns: those given, and draws of the others.

    Rows are drawn in stretches of one length, each with randomness of its own, so that the number
    of processors that share them changes nothing.

    Args:
        pool: the respondents.
        models: of the columns to draw, along the visit sequence.
        given: the columns that have been drawn already.
        rows: how many.
        rng_seed: of the draws.
        on_step: called with how many columns are drawn, and how many there are; from any thread,
            one at a time.
    """
    begins = range(0, rows, ROWS_AT_ONCE)
    number, lock = itertools.count(1), threading.Lock()

    def advance() -> None:
        with lock:
            columns, rest = divmod(next(number), len(begins))  # each is drawn once a stretch
            if rest == 0:
                on_step(columns, len(models))

    def draw_stretch(begin: int) -> tuple[dict[int, Floats], Int64s, Flags]:
        among = np.arange(begin, min(begin + ROWS_AT_ONCE, rows))
        draws, purpose = given.take(among), f"rows {begin}"
        repaired = _extend(pool, models, draws, len(among), rng_seed, purpose, advance)
        return draws.values, begin + repaired, _donors(pool, draws)

    stretches = list(processors.share(draw_stretch, begins))
    values = {
        position: np.concatenate([drawn[position] for drawn, _, _ in stretches])
        for position in stretches[0][0]
    }
    doubtful = np.concatenate([repaired for _, repaired, _ in stretches])
    _draw_again(pool, models, given, values, doubtful, rng_seed)
    is_donor = np.logical_or.reduce([donors for _, _, donors in stretches])
    return SyntheticRows(values, np.asarray(is_donor))


def _donors(pool: DonorPool, draws: Draws) -> Flags:
    """Return which respondents gave a value, bool, shape (respondents,)."""
    is_donor = np.zeros(len(pool.values), dtype=np.bool_)
    for donors in draws.donors.values():
        is_donor[donors] = True
    return is_donor


def _draw_again(
    pool: DonorPool,
    models: Sequence[ConditionalModel],
    given: Draws,
    values: dict[int, Floats],
    doubtful: Int64s,
    rng_seed: int,
) -> None:
    """Draw rows once more in which earlier columns leave no value for a later one, in place.

    Args:
        pool: the respondents.
        models: of the columns to draw.
        given: the columns that are not drawn.
        values: float64, shape (rows,), by position: of all columns; changed.
        doubtful: int64: the rows that may break a rule.
        rng_seed: of the draws.
    """
    among = {position: column[doubtful] for position, column in values.items()}
    broken = doubtful[pool.rules.broken_rows(among)]
    broken = _compute_results(pool, given, values, broken)
    tries = 0
    while len(broken) and tries < REDRAWS:
        copies = _copies(len(broken), REDRAWS - tries)
        repeated = np.repeat(broken, copies)
        again = given.take(repeated)
        repaired = _extend(pool, models, again, len(repeated), rng_seed, f"rows again, {tries}")
        fits = np.ones(len(repeated), dtype=np.bool_)
        fits[repaired[pool.rules.broken_rows(again.take(repaired).values)]] = False
        mended, chosen = _first_that_fits(fits, copies)
        for position, column in again.values.items():
            values[position][broken[mended]] = column[chosen]
        broken, tries = broken[~mended], tries + copies


def _compute_results(
    pool: DonorPool, given: Draws, values: dict[int, Floats], broken: Int64s
) -> Int64s:
    """Compute results that a scenario had drawn before what they come from, in place.

    A body-mass index of a range may be one that no weight on its grid gives with the height drawn;
    the index of the nearest weight is hardly another one, and takes its place if it lies in the
    range and breaks no rule.

    Returns:
        int64: the rows among `broken` that are still so.
    """
    for position, (first, last) in given.ranges.items():
        if not any(
            rule.total(pool.rules.states) == position for rule in pool.rules.about(position)
        ):
            continue
        there = {other: values[other][broken] for other in pool.rules.tied(position)}
        checker = pool.rules.checker(position, there)
        computed = checker.settled(len(broken))
        fits = (computed >= first) & (computed <= last) & ~checker.broken(computed)
        values[position][broken[fits]] = computed[fits]
        among = {other: column[broken] for other, column in values.items()}
        broken = broken[pool.rules.broken_rows(among)]
    return broken


def _copies(rows: int, at_most: int) -> int:
    """Return how often so many rows are drawn again at once."""
    return min(at_most, max(1, REDRAWN_AT_ONCE // rows))


def _first_that_fits(fits: Flags, copies: int) -> tuple[Flags, Int64s]:
    """Return which rows have a copy that fits, and the index of the first one of each of those.

    Args:
        fits: bool, shape (rows * copies,): the copies of one row lie side by side.
        copies: of each row.
    """
    by_row = fits.reshape(-1, copies)
    mended = np.asarray(by_row.any(axis=1))
    chosen = np.arange(len(by_row)) * copies + by_row.argmax(axis=1)
    return mended, chosen[mended]


def _extend(
    pool: DonorPool,
    models: Sequence[ConditionalModel],
    draws: Draws,
    rows: int,
    rng_seed: int,
    purpose: str,
    advance: Callable[[], None] | None = None,
) -> Int64s:
    """Draw each column; where a value breaks a rule draw it again, and repair it at last.

    Returns:
        int64: the rows that were repaired, which may break a rule still; the others break none.
    """
    is_repaired = np.zeros(rows, dtype=np.bool_)
    for model in models:
        rng = randomness.stream(rng_seed, purpose, pool.schema.columns[model.column].name)
        column, repaired = draw_column(pool, model, draws, rows, rng)
        is_repaired[repaired] = True
        add_column(pool, draws, model.column, column)
        if advance is not None:
            advance()
    return np.flatnonzero(is_repaired)


class DrawnColumn(NamedTuple):
    """One column of synthetic rows.

    Attributes:
        donors: int32, shape (rows,).
        values: float64, shape (rows,).
        leaves: int32, shape (rows,): that the donors were drawn from, those of rows without a
            value behind all others; -1 where the value repeats another column and so belongs to its
            row.
        taken: int32, shape (predecessors, rows): the donors of the predecessors.
    """

    donors: Int32s
    values: Floats
    leaves: Int32s
    taken: Int32s


def draw_column(
    pool: DonorPool, model: ConditionalModel, draws: Draws, rows: int, rng: np.random.Generator
) -> tuple[DrawnColumn, Int64s]:
    """Draw one column, and have no value break a rule.

    Args:
        pool: the respondents.
        model: of the column.
        draws: the columns before it.
        rows: how many.
        rng: of the draws.

    Returns:
        The column, and int64: the rows that had to be repaired, which may break a rule still; the
        others break none.
    """
    column = _draw(pool, model, draws, rows, rng)
    return column, _keep_rules(pool, model, draws, column, rng)


def add_column(pool: DonorPool, draws: Draws, position: int, column: DrawnColumn) -> None:
    """Add a column to those that have been drawn, with all that later columns ask of it."""
    values = column.values
    draws.add(position, values, pool.codings[position].codes(values), column.donors)
    if pool.rules.about(position):
        draws.states[position] = pool.rules.states[position].of(values)


def _keep_rules(
    pool: DonorPool,
    model: ConditionalModel,
    draws: Draws,
    column: DrawnColumn,
    rng: np.random.Generator,
) -> Int64s:
    """Have no value break a rule, in place.

    Where the rules leave one value, such as a total, the row gets it. Other values that break one
    are exchanged with those of other rows, which keeps the column's marginal; what is left is drawn
    again, and repaired at last.

    Returns:
        int64: the rows that were repaired.
    """
    position, donors, values = model.column, column.donors, column.values
    checker = pool.rules.forward_checker(position, draws.values, draws.states)
    if not checker.can_break:
        return np.zeros(0, dtype=np.int64)
    broken = np.flatnonzero(checker.broken(values))
    if len(broken):
        settled = checker.settled(len(values))[broken]
        is_settled = ~np.isnan(settled) & ~checker.broken(settled, broken)
        values[broken[is_settled]] = settled[is_settled]
        broken = broken[~is_settled]
    if len(broken):
        broken = exchanging.exchange(
            checker, donors, values, column.leaves, column.taken, broken, rng
        )
    tries = 0
    while len(broken) and tries < REDRAWS:
        copies = _copies(len(broken), REDRAWS - tries)
        repeated = np.repeat(broken, copies)
        again = _draw(pool, model, draws.take(repeated, model.predecessors), len(repeated), rng)
        mended, chosen = _first_that_fits(~checker.broken(again.values, repeated), copies)
        donors[broken[mended]] = again.donors[chosen]
        values[broken[mended]] = again.values[chosen]
        broken, tries = broken[~mended], tries + copies
    if len(broken):
        tied = pool.rules.tied(position)
        there = {other: draws.values[other][broken] for other in tied & draws.values.keys()}
        values[broken] = repair.repair(
            pool.rules, position, values[broken], there, pool.values, rng
        )
    return broken


def _draw(
    pool: DonorPool, model: ConditionalModel, draws: Draws, rows: int, rng: np.random.Generator
) -> DrawnColumn:
    """Draw one column."""
    features, taken = model.features(draws, rows), _taken(model, draws, rows)
    donors, leaves = _deal(pool, model, features, taken, rng)
    if draws.is_scenario and pool.codings[model.column].is_fine:
        donors = _smoothed(pool, model.column, donors, taken, rng)
    values = pool.emit(model.column, donors, rng)
    habit = model.repetition
    if habit is not None:
        alike = habit.forest.leaves(features, rows, rng)
        like = habit.forest.draw(alike, taken, rng, pool.survey_weights, pool.survey_weights)
        source = draws.values[habit.source]
        repeats = habit.repeats[like] & pool.schema.columns[model.column].contains(source)
        if model.absence is not None:  # what has no value repeats none
            repeats &= ~np.isnan(values)
        donors, values = np.where(repeats, like, donors), np.where(repeats, source, values)
        leaves = np.where(repeats, -1, leaves).astype(np.int32)
    return DrawnColumn(donors, values, leaves, taken)


def _deal(
    pool: DonorPool,
    model: ConditionalModel,
    features: Features,
    taken: Int32s,
    rng: np.random.Generator,
) -> tuple[Int32s, Int32s]:
    """Return a donor for each row, and the leaf that it was drawn from, int32, shape (rows,)."""
    rows = features.codes.shape[1]
    own = pool.survey_weights
    leaves = model.forest.leaves(features, rows, rng)
    odds = None if model.odds is None else model.odds[pool.codes[model.column]]
    weight = _product(odds, own)
    if model.absence is None:
        return model.forest.draw(leaves, taken, rng, weight, own), leaves
    absent = model.absence.leaves(features, rows, rng)
    of_absence = _product(_odds_of_absence(pool, model), own)
    donors = model.absence.draw(absent, taken, rng, of_absence, own)
    known = pool.codes[model.column][donors] != pool.codings[model.column].missing
    donors[known] = model.forest.draw(leaves[known], taken[:, known], rng, weight, own)
    behind = len(model.forest.feature) + absent  # leaves of the other forest have other numbers
    return donors, np.where(known, leaves, behind).astype(np.int32)


def _product(odds: Floats | None, weights: Floats | None) -> Floats | None:
    """Return how often each respondent is drawn, float64; None if all alike."""
    if odds is None or weights is None:
        return weights if odds is None else odds
    return odds * weights


def _odds_of_absence(pool: DonorPool, model: ConditionalModel) -> Floats | None:
    """Return how often each respondent stands for a row with or without a value, float64."""
    if model.odds is None:
        return None
    codes, missing = pool.codes[model.column], pool.codings[model.column].missing
    is_known = codes != missing
    weights = None if pool.survey_weights is None else pool.survey_weights[is_known]
    of_known = float(np.average(model.odds[codes[is_known]], weights=weights))
    return np.where(is_known, of_known, model.odds[missing])


def _smoothed(
    pool: DonorPool, position: int, donors: Int32s, taken: Int32s, rng: np.random.Generator
) -> Int32s:
    """Have donors of much weight share it with respondents next to them.

    A row that a neighbour gave a value before keeps its donor.
    """
    places = smoothing.spread(donors, len(pool.values))
    if places < 1:
        return donors
    shared = smoothing.share(pool.ranking(position), donors, places, rng)
    return np.where((taken == shared).any(axis=0), donors, shared)


def _taken(model: ConditionalModel, draws: Draws, rows: int) -> Int32s:
    """Return the donors of the predecessors, int32, shape (predecessors, rows)."""
    taken = np.empty((len(model.predecessors), rows), dtype=np.int32)
    for index, position in enumerate(model.predecessors):
        taken[index] = draws.donors[position]
    return taken
