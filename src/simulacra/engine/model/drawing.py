"""Drawing the columns of synthetic rows along the visit sequence."""

import itertools
import threading
from collections.abc import Callable, Sequence

import numpy as np

from simulacra.engine import processors, randomness
from simulacra.engine.columns.arrays import Floats, Int32s, Int64s
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.progress import StepCallback
from simulacra.engine.rules import repair

REDRAWS = 8
"""Times that a value that breaks a rule is drawn again, and then the whole row."""
ROWS_AT_ONCE = 100_000
"""Rows that one processor draws before it takes the next."""


def complete(
    pool: DonorPool,
    models: Sequence[ConditionalModel],
    given: Draws,
    rows: int,
    rng_seed: int,
    on_step: StepCallback,
) -> dict[int, Floats]:
    """Return the values of all columns, by position: those given, and draws of the others.

    Rows are drawn in stretches of one length, each with randomness of its own, so that the number
    of processors that share them changes nothing.

    Args:
        pool: the respondents.
        models: of the columns to draw, along the visit sequence.
        given: the columns that have been drawn already.
        rows: how many.
        rng_seed: of the draws.
        on_step: called with how many columns are drawn, each counted once a stretch, and how many
            there are; from any thread, one at a time.

    Returns:
        float64, shape (rows,), by position.
    """
    begins = range(0, rows, ROWS_AT_ONCE)
    steps, number, lock = len(begins) * len(models), itertools.count(1), threading.Lock()

    def advance() -> None:
        with lock:
            on_step(next(number), steps)

    def draw_stretch(begin: int) -> Draws:
        among = np.arange(begin, min(begin + ROWS_AT_ONCE, rows))
        purpose = f"rows {begin}"
        return _complete(pool, models, given.take(among), len(among), rng_seed, purpose, advance)

    stretches = list(processors.share(draw_stretch, begins))
    return {
        position: np.concatenate([stretch.values[position] for stretch in stretches])
        for position in stretches[0].values
    }


def _complete(
    pool: DonorPool,
    models: Sequence[ConditionalModel],
    given: Draws,
    rows: int,
    rng_seed: int,
    purpose: str,
    advance: Callable[[], None],
) -> Draws:
    """Draw rows, and once more those in which earlier columns leave no value for a later one."""
    draws = given.copy()
    doubtful = _extend(pool, models, draws, rows, rng_seed, purpose, advance)
    for attempt in range(REDRAWS):
        broken = doubtful[pool.rules.broken_rows(draws.take(doubtful).values)]
        if not len(broken):
            break
        again, stream = given.take(broken), f"{purpose}, {attempt}"
        doubtful = broken[_extend(pool, models, again, len(broken), rng_seed, stream)]
        draws.replace(broken, again)
    return draws


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
        position = model.column
        rng = randomness.stream(rng_seed, purpose, pool.schema.columns[position].name)
        donors, values = _draw(pool, model, draws, rows, rng)
        repaired = _keep_rules(pool, model, draws, donors, values, rng)
        is_repaired[repaired] = True
        draws.add(position, values, pool.codings[position].codes(values), donors)
        if advance is not None:
            advance()
    return np.flatnonzero(is_repaired)


def _keep_rules(
    pool: DonorPool,
    model: ConditionalModel,
    draws: Draws,
    donors: Int32s,
    values: Floats,
    rng: np.random.Generator,
) -> Int64s:
    """Draw values that break a rule again, in place, and repair those that still do.

    Returns:
        int64: the rows that were repaired.
    """
    position, rules = model.column, pool.rules
    broken = np.flatnonzero(rules.broken_by(position, values, draws.values))
    for _ in range(REDRAWS):
        if not len(broken):
            break
        there = draws.take(broken)
        donors[broken], values[broken] = _draw(pool, model, there, len(broken), rng)
        broken = broken[rules.broken_by(position, values[broken], there.values)]
    if len(broken):
        there = draws.take(broken)
        values[broken] = repair.repair(
            rules, position, values[broken], there.values, pool.values, rng
        )
    return broken


def _draw(
    pool: DonorPool, model: ConditionalModel, draws: Draws, rows: int, rng: np.random.Generator
) -> tuple[Int32s, Floats]:
    """Draw one column, and return its donors and values."""
    features, taken = model.features(draws, rows), _taken(model, draws, rows)
    donors = model.forest.draw(model.forest.leaves(features, rows, rng), taken, rng)
    values = pool.emit(model.column, donors, rng)
    habit = model.repetition
    if habit is not None:
        like = habit.forest.draw(habit.forest.leaves(features, rows, rng), taken, rng)
        source = draws.values[habit.source]
        repeats = habit.repeats[like] & pool.schema.columns[model.column].contains(source)
        donors, values = np.where(repeats, like, donors), np.where(repeats, source, values)
    return donors, values


def _taken(model: ConditionalModel, draws: Draws, rows: int) -> Int32s:
    """Return the donors of the predecessors, int32, shape (predecessors, rows)."""
    taken = np.empty((len(model.predecessors), rows), dtype=np.int32)
    for index, position in enumerate(model.predecessors):
        taken[index] = draws.donors[position]
    return taken
