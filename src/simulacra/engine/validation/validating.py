"""Validation as numbered steps: hide respondents, fit a model to the others, predict the hidden."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from simulacra.engine import errors, limits, randomness
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.progress import Progress, ProgressCallback, silent
from simulacra.engine.validation import comparing, segments, worth
from simulacra.engine.validation.comparing import Judged, Prediction
from simulacra.engine.validation.figures import Figures
from simulacra.engine.validation.segments import Segment
from simulacra.engine.validation.validation import Validation

STAGE = "validating"
FIT, PREDICT = 3.0, 1.0
"""Durations of a fit and of the prediction of one segment, in that of the latter."""
REPEATS = 5
MAX_REPEATS = 100
MIN_ROWS, MAX_ROWS, ROWS_PER_RESPONDENT = 2_000, 50_000, 10
"""Rows that predict a segment: ten for each respondent, so that their own chance is small."""

Generate = Callable[[int, int, Mapping[str, Any], ProgressCallback], pa.Table]
"""Makes rows of a model: how many, with which seed, under which conditions by kind."""
Fit = Callable[[Study, ProgressCallback], Generate]
"""Fits a model to some respondents."""


def validate(
    study: Study,
    fit: Fit,
    *,
    segment: Mapping[str, Any] | None,
    repeats: int,
    seed: int,
    progress: ProgressCallback | None = None,
    begun: float = 0.0,
) -> Validation:
    """Hide a part of a study's respondents, predict them, and say how far predictions are off.

    Args:
        study: of all respondents.
        fit: fits the models that predict.
        segment: as `wanted.parse` takes it; None for all respondents and chosen segments.
        repeats: how often other respondents are hidden.
        seed: of the random numbers; the same study and seed give the same figures.
        progress: called as the work advances.
        begun: the fraction of the work that was done before.

    Raises:
        errors.ConditionError: the segment does not fit the schema, or has too few respondents.
        ValueError: `repeats` or `seed` is out of bounds.
    """
    check(repeats, seed)
    # 1. The groups whose figures are predicted.
    if segment is None:
        groups = [segments.everybody(study), *segments.chosen(study)]
    else:
        groups = [segments.named(study, segment)]
    layouts = [Figures.of(study.schema, group.columns) for group in groups]
    # 2. Each time: hide, fit, predict.
    steps = _Steps(progress or silent, repeats, len(groups), begun)
    predictions: list[list[Prediction]] = [[] for _ in groups]
    failed: set[int] = set()
    for split in range(repeats):
        hidden = _hide(groups[0].members, randomness.stream(seed, "hiding", str(split)))
        generate = fit(_part(study, ~hidden), steps.fit())
        for index, group in enumerate(groups):
            on_progress = steps.predict()
            if index in failed:
                continue
            try:
                predictions[index].append(
                    _predict(generate, study, group, layouts[index], hidden, seed, on_progress)
                )
            except errors.InfeasibleError:
                failed.add(index)
    steps.end()
    # 3. What they come down to.
    judged = [
        found
        for index, group in enumerate(groups)
        if index not in failed
        and (
            found := comparing.judge(
                *(study, group, layouts[index], predictions[index]),
                randomness.stream(seed, "range", group.name),
            )
        )
    ]
    return Validation(
        respondents=len(study.values),
        columns=len(study.schema.columns),
        repeats=repeats,
        is_named=segment is not None,
        weight=None if study.schema.weight is None else study.schema.weight.column,
        comparisons=tuple(one.comparison for one in judged),
        gain=_gain(judged[0 if segment else 1 :], randomness.stream(seed, "gain")),
        skipped=tuple(dict.fromkeys(name for one in judged for name in one.skipped)),
        failed=tuple(groups[index].name for index in sorted(failed)),
    )


def check(repeats: int, seed: int) -> None:
    """Return if a validation can be repeated so often, with this seed.

    Raises:
        ValueError: it cannot.
    """
    if not 1 <= repeats <= MAX_REPEATS:
        raise ValueError(f"repeats is {repeats}; it must be 1 to {MAX_REPEATS}")
    if not 0 <= seed <= limits.MAX_SEED:
        raise ValueError(f"seed is {seed}; it must be 0 to 2**63 - 1")


def _hide(members: Flags, rng: np.random.Generator) -> Flags:
    """Return a random half of some respondents."""
    hidden = np.zeros(len(members), dtype=np.bool_)
    chosen = rng.permutation(np.flatnonzero(members))
    hidden[chosen[: len(chosen) // 2]] = True
    return hidden


def _part(study: Study, rows: Flags) -> Study:
    """Return some respondents of a study."""
    weights = None if study.weights is None else study.weights[rows] / study.weights[rows].mean()
    return dataclasses.replace(study, values=study.values[rows], weights=weights)


def _predict(
    generate: Generate,
    study: Study,
    group: Segment,
    figures: Figures,
    hidden: Flags,
    seed: int,
    progress: ProgressCallback,
) -> Prediction:
    sides = [_part(study, group.members & ~hidden), _part(study, group.members & hidden)]
    wanted = ROWS_PER_RESPONDENT * len(sides[0].values)
    rows = int(np.clip(wanted, MIN_ROWS, MAX_ROWS))
    table = generate(rows, seed, group.asked, progress)
    made: Floats = np.column_stack([one.encode(table[one.name]) for one in study.schema.columns])
    used, held = (figures.estimate(side.values, side.weights).means for side in sides)
    counts = len(sides[0].values), len(sides[1].values)
    predicted = figures.estimate(made, None)
    return Prediction(predicted.means, used, held, predicted.spreads, *counts)


def _gain(judged: Sequence[Judged], rng: np.random.Generator) -> worth.Worth | None:
    """Return how many interviews one respondent of a segment makes, over all segments."""
    if not judged:
        return None
    errors = np.sum([one.errors for one in judged], axis=0)
    variances = np.sum([one.variances for one in judged], axis=0)
    compared = variances.any(axis=0)
    return worth.worth(errors[:, compared], variances[:, compared], rng)


class _Steps:
    """Reports fits and predictions as steps of one stage."""

    def __init__(self, callback: ProgressCallback, repeats: int, groups: int, begun: float) -> None:
        self._callback = callback
        self._step, self._steps = 0, repeats * (1 + groups)
        self._last = begun
        self._unit = (1 - begun) / (repeats * (FIT + PREDICT * groups))

    def fit(self) -> ProgressCallback:
        """Begin a fit; return what its progress goes to."""
        return self._begin(FIT)

    def predict(self) -> ProgressCallback:
        """Begin a prediction; return what its progress goes to."""
        return self._begin(PREDICT)

    def end(self) -> None:
        """Report that all is done."""
        self._callback(Progress(STAGE, 1.0, self._steps, self._steps))

    def _begin(self, duration: float) -> Callable[[Progress], None]:
        first = self._last
        self._last = min(first + duration * self._unit, 1.0)
        step, steps, length = self._step, self._steps, self._last - first
        self._step += 1
        self._callback(Progress(STAGE, first, step, steps))

        def on_progress(update: Progress) -> None:
            self._callback(Progress(STAGE, first + length * update.fraction, step, steps))

        return on_progress
