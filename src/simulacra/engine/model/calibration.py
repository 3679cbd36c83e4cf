"""Calibration: what a column's marginal drifts by along the chain is taken back in its draws.

Each conditional model is nearly right; fed with synthetic predecessors, which are nearly right too,
it may still put too few rows into one answer and too many into another. So rows are drawn once, and
where the share of an answer drifts from the study's, donors that give it are drawn that much more
often. This is raking of a conditional model to its marginal (Deming & Stephan 1940).
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from simulacra.engine import randomness
from simulacra.engine.columns.arrays import Floats, Int64s
from simulacra.engine.model import drawing, targets
from simulacra.engine.model.conditional import ConditionalModel
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.model.drawing import DrawnColumn
from simulacra.engine.progress import StepCallback

ROWS = 10_000
"""Rows that are drawn at most; at least `MIN_ROWS`."""
MIN_ROWS = 3_000
ROUNDS = 6
"""Times that one column is drawn again with corrected odds."""
BINS, ROWS_IN_BIN = 32, 40
"""Stretches of a fine scale whose shares are compared, and respondents in each at least."""
TOLERANCE = 0.003
"""Difference of a share that may stay, besides `ERRORS` standard errors of the rows drawn."""
ERRORS = 2.0
STEADY_ROWS = 2.0
"""Rows that are added to both counts, so that rare answers are not corrected by chance."""
MOST = 4.0
"""How many times as often, or as rarely, an answer may be drawn at most in one round."""


def calibrate(
    pool: DonorPool, models: Sequence[ConditionalModel], on_step: StepCallback
) -> list[ConditionalModel]:
    """Return the conditional models with odds under which no marginal drifts.

    Args:
        pool: the respondents.
        models: along a visit sequence.
        on_step: called with how many are calibrated, and how many there are.
    """
    draws, result = Draws(), []
    rows = min(max(MIN_ROWS, len(pool.values)), ROWS)
    for step, model in enumerate(models, 1):
        rng = randomness.stream(0, "calibration", pool.schema.columns[model.column].name)
        calibrated, column = _calibrate(pool, model, draws, rows, rng)
        drawing.add_column(pool, draws, model.column, column)
        result.append(calibrated)
        on_step(step, len(models))
    return result


def _calibrate(
    pool: DonorPool, model: ConditionalModel, draws: Draws, rows: int, rng: np.random.Generator
) -> tuple[ConditionalModel, DrawnColumn]:
    """Return a model whose marginal does not drift any more, and its column."""
    column, _ = drawing.draw_column(pool, model, draws, rows, rng)
    for _ in range(ROUNDS if model.predecessors else 0):
        odds = _corrected(pool, model, column.values)
        if odds is None:
            break
        model = dataclasses.replace(model, odds=odds)
        column, _ = drawing.draw_column(pool, model, draws, rows, rng)
    return model, column


def _corrected(pool: DonorPool, model: ConditionalModel, values: Floats) -> Floats | None:
    """Return better odds, float64, one a tree code; None if the marginal does not drift."""
    coding = pool.codings[model.column]
    codes = pool.codes[model.column]
    known = int((codes != coding.missing).sum())
    bins = targets.bins(coding, codes, max(1, min(BINS, known // ROWS_IN_BIN)))
    number = int(bins.max()) + 1
    target = np.bincount(bins[codes], pool.survey_weights, minlength=number)
    drawn = np.bincount(bins[coding.codes(values)], minlength=number)
    wanted, rows = target / target.sum(), len(values)
    is_known = np.arange(number) != bins[coding.missing]
    if not _drifts(drawn / rows, wanted, rows) and not (
        coding.is_ordered and _bends(drawn[is_known], target[is_known])
    ):
        return None
    ratio = (wanted * rows + STEADY_ROWS) / (drawn + STEADY_ROWS)
    odds = np.ones(coding.size) if model.odds is None else model.odds
    return np.asarray(np.clip(ratio, 1 / MOST, MOST)[bins] * odds)


def _drifts(drawn: Floats, wanted: Floats, rows: int) -> bool:
    """Tell whether shares of so many rows differ by more than chance."""
    error = np.sqrt(np.maximum(wanted * (1 - wanted), 0) / rows)
    return bool((np.abs(drawn - wanted) > TOLERANCE + ERRORS * error).any())


def _bends(drawn: Int64s, wanted: Int64s | Floats) -> bool:
    """Tell whether the distribution of what is known differs by more than chance, by counts."""
    rows = int(drawn.sum())
    if not rows or not wanted.any():
        return False
    return _drifts(np.cumsum(drawn) / rows, np.cumsum(wanted) / wanted.sum(), rows)
