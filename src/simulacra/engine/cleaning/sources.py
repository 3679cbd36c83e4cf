"""The names that a file gives to its columns, made fit to tell them apart and to be published."""

import dataclasses
from collections.abc import Iterator

from simulacra.engine.cleaning import names
from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.schema import CleaningAction

NUL = "\0"
"""PostgreSQL's text and JSON cannot hold it; programs pad texts of fixed length with it."""

MAX_LENGTH = 5_000
"""Characters of a name, as in the first row of a CSV file."""


def settle(raw: RawStudy) -> RawStudy:
    """Return the study with unique names of bounded length and without NUL; changes are reported.

    Parquet files and tables may have any names; the other readers have named the columns already.
    """
    given = raw.table.column_names
    named = list(_named(given))
    made = [name for name, _ in named]
    if made == given:
        return raw
    renamed = dict(zip(given, made, strict=True))
    reported = [CleaningAction(name, "renamed", reason, 1) for name, reason in named if reason]
    return dataclasses.replace(
        raw,
        table=raw.table.rename_columns(made),
        variables={renamed[name]: variable for name, variable in raw.variables.items()},
        sets=tuple(
            dataclasses.replace(one, columns=tuple(renamed.get(name, name) for name in one.columns))
            for one in raw.sets
        ),
        actions=(*(_moved(action, renamed) for action in raw.actions), *reported),
    )


def _named(given: list[str]) -> Iterator[tuple[str, str]]:
    """Yield each name, and why it is not the one given; an empty reason if it is."""
    for source, name in zip(given, names.distinct(given, _cut, "_"), strict=True):
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


def _moved(action: CleaningAction, renamed: dict[str, str]) -> CleaningAction:
    column = renamed.get(action.column, action.column) if action.column else action.column
    return dataclasses.replace(action, column=column)
