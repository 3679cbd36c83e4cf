"""Survey weights: how many people each respondent stands for.

Statistical programs leave out cases whose weight is zero or missing, since they stand for nobody,
and so does cleaning. A negative weight has no such meaning and is refused.
"""

import dataclasses
import json
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from simulacra.engine import errors
from simulacra.engine.cleaning import columns
from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import CleaningAction, Column, SurveyWeight
from simulacra.engine.words import Words

NAME = re.compile(
    r"(^|[\W_\d])(weights?|weighting|weightvar|wgts?|wghts?|wts?|wt|pweight|dweight|rakewt|gewicht\w*"
    r"|gew|hochrechnung\w*|poids|pond\w*|pesos?|fexp|expansion|weegfactor|vikt|vekt)([\W_\d]|$)",
    re.IGNORECASE,
)
"""What columns of weights are called, in some languages in which surveys are made."""
SCALED = (0.2, 5.0)
"""Between which the mean of weights lies that are scaled to the number of respondents; it need not
be 1 of a part of the study."""
MIN_POPULATION, MIN_DECIMALS = 200.0, 3
"""Mean from which on weights may sum to a population, and decimals of those that have any: nobody
weighs so many kilograms, or tells it so exactly."""
MAX_RATIO = 1_000.0
"""Of the largest weight to the smallest, beyond which a column is hardly one of weights."""
DIGITS = 1


@dataclasses.dataclass(frozen=True)
class Weighted:
    """A study with its weight.

    Attributes:
        raw: the rows that stand for somebody.
        values: float64, shape (those rows,): positive, with mean 1; None if all are equal.
        weight: as published.
        actions: what was done.
    """

    raw: RawStudy
    values: Floats | None
    weight: SurveyWeight
    actions: tuple[CleaningAction, ...]


def take(raw: RawStudy, name: str) -> Weighted:
    """Take the weight from a study, and leave out who stands for nobody.

    Args:
        raw: the study, with unique names.
        name: of the column of weights in the file.

    Raises:
        errors.StudyError: the column holds texts, dates, negative numbers, or no positive one.
    """
    values = _numbers(name, raw.table[name])
    if (negative := int((values < 0).sum())) > 0:
        raise errors.StudyError(
            f"The weight {name!r} is negative in {negative:,} rows; a weight says how many people "
            "a respondent stands for, so it must be 0 or more."
        )
    stands = values > 0  # not so for a missing weight
    if not stands.any():
        raise errors.StudyError(
            f"The weight {name!r} is zero or missing in every row; at least some rows must have a "
            "positive one."
        )
    actions = []
    if not stands.all():
        missing, out = int(np.isnan(values).sum()), int((~stands).sum())
        reason = (
            f"{out:,} rows stand for nobody: their weight is zero ({out - missing:,}) or missing "
            f"({missing:,})"
        )
        actions.append(CleaningAction(name, "skipped", reason, out))
    kept = dataclasses.replace(raw, table=raw.table.filter(pa.array(stands)))
    scaled = values[stands] / values[stands].mean()
    effective = round(float(scaled.sum() ** 2 / (scaled**2).sum()), DIGITS)
    reason = (
        f"{len(scaled):,} respondents stand for people by this weight; they tell as much as "
        f"{effective:,.0f} of equal weight"
    )
    if np.ptp(values[stands]) == 0:
        scaled, reason = None, "all respondents have the same weight, so it changes nothing"
    actions.append(CleaningAction(name, "weighted", reason, int(stands.sum())))
    return Weighted(kept, scaled, SurveyWeight(name, effective), tuple(actions))


def _numbers(name: str, array: pa.ChunkedArray) -> Floats:
    """Return the weights as numbers, float64, NaN where missing."""
    draft = columns.draft(array, as_levels=True)  # so that no text is taken for a missing number
    found = "values of an unknown kind" if draft is None else f"values of type {draft.type}"
    if draft is None or draft.type.is_temporal:
        raise _no_number(name, found)
    if draft.type is BOOLEAN:  # a filter: whoever does not count has 0
        return draft.values
    if not draft.type.is_categorical:
        return draft.values
    if not draft.known.any():  # nobody has one
        return np.full(len(draft.values), np.nan)
    try:
        numbers = NUMBER.convert(name, draft).values
    except errors.StudyError:
        raise _no_number(name, "texts") from None
    lost = int((draft.known & np.isnan(numbers)).sum())
    if lost:
        raise _no_number(name, f"texts in {lost:,} rows")
    return numbers


def _no_number(name: str, found: str) -> errors.StudyError:
    return errors.StudyError(
        f"The weight {name!r} holds {found}; a weight is a number of 0 or more in each row."
    )


def noticed(described: Sequence[tuple[Column, Draft]], words: Words) -> list[CleaningAction]:
    """Return which columns look like a weight, though the study is not weighted by one.

    Args:
        described: the columns that are modelled, and their values.
        words: what the caller calls that by which a study is weighted.
    """
    return [
        CleaningAction(
            column.name,
            "noticed",
            f"{reason}; it is modelled like any other. To weight the study by it, {words.again} "
            f"with {words.weight}={json.dumps(column.source_name, ensure_ascii=False)}",
            1,
        )
        for column, draft in described
        if (reason := _likeness(column, draft)) is not None
    ]


def _likeness(column: Column, draft: Draft) -> str | None:
    """Return why a column looks like a weight; None if it does not."""
    if draft.type.is_categorical or draft.type.is_temporal:
        return None
    if not NAME.search(column.source_name) and not NAME.search(column.label):
        return None
    known = draft.values[draft.known]
    positive = known[known > 0]
    if not len(positive) or (known < 0).any() or positive.max() > MAX_RATIO * positive.min():
        return None
    mean = float(known.mean())
    if draft.decimals > 0 and SCALED[0] <= mean <= SCALED[1]:
        return f"it looks like a survey weight: no value is negative, and their mean is {mean:.2g}"
    is_exact = draft.decimals == 0 or draft.decimals >= MIN_DECIMALS
    if mean >= MIN_POPULATION and is_exact:
        return (
            "it looks like a survey weight: no value is negative, and they sum to about "
            f"{float(f'{known.sum():.2g}'):,.0f}, as if to a population"
        )
    return None
