"""Names that a table is asked for by, checked against a schema; loads no numerical code.

So a request for a table can be refused by a process that holds no rows.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from simulacra.engine import errors
from simulacra.engine.columns import searching
from simulacra.engine.columns.schema import Column, MultipleResponseSet, Schema

Names = str | Sequence[str]
"""A name, or several."""
MEAN, SHARE = "mean", "share"
MOST_HINTS = 5
"""Unknown names for which it is looked what may be meant: among two thousand columns with long
names, each takes a quarter of a second."""


class Option(NamedTuple):
    """A level of a column or an option of a multiple-response set.

    Attributes:
        name: as a table shows it.
        places: columns with the position of the level there; who has any of them has the option.
    """

    name: str
    places: tuple[tuple[str, int], ...]


def each(names: Names | None) -> list[str]:
    """Return names as a list."""
    return [] if names is None else [names] if isinstance(names, str) else [*names]


def check(
    schema: Schema, rows: Names, banner: Names | None = None, weight: str | None = None
) -> None:
    """Refuse a table whose names do not fit a schema.

    Args:
        schema: of the rows.
        rows: columns or multiple-response sets.
        banner: categorical columns or multiple-response sets.
        weight: a column of numbers of which none is below 0.

    Raises:
        errors.TableError: they do not; lists every fault.
    """
    names = _Names(schema)
    faults = [names.unknown(f"/rows/{at}", name) for at, name in enumerate(each(rows))]
    if not faults:
        detail = "Give at least one column or multiple-response set as rows of the table."
        faults = [errors.FieldError("/rows", detail, "invalid_field")]
    faults += [_of_banner(names, f"/banner/{at}", name) for at, name in enumerate(each(banner))]
    if weight is not None:
        faults.append(_of_weight(schema, weight))
    _refuse(faults)


def check_columns(first: Schema, second: Schema, columns: Names) -> None:
    """Refuse a comparison of two samples by names that do not fit both schemas.

    Raises:
        errors.TableError: they do not; lists every fault.
    """
    faults: list[errors.FieldError | None] = []
    names = _Names(first), _Names(second)
    for at, name in enumerate(each(columns)):
        pointer = f"/columns/{at}"
        unknown = names[0].unknown(pointer, name) or names[1].unknown(pointer, name)
        faults.append(unknown)
        if unknown is None and kind_of(first, name) != kind_of(second, name):
            kinds = " and ".join(str(kind_of(schema, name)) for schema in (first, second))
            detail = f"{name!r} has figures of different kinds in the two samples: {kinds}."
            faults.append(errors.FieldError(pointer, detail, "invalid_field"))
    _refuse(faults)


def shared(first: Schema, second: Schema) -> list[str]:
    """Return the names of the columns that two schemas have with figures of one kind."""
    names = [column.name for column in first.columns if column.name in second]
    return [name for name in names if kind_of(first, name) == kind_of(second, name)]


def kind_of(schema: Schema, name: str) -> str:
    """Return what a table shows of a column or set: ``share``, ``mean``, or that of what type."""
    if name not in schema or schema[name].type.is_categorical:
        return SHARE
    return f"{MEAN} of {schema[name].type}s" if schema[name].type.is_temporal else MEAN


def sets_of(schema: Schema) -> dict[str, MultipleResponseSet]:
    """Return the multiple-response sets whose names no column has."""
    return {one.name: one for one in schema.sets if one.name not in schema}


def options_of(schema: Schema, name: str) -> list[Option]:
    """Return the levels of a column, or the options of a multiple-response set.

    Of a number, date or time there are none.
    """
    if name in schema:
        return [Option(level, ((name, at),)) for at, level in enumerate(schema[name].levels)]
    one = sets_of(schema)[name]
    columns = [schema[own] for own in one.columns]
    if one.kind == "category":
        levels = dict.fromkeys(level for column in columns for level in column.levels)
        return [Option(level, _places(columns, level)) for level in levels]
    found, labels = [], [column.label for column in columns]
    for column in columns:
        chosen = _chosen(column, one)
        if chosen is not None:
            is_plain = column.label and labels.count(column.label) == 1
            name = column.label if is_plain else column.name
            found.append(Option(name, ((column.name, chosen),)))
    return found


def _chosen(column: Column, one: MultipleResponseSet) -> int | None:
    """Return the value that means that an option was chosen; 1 in a column of 0 and 1."""
    if not column.type.is_categorical:
        return 1
    counted = column.levels[-1] if one.counted is None else one.counted
    return column.levels.index(counted) if counted in column.levels else None


def columns_of(schema: Schema, names: Iterable[str]) -> list[str]:
    """Return the columns that figures of columns and multiple-response sets are made of."""
    sets = sets_of(schema)
    own = ((name,) if name in schema else sets[name].columns for name in names)
    return [*dict.fromkeys(column for columns in own for column in columns)]


def count_cells(schema: Schema, rows: Names, banner: Names | None = None) -> int:
    """Return how many cells a table has, whose names fit the schema."""
    lines = sum(max(len(options_of(schema, name)), 1) for name in each(rows))
    return lines * (1 + sum(len(options_of(schema, name)) for name in each(banner)))


def _places(columns: Iterable[Column], level: str) -> tuple[tuple[str, int], ...]:
    having = [column for column in columns if level in column.levels]
    return tuple((column.name, column.levels.index(level)) for column in having)


def _refuse(faults: Iterable[errors.FieldError | None]) -> None:
    found = [fault for fault in faults if fault is not None]
    if found:
        raise errors.TableError(found)


class _Names:
    """The names of a schema, by which it is told which others it does not have."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self._known = dict.fromkeys([*schema.names, *sets_of(schema)])
        self._hints = 0

    def unknown(self, pointer: str, name: str) -> errors.FieldError | None:
        """Return the fault of a name that the schema does not have."""
        if name in self._known:
            return None
        near: list[searching.Near] = []
        if self._hints < MOST_HINTS:
            self._hints += 1
            near = searching.near_any(self.schema, str(name))
        hint = f"; {' or '.join(map(str, near))} may be meant" if near else ""
        detail = f"The schema has no column or multiple-response set {name!r}{hint}."
        return errors.FieldError(pointer, detail, "unknown_condition_column")


def _of_banner(names: _Names, pointer: str, name: str) -> errors.FieldError | None:
    unknown, schema = names.unknown(pointer, name), names.schema
    if unknown is not None or kind_of(schema, name) == SHARE:
        return unknown
    detail = f"Column {name!r} is {schema[name].type}; columns of a table have levels."
    return errors.FieldError(pointer, detail, "invalid_field")


def _of_weight(schema: Schema, name: str) -> errors.FieldError | None:
    if name not in schema:
        detail = f"The schema has no column {name!r} to weight rows by."
        return errors.FieldError("/weight", detail, "unknown_condition_column")
    column = schema[name]
    if not column.type.is_categorical and not column.type.is_temporal and column.bounds[0] >= 0:
        return None
    detail = f"Rows cannot count by {name!r}; give a column of numbers of which none is below 0."
    return errors.FieldError("/weight", detail, "invalid_field")
