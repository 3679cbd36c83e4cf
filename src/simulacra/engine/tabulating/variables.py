"""Variables of a table: what its rows show, and the groups that its columns are."""

import dataclasses
import difflib
from collections.abc import Sequence

import numpy as np

from simulacra.engine.columns.arrays import Flags
from simulacra.engine.columns.schema import Column, MultipleResponseSet, Schema
from simulacra.engine.tabulating.sample import Group, Values

Names = str | Sequence[str]
"""A name, or several."""


@dataclasses.dataclass(frozen=True)
class RowVariable:
    """What some rows of a table show.

    Attributes:
        name: of a column or a multiple-response set.
        asked: the rows that have a value: the base.
        options: by name: who has a level or chooses an option; none for a mean.
        position: of the column whose mean it is; -1 for shares.
    """

    name: str
    asked: Group
    options: tuple[tuple[str, Group], ...]
    position: int = -1

    @property
    def kind(self) -> str:
        """``share`` or ``mean``."""
        return "mean" if self.position >= 0 else "share"


@dataclasses.dataclass(frozen=True)
class BannerVariable:
    """A column whose levels are columns of a table, and the rows of each level."""

    name: str
    levels: tuple[tuple[str, Group], ...]


def rows_of(schema: Schema, names: Names) -> list[RowVariable]:
    """Return the variables whose figures a table shows.

    Raises:
        ValueError: a name that the schema does not have, of a date or time, or no name at all.
    """
    sets = {one.name: one for one in schema.sets}
    found = []
    for name in _each(names):
        if name in schema:
            found.append(_of_column(schema, schema[name]))
        elif name in sets:
            found.append(_of_set(schema, sets[name]))
        else:
            raise ValueError(_unknown(name, [*schema.names, *sets]))
    if not found:
        raise ValueError("give at least one column or multiple-response set as rows of the table")
    return found


def banner_of(schema: Schema, names: Names | None) -> list[BannerVariable]:
    """Return the variables whose levels are the columns of a table.

    Raises:
        ValueError: a name that the schema does not have, or one of a numeric column.
    """
    found = []
    for name in () if names is None else _each(names):
        if name not in schema:
            raise ValueError(_unknown(name, schema.names))
        column = schema[name]
        if not column.type.is_categorical:
            raise ValueError(f"column {name!r} is {column.type}; columns of a table have levels")
        found.append(BannerVariable(name, _levels(schema, column)))
    return found


def everyone(values: Values) -> Flags:
    """Return that all rows belong to the total, bool, shape (rows,)."""
    return np.ones(len(next(iter(values.values()))), dtype=np.bool_)


def together(*groups: Group) -> Group:
    """Return the rows that belong to all of some groups."""
    return lambda values: np.logical_and.reduce([group(values) for group in groups])


def _each(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else [*names]


def _unknown(name: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(name), known, 1)
    hint = f"; {near[0]!r} may be meant" if near else ""
    return f"the schema has no column or multiple-response set {name!r}{hint}"


def _of_column(schema: Schema, column: Column) -> RowVariable:
    position = schema.names.index(column.name)
    if column.type.is_temporal:
        raise ValueError(f"column {column.name!r} is {column.type}; give levels or numbers as rows")
    if column.type.is_categorical:
        return RowVariable(column.name, _has_value(position), _levels(schema, column))
    return RowVariable(column.name, _has_value(position), (), position)


def _of_set(schema: Schema, one: MultipleResponseSet) -> RowVariable:
    """Return the options of a question; who has a value in any of its columns was asked."""
    positions = {name: schema.names.index(name) for name in one.columns}
    asked = _any(*(_has_value(position) for position in positions.values()))
    columns = [schema[name] for name in one.columns]
    if one.kind == "category":
        levels = dict.fromkeys(level for column in columns for level in column.levels)
        options = [
            (
                level,
                _any(
                    *(
                        _is(positions[column.name], column.levels.index(level))
                        for column in columns
                        if level in column.levels
                    )
                ),
            )
            for level in levels
        ]
        return RowVariable(one.name, asked, tuple(options))
    options, labels = [], [column.label for column in columns]
    for column in columns:
        counted = column.levels[-1] if one.counted is None else one.counted
        if counted in column.levels:
            chosen = _is(positions[column.name], column.levels.index(counted))
            is_plain = column.label and labels.count(column.label) == 1
            options.append((column.label if is_plain else column.name, chosen))
    return RowVariable(one.name, asked, tuple(options))


def _levels(schema: Schema, column: Column) -> tuple[tuple[str, Group], ...]:
    position = schema.names.index(column.name)
    return tuple((level, _is(position, index)) for index, level in enumerate(column.levels))


def _has_value(position: int) -> Group:
    return lambda values: ~np.isnan(values[position])


def _is(position: int, level: int) -> Group:
    return lambda values: np.asarray(values[position] == level)


def _any(*groups: Group) -> Group:
    return lambda values: np.logical_or.reduce([group(values) for group in groups])
