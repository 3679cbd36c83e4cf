"""The groups of respondents whose profile a validation predicts."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from simulacra.engine import errors
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.columns.arrays import Flags
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.schema import Column
from simulacra.engine.validation import wanted
from simulacra.engine.validation.wanted import Wanted

EVERYBODY = "all respondents"
MIN_RESPONDENTS = 20
"""A smaller group has fewer than about ten on either side, whose figures say next to nothing."""
MIN_CHOSEN = 40
"""Respondents of a segment that is chosen without being named."""
SMALLEST, LARGEST = 0.05, 0.4
"""Shares of the respondents between which a segment is chosen."""
MAX_SEGMENTS = 6
MAX_RATINGS = 11
"""Values that a column of whole numbers has at most if each of them may be a segment."""
SIZES = (0.10, 0.20, 0.35)
"""Shares that are looked for in turn, so that small and large segments are among those chosen."""


@dataclasses.dataclass(frozen=True)
class Segment:
    """Some of the respondents, and the scenario that asks for rows like theirs.

    Attributes:
        name: for people.
        columns: those that say who is in it; they are not compared.
        asked: conditions by kind, as arguments of `Model.generate`; none for everybody.
        members: bool, shape (respondents,).
    """

    name: str
    columns: tuple[str, ...]
    asked: Mapping[str, Any]
    members: Flags


def everybody(study: Study) -> Segment:
    """Return all respondents."""
    return Segment(EVERYBODY, (), {}, np.ones(len(study.values), dtype=np.bool_))


def named(study: Study, segment: Mapping[str, Any]) -> Segment:
    """Return the respondents that a caller names.

    Args:
        study: of all respondents.
        segment: as `wanted.parse` takes it.

    Raises:
        errors.ConditionError: it does not fit the schema, or too few respondents are in it, or all
            of them.
    """
    found = _segment(study, wanted.parse(study.schema, segment))
    number = int(found.members.sum())
    if number < MIN_RESPONDENTS:
        raise _refused(
            f"The segment {found.name} has {number} respondents; at least {MIN_RESPONDENTS} are "
            "needed, since half of them are hidden. Name a larger segment."
        )
    if number == len(study.values):
        raise _refused(
            f"The segment {found.name} has all respondents in it; leave it out, or name a "
            "smaller one."
        )
    return found


def _refused(detail: str) -> errors.ConditionError:
    """Return the error of a segment as a whole."""
    return errors.ConditionError([errors.FieldError("", detail, "invalid_field")])


def chosen(study: Study) -> list[Segment]:
    """Return segments of the study that nobody had to name: up to `MAX_SEGMENTS`, none if none fit.

    Each is a level or a rating of a question of its own, given by `SMALLEST` to `LARGEST` of the
    respondents. The questions are spaced evenly over the study.
    """
    by_question: dict[str, list[tuple[float, Column, float]]] = {}
    for position, column in enumerate(study.schema.columns):
        values = study.values[:, position]
        points, counts = np.unique(values[~np.isnan(values)], return_counts=True)
        is_rating = column.type is INTEGER and len(points) <= MAX_RATINGS
        if not column.type.is_categorical and not is_rating:
            continue
        for point, count in zip(points.tolist(), counts.tolist(), strict=True):
            share = count / len(values)
            if count >= MIN_CHOSEN and SMALLEST <= share <= LARGEST:
                question = column.multiple_response or column.name
                by_question.setdefault(question, []).append((share, column, point))
    questions = list(by_question.values())
    number = min(MAX_SEGMENTS, len(questions))
    spaced = [questions[index * len(questions) // number] for index in range(number)]
    found = []
    for index, candidates in enumerate(spaced):
        size = SIZES[index % len(SIZES)]
        _, column, point = min(candidates, key=lambda one: abs(one[0] - size))
        if column.type.is_categorical:
            found.append(_segment(study, Wanted({column.name: [column.levels[int(point)]]}, {})))
        else:
            ends = {"min": int(point), "max": int(point)}
            found.append(_segment(study, Wanted({}, {column.name: ends})))
    return found


def _segment(study: Study, one: Wanted) -> Segment:
    """Return the respondents with some levels, and with numbers in some ranges."""
    schema, names = study.schema, study.schema.names
    members = np.ones(len(study.values), dtype=np.bool_)
    shares: dict[str, dict[str, float]] = {}
    texts = []
    for name, some in one.levels.items():
        column = schema[name]
        positions = [column.levels.index(level) for level in some]
        members &= np.isin(study.values[:, names.index(name)], positions)
        shares[name] = _nothing_but(column, some)
        texts.append(f"{name} = {' or '.join(some)}")
    for name, ends in one.ranges.items():
        first, last = (schema[name].type.to_number(ends[end]) for end in ("min", "max"))
        values = study.values[:, names.index(name)]
        members &= (values >= first) & (values <= last)
        text = ends["min"] if first == last else f"{ends['min']} to {ends['max']}"
        texts.append(f"{name} = {text}" if first == last else f"{name} {text}")
    asked = {"categorical": shares, "numeric": dict(one.ranges)}
    return Segment(" and ".join(texts), (*one.levels, *one.ranges), asked, members)


def _nothing_but(column: Column, levels: Sequence[str]) -> dict[str, float]:
    """Return shares that leave some levels alone, several in the proportions of the model."""
    others = [level for level in column.levels if level not in levels]
    if len(set(levels)) == 1 or not others:
        return {levels[0]: 1.0}  # without others everybody is in the segment, which is refused
    return dict.fromkeys(others, 0.0)
