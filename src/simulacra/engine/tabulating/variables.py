"""Variables of a table: what its rows show, and the groups that its columns are."""

import dataclasses

import numpy as np

from simulacra.engine.columns.arrays import Flags
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.tabulating import naming
from simulacra.engine.tabulating.naming import Names, Option
from simulacra.engine.tabulating.sample import Group, Values


@dataclasses.dataclass(frozen=True)
class RowVariable:
    """What some rows of a table show.

    Attributes:
        name: of a column or a multiple-response set.
        columns: names of the columns that it is made of.
        asked: the rows that have a value: the base.
        options: by name: who has a level or chooses an option; none for a mean.
        number: the column whose mean it is; None for shares.
        position: of that column; -1 for shares.
    """

    name: str
    columns: tuple[str, ...]
    asked: Group
    options: tuple[tuple[str, Group], ...]
    number: Column | None = None
    position: int = -1

    @property
    def kind(self) -> str:
        """``share`` or ``mean``."""
        return naming.SHARE if self.number is None else naming.MEAN


@dataclasses.dataclass(frozen=True)
class BannerVariable:
    """A variable whose levels or options are columns of a table, and the rows of each.

    Attributes:
        name: of a column or a multiple-response set.
        columns: names of the columns that it is made of.
        levels: by name: who has a level or chooses an option.
        overlaps: whether a row may belong to several of them.
    """

    name: str
    columns: tuple[str, ...]
    levels: tuple[tuple[str, Group], ...]
    overlaps: bool


def rows_of(schema: Schema, names: Names) -> list[RowVariable]:
    """Return the variables whose figures a table shows; their names fit the schema."""
    return [_row(schema, name) for name in naming.each(names)]


def banner_of(schema: Schema, names: Names | None) -> list[BannerVariable]:
    """Return the variables whose levels are the columns of a table; their names fit the schema."""
    return [
        BannerVariable(
            name=name,
            columns=tuple(naming.columns_of(schema, [name])),
            levels=_groups(schema, name),
            overlaps=name not in schema,
        )
        for name in naming.each(names)
    ]


def everyone(values: Values) -> Flags:
    """Return that all rows belong to the total, bool, shape (rows,)."""
    return np.ones(len(next(iter(values.values()))), dtype=np.bool_)


def together(*groups: Group) -> Group:
    """Return the rows that belong to all of some groups."""
    return lambda values: np.logical_and.reduce([group(values) for group in groups])


def _row(schema: Schema, name: str) -> RowVariable:
    """Return the variable of a name; who has a value in any of its columns was asked."""
    columns = tuple(naming.columns_of(schema, [name]))
    asked = _any(*(_has_value(schema.names.index(own)) for own in columns))
    if naming.kind_of(schema, name) == naming.SHARE:
        return RowVariable(name, columns, asked, _groups(schema, name))
    return RowVariable(name, columns, asked, (), schema[name], schema.names.index(name))


def _groups(schema: Schema, name: str) -> tuple[tuple[str, Group], ...]:
    return tuple((one.name, _having(schema, one)) for one in naming.options_of(schema, name))


def _having(schema: Schema, option: Option) -> Group:
    places = [(schema.names.index(name), level) for name, level in option.places]
    return _any(*(_is(position, level) for position, level in places))


def _has_value(position: int) -> Group:
    return lambda values: ~np.isnan(values[position])


def _is(position: int, level: int) -> Group:
    return lambda values: np.asarray(values[position] == level)


def _any(*groups: Group) -> Group:
    if len(groups) == 1:
        return groups[0]
    return lambda values: np.logical_or.reduce([group(values) for group in groups])
