"""Source names: the names that a file gives to its columns, unique and fit for publication."""

import dataclasses
from collections.abc import Iterator

from simulacra.engine.cleaning import names
from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.schema import CleaningAction

NUL = "\0"
"""PostgreSQL's texts and JSON cannot contain it; programs pad texts of fixed length with it."""

MAX_LENGTH = 5_000
"""Characters of a name, as in the first row of a CSV file."""


def rename_columns(raw: RawStudy) -> RawStudy:
    """Return the study with unique source names of bounded length and without NUL.

    Each change is reported as a cleaning action. Only Parquet files and tables need this: the
    readers of the other formats return valid names.
    """
    old_names = raw.table.column_names
    renamings = list(_rename(old_names))
    new_names = [name for name, _ in renamings]
    if new_names == old_names:
        return raw
    new_name = dict(zip(old_names, new_names, strict=True))
    actions = [CleaningAction(name, "renamed", reason, 1) for name, reason in renamings if reason]
    return dataclasses.replace(
        raw,
        table=raw.table.rename_columns(new_names),
        variables={new_name[name]: variable for name, variable in raw.variables.items()},
        sets=tuple(
            dataclasses.replace(
                declared, columns=tuple(new_name.get(name, name) for name in declared.columns)
            )
            for declared in raw.sets
        ),
        actions=(*(_renamed(action, new_name) for action in raw.actions), *actions),
    )


def _rename(names_in_file: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the new name of each column and why it changed; the reason is empty if it did not."""
    for source, name in zip(
        names_in_file, names.make_unique(names_in_file, _cut, "_"), strict=True
    ):
        yield name, "; ".join(_reasons(source, is_namesake=name != _cut(source)))


def _cut(source: str) -> str:
    return source.replace(NUL, "")[:MAX_LENGTH]


def _reasons(source: str, *, is_namesake: bool) -> Iterator[str]:
    if NUL in source:
        yield "NUL characters removed from its name"
    if len(source) > MAX_LENGTH:
        yield f"its name of {len(source):,} characters cut to {MAX_LENGTH:,}"
    if is_namesake:
        yield "another column has the same name"


def _renamed(action: CleaningAction, new_name: dict[str, str]) -> CleaningAction:
    column = new_name.get(action.column, action.column) if action.column else action.column
    return dataclasses.replace(action, column=column)
