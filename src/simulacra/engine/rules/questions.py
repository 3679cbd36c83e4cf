"""Yes-no columns that are the options of one question."""

import dataclasses
import itertools
import re
from collections.abc import Iterator

from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.schema import Column, Schema

NUMBERED = re.compile(r"(.*?)\d+")
"""Tools export the options of a question under one name and their numbers: Q2_1, Q2_2, ..."""
MIN_OPTIONS = 3


@dataclasses.dataclass(frozen=True)
class Question:
    """A question with several answers.

    Attributes:
        positions: of its columns.
        chosen: the level that means "chosen", one a column.
    """

    positions: tuple[int, ...]
    chosen: tuple[int, ...]


def of_study(schema: Schema) -> list[Question]:
    """Return the questions of a study, each once.

    They are the multiple-response sets; columns of the same two levels whose names differ in their
    last number; and boolean columns next to each other.
    """
    questions = [*_declared(schema), *_numbered(schema), *_neighbours(schema)]
    return list(dict.fromkeys(q for q in questions if len(q.positions) >= MIN_OPTIONS))


def _declared(schema: Schema) -> Iterator[Question]:
    for response_set in schema.sets:
        members = tuple(schema.names.index(name) for name in response_set.columns)
        levels = [schema.columns[position].levels for position in members]
        if response_set.kind == "dichotomy" and all(len(pair) == 2 for pair in levels):
            counted = response_set.counted
            chosen = (pair.index(counted) if counted in pair else 1 for pair in levels)
            yield Question(members, tuple(chosen))


def _numbered(schema: Schema) -> Iterator[Question]:
    """Of a question whose file does not say which level means "chosen", either may."""

    def stem(position: int) -> tuple[str, tuple[str, ...]] | None:
        column = schema.columns[position]
        match = NUMBERED.fullmatch(column.name)
        return (match[1], column.levels) if match and _is_option(column) else None

    for shared, run in itertools.groupby(range(len(schema.columns)), stem):
        if shared:
            positions = tuple(run)
            yield from (Question(positions, (level,) * len(positions)) for level in (1, 0))


def _neighbours(schema: Schema) -> Iterator[Question]:
    """Yield boolean columns next to each other, those of one multiple-response set at most.

    "None of these" may stand beside a set that is told by the names of its columns.
    """
    run: list[int] = []
    for position, column in enumerate(schema.columns):
        is_flag = column.type is BOOLEAN and _is_option(column)
        sets = {schema.columns[other].multiple_response for other in run}
        sets.add(column.multiple_response)
        if run and not (is_flag and len(sets - {None}) <= 1):
            yield Question(tuple(run), (1,) * len(run))
            run = []
        run += [position] if is_flag else []
    if run:
        yield Question(tuple(run), (1,) * len(run))


def _is_option(column: Column) -> bool:
    return len(column.levels) == 2
