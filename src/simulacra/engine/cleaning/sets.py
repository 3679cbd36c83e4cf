"""Multiple-response sets, in the names of the cleaned columns."""

import dataclasses
import itertools
from collections.abc import Iterable, Sequence

from simulacra.engine.cleaning import names
from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.schema import CleaningAction, Column, MultipleResponseSet

MIN_COLUMNS = 2
SEPARATOR = " - "
"""Between a question and one of its options, as survey tools write it."""


def attach(
    columns: Sequence[Column], raw: RawStudy, actions: Iterable[CleaningAction]
) -> tuple[list[Column], tuple[MultipleResponseSet, ...], list[CleaningAction]]:
    """Return the columns with their membership, the sets that are left, and what was left out.

    The sets are those of the codebook, else the options that stand next to each other under one
    question: columns whose blanks meant that an option was not chosen (see `choices`).
    """
    options = {action.column for action in actions if action.action == "filled"}
    found, noted = _declared(columns, raw)
    found += [] if raw.sets else _grouped(columns, options)
    membership: dict[str, str] = {}
    for one in found:
        for name in one.columns:
            membership.setdefault(name, one.name)
    described = [
        dataclasses.replace(column, multiple_response=membership.get(column.name))
        for column in columns
    ]
    return described, tuple(found), noted


def _grouped(columns: Sequence[Column], options: set[str | None]) -> list[MultipleResponseSet]:
    def question(column: Column) -> str:
        return column.label.rpartition(SEPARATOR)[0] if column.name in options else ""

    found = []
    for label, group in itertools.groupby(columns, question):
        members = tuple(column.name for column in group)
        if label and len(members) >= MIN_COLUMNS:
            (name,) = names.clean([label])
            found.append(MultipleResponseSet(name, label, "dichotomy", members))
    return found


def _declared(
    columns: Sequence[Column], raw: RawStudy
) -> tuple[list[MultipleResponseSet], list[CleaningAction]]:
    by_source = {column.source_name: column for column in columns}
    found, noted = [], []
    for one in raw.sets:
        members = [by_source[name] for name in one.columns if name in by_source]
        if len(members) < MIN_COLUMNS:
            reason = f"a multiple-response set of which {len(members)} columns are left"
            noted.append(CleaningAction(one.name, "dropped", reason, len(one.columns)))
            continue
        kept = tuple(column.name for column in members)
        counted = _counted(one, members[0], raw)
        found.append(dataclasses.replace(one, columns=kept, counted=counted))
    return found, noted


def _counted(one: MultipleResponseSet, member: Column, raw: RawStudy) -> str | None:
    """Return the level that stands for the counted value."""
    if one.counted is None or member.type is BOOLEAN:
        return None if one.counted is None else "true"
    variable = raw.variables[member.source_name]
    if not variable.is_labelled or variable.counted is None:
        return one.counted
    levels: list[str] = raw.table[member.source_name].chunk(0).dictionary.to_pylist()
    named = dict(zip(variable.label_values, levels, strict=False))
    return named.get(variable.counted, one.counted)
