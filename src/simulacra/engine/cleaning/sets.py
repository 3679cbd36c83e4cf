"""Multiple-response sets, in the names of the cleaned columns."""

import dataclasses
from collections.abc import Sequence

from simulacra.engine.codebook import RawStudy
from simulacra.engine.schema import CleaningAction, Column, ColumnType, MultipleResponseSet

MIN_COLUMNS = 2


def attach(
    columns: Sequence[Column], raw: RawStudy
) -> tuple[list[Column], tuple[MultipleResponseSet, ...], list[CleaningAction]]:
    """Return the columns with their membership, the sets that are left, and what was left out."""
    by_source = {column.source_name: column for column in columns}
    found, actions, membership = [], [], dict[str, str]()
    for one in raw.sets:
        members = [by_source[name] for name in one.columns if name in by_source]
        if len(members) < MIN_COLUMNS:
            reason = f"a multiple-response set of which {len(members)} columns are left"
            actions.append(CleaningAction(one.name, "dropped", reason, len(one.columns)))
            continue
        names = tuple(column.name for column in members)
        counted = _counted(one, members[0], raw)
        found.append(dataclasses.replace(one, columns=names, counted=counted))
        for name in names:
            membership.setdefault(name, one.name)
    described = [
        dataclasses.replace(column, multiple_response=membership.get(column.name))
        for column in columns
    ]
    return described, tuple(found), actions


def _counted(one: MultipleResponseSet, member: Column, raw: RawStudy) -> str | None:
    """Return the level that stands for the counted value."""
    if one.counted is None or member.type is ColumnType.BOOLEAN:
        return None if one.counted is None else "true"
    variable = raw.variables[member.source_name]
    if not variable.is_labelled or variable.counted is None:
        return one.counted
    levels: list[str] = raw.table[member.source_name].chunk(0).dictionary.to_pylist()
    named = dict(zip(variable.codes, levels, strict=False))
    return named.get(variable.counted, one.counted)
