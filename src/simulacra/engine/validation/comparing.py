"""Predictions of one segment, split by split, and what they come down to."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from simulacra.engine.cleaning.clean import Study
from simulacra.engine.columns.arrays import Flags, Floats, Int64s
from simulacra.engine.validation import worth
from simulacra.engine.validation.figures import MIN_ANSWERS, Estimate, Figures
from simulacra.engine.validation.segments import Segment
from simulacra.engine.validation.validation import Comparison, Error, Figure


@dataclasses.dataclass(frozen=True)
class Prediction:
    """The figures of one split, each float64, shape (figures,), and how many rows they are of.

    Attributes:
        predicted: of the model's rows.
        used: of the respondents of the segment that the model was fitted to.
        hidden: of those that it was not.
        spread: the variance of one answer in the model's rows.
        used_count, hidden_count: how many these are.
    """

    predicted: Floats
    used: Floats
    hidden: Floats
    spread: Floats
    used_count: int
    hidden_count: int


@dataclasses.dataclass(frozen=True)
class Judged:
    """What a segment's predictions come down to.

    Attributes:
        comparison: for people.
        errors: float64, shape (splits, columns of the study): squared errors, times the number of
            respondents used, so that segments of different size add up; 0 where not compared.
        variances: likewise, of one interview.
        skipped: names of columns that could not be compared.
    """

    comparison: Comparison
    errors: Floats
    variances: Floats
    skipped: tuple[str, ...]


def judge(
    study: Study,
    segment: Segment,
    figures: Figures,
    predictions: Sequence[Prediction],
    rng: np.random.Generator,
) -> Judged | None:
    """Compare predictions with hidden respondents; None if there is nothing to compare."""
    weights = study.weights
    overall = figures.estimate(study.values, weights)
    inside = figures.estimate(
        study.values[segment.members], None if weights is None else weights[segment.members]
    )
    kept = _comparable(figures, overall, inside, predictions)
    columns = figures.columns
    skipped = [figures.schema.columns[at].name for at in np.unique(columns[~kept]).tolist()]
    if not kept.any():
        return None
    sums = _Sums.of(figures.take(kept), overall.spreads[kept], inside.variances[kept])
    parts = [
        np.stack([getattr(one, side) for one in predictions])[:, kept]
        for side in ("predicted", "used", "hidden")
    ]
    counts = np.array([(one.used_count, one.hidden_count) for one in predictions])
    per = 1 / counts[:, :, None]  # what the variance of one interview is multiplied by
    missed = (parts[0] - parts[2]) ** 2 - inside.variances[kept] * per[:, 1]
    chance = (parts[1] - parts[2]) ** 2 - inside.variances[kept] * (per[:, 0] + per[:, 1])
    errors = worth.steady(sums.sum(missed), sums.sum(chance))
    variances = np.tile(sums.sum(inside.variances[kept][None, :]), (len(errors), 1))
    spread = np.mean([one.spread for one in predictions], axis=0)
    if_true = spread * segment.members.sum() / np.maximum(inside.answers, 1)
    comparison = Comparison(
        segment=segment.name,
        respondents=int(segment.members.sum()),
        used=round(float(counts[:, 0].mean())),
        hidden=round(float(counts[:, 1].mean())),
        questions=sums.size,
        predicted=_error(sums, missed, chance),
        tabulated=_error(sums, inside.variances[kept] * per[:, 0], None),
        second_sample=_error(sums, inside.variances[kept] * per[:, 1], None),
        worth=worth.worth(errors, variances, rng),
        figures=_rows(
            *(figures.take(kept), parts, inside.variances[kept]),
            *(if_true[kept], counts, sums),
        ),
    )
    wide = np.zeros((2, len(errors), len(study.schema.columns)))
    wide[0][:, sums.columns] = errors * counts[:, :1]
    wide[1][:, sums.columns] = variances
    return Judged(comparison, wide[0], wide[1], tuple(skipped))


def _comparable(
    figures: Figures, overall: Estimate, inside: Estimate, predictions: Sequence[Prediction]
) -> Flags:
    """Return the figures of columns that vary, and that enough of the segment answered."""
    sides = [side for one in predictions for side in (one.predicted, one.used, one.hidden)]
    known = np.isfinite(np.stack(sides)).all(axis=0) & (inside.answers >= MIN_ANSWERS)
    columns = figures.columns
    spread = np.bincount(columns, np.nan_to_num(overall.spreads))
    return np.asarray(known & (spread[columns] > 0))


@dataclasses.dataclass(frozen=True)
class _Sums:
    """Sums of squares over the figures of each question, in units in which questions count alike.

    A unit is the variance of one answer in the whole study, or of one interview in the segment if
    that is more: where few answered, or in a segment that differs more.

    Attributes:
        columns: int64, shape (questions,): their positions.
        shares: bool, shape (questions,): those whose figures are shares.
        question: int64, shape (figures,): the index of each figure's question.
        scales: float64, shape (questions,): the units.
        spreads: float64, shape (figures,): the variance of one answer in the whole study.
    """

    columns: Int64s
    shares: Flags
    question: Int64s
    scales: Floats
    spreads: Floats

    @classmethod
    def of(cls, figures: Figures, spreads: Floats, variances: Floats) -> "_Sums":
        columns, first, question = np.unique(
            figures.columns, return_index=True, return_inverse=True
        )
        units = [np.bincount(question, part) for part in (spreads, variances)]
        return cls(*(columns, figures.are_shares[first], question), np.maximum(*units), spreads)

    @property
    def size(self) -> int:
        """How many questions there are."""
        return len(self.columns)

    def sum(self, squares: Floats) -> Floats:
        """Return the sums of squares, shape (splits, figures), in shape (splits, questions)."""
        found = np.stack([np.bincount(self.question, row, self.size) for row in squares])
        return np.asarray(found / self.scales)

    def squares_of_shares(self, squares: Floats) -> Floats:
        """Return the mean square over the levels of each question with levels."""
        found = np.stack([np.bincount(self.question, row, self.size) for row in squares])
        return np.asarray((found / np.bincount(self.question))[:, self.shares])

    def squares_of_numbers(self, squares: Floats) -> Floats:
        """Return the square of each question with a number, in variances of the whole study."""
        found = np.stack([np.bincount(self.question, row, self.size) for row in squares])
        return np.asarray((found / np.bincount(self.question, self.spreads))[:, ~self.shares])


def _error(sums: _Sums, missed: Floats, chance: Floats | None) -> Error:
    """Return typical errors: root mean squares, 0 where no more than chance is seen."""
    found: list[float | None] = []
    for of_kind in (sums.squares_of_shares, sums.squares_of_numbers):
        errors = of_kind(missed)
        if not errors.size:
            found.append(None)
            continue
        if chance is not None:
            errors = worth.steady(errors, of_kind(chance))
        found.append(round(float(np.sqrt(max(errors.mean(), 0.0))), 5))
    return Error(*found)


def _rows(
    figures: Figures,
    parts: Sequence[Floats],
    variances: Floats,
    if_true: Floats,
    counts: Int64s,
    sums: _Sums,
) -> tuple[Figure, ...]:
    """Return the figures for people: means over the splits."""
    predicted, used, hidden = (part.mean(axis=0) for part in parts)
    # Hidden parts of different splits overlap: what they have in common is chance that stays.
    everyone = float(counts.sum(axis=1).mean())
    apart = max(float((1 / counts[:, 1]).mean()) - 1 / everyone, 0.0)
    per = 1 / everyone + apart / len(counts)
    errors = np.sqrt(variances * per)
    # Where the hidden have no such answer, chance is what it would be if the prediction were true.
    chance = np.sqrt(np.maximum(variances, if_true) * per)
    found = []
    for index in range(len(variances)):
        column, level = figures.name(index)
        found.append(
            Figure(
                column=column,
                level=level,
                predicted=float(predicted[index]),
                used=float(used[index]),
                hidden=float(hidden[index]),
                standard_error=float(errors[index]),
                chance=float(chance[index]),
                spread=float(np.sqrt(sums.spreads[index])),
            )
        )
    return tuple(found)
