"""Multiple-response sets, whose columns go by the names of the schema."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

from simulacra.engine.cleaning import names
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.schema import (
    OF_OPTION,
    AnswerList,
    CleaningAction,
    Column,
    MultipleResponseSet,
)

MIN_COLUMNS = 2
CHOICES = 2


def attach(
    columns: Sequence[Column],
    raw: RawStudy,
    actions: Iterable[CleaningAction],
    stated: Mapping[str, Sequence[str]],
) -> tuple[list[Column], tuple[MultipleResponseSet, ...], list[CleaningAction]]:
    """Return the columns with the sets they belong to, the sets, and the sets that were dropped.

    The sets are those of the caller and those of the codebook. Without any of the codebook, they
    are neighbouring options of one question: columns whose blanks were taken as "not chosen" (see
    `choices`).

    Args:
        columns: those that are left.
        raw: the study as it was read.
        actions: what was done to its columns.
        stated: the sets of the caller: name to the columns, by either of their names.
    """
    options = {action.column for action in actions if action.action == "filled"}
    attached, dropped = _stated(columns, stated)
    of_file, dropped_of_file = _declared(columns, raw)
    taken = {name for one in attached for name in one.columns}
    of_file += [] if raw.sets else _grouped(columns, options - taken)
    attached = [*attached, *_split(columns, raw), *of_file]
    dropped = [*dropped, *dropped_of_file]
    membership: dict[str, str] = {}
    for response_set in attached:
        for name in response_set.columns:
            membership.setdefault(name, response_set.name)
    described = [
        dataclasses.replace(column, multiple_response=membership.get(column.name))
        for column in columns
    ]
    return described, tuple(attached), dropped


def lists_of(columns: Sequence[Column], raw: RawStudy) -> tuple[AnswerList, ...]:
    """Return the columns of the file that were split, with the columns that are left of them."""
    lists = []
    for one in raw.answer_lists:
        left = tuple(column.name for column in columns if column.source_name in one.columns)
        if left:
            lists.append(dataclasses.replace(one, columns=left))
    return tuple(lists)


def _split(columns: Sequence[Column], raw: RawStudy) -> Iterator[MultipleResponseSet]:
    """Yield the sets whose answers stood in one column."""
    for one in lists_of(columns, raw):
        if not one.is_ranking and len(one.columns) >= MIN_COLUMNS:
            label = names.strip_markup(raw.variables.get(one.column, Variable()).label)
            yield MultipleResponseSet(
                one.name, label or one.column, "dichotomy", one.columns, counted="true"
            )


def _stated(
    columns: Sequence[Column], stated: Mapping[str, Sequence[str]]
) -> tuple[list[MultipleResponseSet], list[CleaningAction]]:
    """Return the sets of the caller, and those of which too few columns are left."""
    known = {column.name: column for column in columns}
    known |= {column.source_name: column for column in columns}
    found, dropped = [], []
    for label, named in stated.items():
        (name,) = names.clean([label])
        members = [known[column] for column in named if column in known]
        if len(members) < MIN_COLUMNS:
            dropped.append(_too_few(name, len(members), len(named)))
            continue
        kind = "dichotomy" if all(map(_is_choice, members)) else "category"
        within = tuple(column.name for column in members)
        found.append(MultipleResponseSet(name, label, kind, within))
    return found, dropped


def _is_choice(column: Column) -> bool:
    """Tell whether a column says no more than whether something was chosen."""
    if column.type.is_categorical:
        return len(column.levels) <= CHOICES
    return column.bounds == (0.0, 1.0)


def _too_few(name: str, left: int, count: int) -> CleaningAction:
    reason = f"a multiple-response set of which {left} columns are left"
    return CleaningAction(name, "dropped", reason, count)


def _grouped(columns: Sequence[Column], options: set[str | None]) -> list[MultipleResponseSet]:
    def question(column: Column) -> str:
        return column.label.rpartition(OF_OPTION)[0] if column.name in options else ""

    grouped = []
    for label, group in itertools.groupby(columns, question):
        members = tuple(column.name for column in group)
        if label and len(members) >= MIN_COLUMNS:
            (name,) = names.clean([label])
            grouped.append(MultipleResponseSet(name, label, "dichotomy", members))
    return grouped


def _declared(
    columns: Sequence[Column], raw: RawStudy
) -> tuple[list[MultipleResponseSet], list[CleaningAction]]:
    by_source = {column.source_name: column for column in columns}
    remaining, dropped = [], []
    for declared in raw.sets:
        members = [by_source[name] for name in declared.columns if name in by_source]
        if len(members) < MIN_COLUMNS:
            dropped.append(_too_few(declared.name, len(members), len(declared.columns)))
            continue
        columns_left = tuple(column.name for column in members)
        counted = _counted(declared, members[0], raw)
        remaining.append(dataclasses.replace(declared, columns=columns_left, counted=counted))
    return remaining, dropped


def _counted(declared: MultipleResponseSet, member: Column, raw: RawStudy) -> str | None:
    """Return the level that stands for the counted value."""
    if declared.counted is None or member.type is BOOLEAN:
        return None if declared.counted is None else "true"
    variable = raw.variables[member.source_name]
    if not variable.is_labelled or variable.counted is None:
        return declared.counted
    levels: list[str] = raw.table[member.source_name].chunk(0).dictionary.to_pylist()
    level_of = dict(zip(variable.label_values, levels, strict=False))
    return level_of.get(variable.counted, declared.counted)
