"""Multiple-response sets, whose columns go by the names of the schema."""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from simulacra.engine.cleaning import names, stems
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.schema import (
    AnswerList,
    CleaningAction,
    Column,
    MultipleResponseSet,
)

MIN_COLUMNS = 2
REPEATING = 0.25
"""Share of the rows with several answers from which on a set with repeated ones is a battery. Who
chooses options chooses none twice, except for rare ones that were pooled; two items of a grid that
nobody links have the same of five answers in a fifth of the rows, and linked ones in far more."""


def attach(
    columns: Sequence[Column],
    raw: RawStudy,
    actions: Iterable[CleaningAction],
    stated: Mapping[str, Sequence[str]],
    values: Floats,
) -> tuple[list[Column], tuple[MultipleResponseSet, ...], list[CleaningAction]]:
    """Return the columns with the sets they belong to, the sets, and what is to be said of sets.

    The sets are those of the caller and those of the codebook. Without any of the codebook, they
    are neighbouring options of one question, told by their names and answers (see `stems`).

    Args:
        columns: those that are left.
        raw: the study as it was read.
        actions: what was done to its columns.
        stated: the sets of the caller: name to the columns, by either of their names.
        values: of the columns, shape (rows, columns).
    """
    options = {action.column for action in actions if action.action == "filled"}
    attached, dropped = _stated(columns, stated)
    attached += _split(columns, raw)
    of_file, dropped_of_file = _declared(columns, raw)
    of_file, noticed = _with_batteries(of_file, columns, values)
    taken = {name for one in (*attached, *of_file) for name in one.columns}
    attached += of_file if raw.sets else _grouped(columns, options, taken)
    dropped = [*dropped, *dropped_of_file, *noticed]
    if not raw.sets:  # whose order is the file's
        position = {column.name: index for index, column in enumerate(columns)}
        attached.sort(key=lambda one: position[one.columns[0]])
    attached = _told_apart(attached, raw)
    membership: dict[str, str] = {}
    for response_set in attached:
        for name in () if response_set.is_battery else response_set.columns:
            membership.setdefault(name, response_set.name)
    described = [
        dataclasses.replace(column, multiple_response=membership.get(column.name))
        for column in columns
    ]
    return described, tuple(attached), dropped


def _told_apart(
    attached: Sequence[MultipleResponseSet], raw: RawStudy
) -> list[MultipleResponseSet]:
    """Return the sets, with a number behind a name that another has; columns keep theirs."""
    split = {one.name for one in raw.answer_lists}
    first = sorted(attached, key=lambda one: one.name not in split)
    names_of = names.make_unique([one.name for one in first], str, ".")
    name_of = {one.columns: name for one, name in zip(first, names_of, strict=True)}
    return [dataclasses.replace(one, name=name_of[one.columns]) for one in attached]


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
        kind = "dichotomy" if all(map(stems.is_choice, members)) else "category"
        counted = stems.chosen(members)[1] if kind == "dichotomy" else None
        within = tuple(column.name for column in members)
        found.append(MultipleResponseSet(name, label, kind, within, counted))
    return found, dropped


def _too_few(name: str, left: int, count: int) -> CleaningAction:
    reason = f"a multiple-response set of which {left} columns are left"
    return CleaningAction(name, "dropped", reason, count)


def _grouped(
    columns: Sequence[Column], filled: set[str | None], taken: set[str]
) -> list[MultipleResponseSet]:
    """Return the sets whose options are neighbours, named by one stem, and chosen or not.

    Args:
        columns: those that are left.
        filled: columns whose blanks were taken as "not chosen".
        taken: columns that are in sets already.
    """
    grouped: dict[str, MultipleResponseSet] = {}
    for stem, least in stems.STEMS:
        free = {each.name for each in columns if each.name not in taken and stems.is_choice(each)}
        asked = [stem(column).strip() if column.name in free else "" for column in columns]
        for label, run in itertools.groupby(zip(asked, columns, strict=True), lambda pair: pair[0]):
            members = tuple(column for _, column in run)
            named = tuple(column.name for column in members)
            is_sure, counted = stems.chosen(members)
            is_filled = filled.issuperset(named)
            if len(members) < least or not label or label in grouped or not (is_sure or is_filled):
                continue
            (name,) = names.clean([label])
            grouped[label] = MultipleResponseSet(name, label, "dichotomy", named, counted)
            taken = taken.union(named)
    return [*grouped.values()]


def _with_batteries(
    sets: Iterable[MultipleResponseSet], columns: Sequence[Column], values: Floats
) -> tuple[list[MultipleResponseSet], list[CleaningAction]]:
    """Return the sets, batteries among them marked as such, and what is to be said of these."""
    places = {column.name: at for at, column in enumerate(columns)}
    marked, noticed = [], []
    for one in sets:
        rows = 0
        if one.kind == "category":
            members = [columns[places[name]] for name in one.columns]
            rows = _repeating(members, values[:, [places[name] for name in one.columns]])
        if rows:
            reason = (
                f"declared as a multiple-response set, but {rows} rows have one answer in several "
                "of its columns, as the items of a grid have: its columns are shown one by one"
            )
            noticed.append(CleaningAction(one.name, "noticed", reason, rows))
        marked.append(dataclasses.replace(one, is_battery=rows > 0))
    return marked, noticed


def _repeating(members: Sequence[Column], values: Floats) -> int:
    """Return how many rows have one answer in several columns; 0 where these are few."""
    known = dict.fromkeys(level for column in members for level in column.levels)
    position = {level: at for at, level in enumerate(known)}
    answers = np.full(values.shape, np.nan)
    for at, column in enumerate(members):
        if not column.levels:
            return 0
        codes, has_value = (
            np.array([position[it] for it in column.levels]),
            ~np.isnan(values[:, at]),
        )
        answers[has_value, at] = codes[values[has_value, at].astype(np.int64)]
    ordered = np.sort(answers, axis=1)  # rows without an answer have it last
    repeats = np.any(ordered[:, 1:] == ordered[:, :-1], axis=1)
    several = np.count_nonzero(~np.isnan(answers), axis=1) > 1
    count = int(np.count_nonzero(repeats))
    return count if count and count >= REPEATING * np.count_nonzero(several) else 0


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
