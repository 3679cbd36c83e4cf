"""The published schema: the columns a model knows, and what cleaning did to get there."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine import documents
from simulacra.engine.columns import frames, questions, registry, searching
from simulacra.engine.columns.increments import FirstDays, Increment, Pattern
from simulacra.engine.columns.lazy import np, pa

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from simulacra.engine.columns.arrays import Flags, Floats
    from simulacra.engine.columns.cells import Cells, Window
    from simulacra.engine.columns.column_type import ColumnType
    from simulacra.engine.columns.facts import Bound
    from simulacra.engine.columns.tree_codes import TreeCoding

OF_OPTION = " - "
"""Between a question and one of its options, as survey tools write it."""
MOST_TOLD = 60
"""Columns, and actions of cleaning, that the text of a schema lists."""
WIDTH_OF_VALUES = 60
"""Characters of the levels or the range in that text."""


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of the cleaned table.

    Attributes:
        name: identifier-safe and unique.
        source_name: the name in the file.
        label: a text for people; the source name where the file has no better one.
        type: its type.
        missing_share: share of rows without a value, 0 to 1; in a weighted study, as the quantiles
            and the shares of levels, of the people whom the rows stand for.
        levels: of a categorical column, in their order.
        shares: of the levels among the rows that have a value.
        min: no row is generated below it. A round number beyond the smallest value, or that value
            if five rows share it, so that it is nobody's own; on a calendar at least five rows are
            at or before it.
        max: likewise.
        quantiles: the values at 5, 25, 50, 75 and 95 percent.
        decimals: digits behind the point, of numbers.
        unit: the mark that the file has beside the numbers, such as a currency or ``%``.
        grid: ``month`` if all values are first days of months; None otherwise.
        period: distance after which the values in use repeat, in steps of the grid (1 unit of the
            last decimal, a month, a day, a second); None if every value of it may be in use.
        offsets: the values in use within one period, in steps from a multiple of it.
        multiple_response: name of the multiple-response set that the column is an option of.
    """

    name: str
    source_name: str
    label: str
    type: ColumnType
    missing_share: float
    levels: tuple[str, ...] = ()
    shares: tuple[float, ...] = ()
    min: Bound | None = None
    max: Bound | None = None
    quantiles: tuple[Bound, ...] = ()
    decimals: int | None = None
    unit: str | None = None
    grid: str | None = None
    period: int | None = None
    offsets: tuple[int, ...] = ()
    multiple_response: str | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """The published bounds of a numeric column as numbers.

        Raises:
            ValueError: the column has none.
        """
        if self.min is None or self.max is None:
            raise ValueError(f"column {self.name!r} has no bounds")
        return self.type.to_number(self.min), self.type.to_number(self.max)

    @property
    def step(self) -> float:
        """The distance of two neighbours on the grid of a numeric column."""
        return self.type.step(self.decimals)

    @functools.cached_property
    def increment(self) -> Pattern | None:
        """The values that its scale uses; None if all of its grid."""
        step = 1.0 if self.grid else self.step
        pattern = None
        if self.period is not None:
            pattern = Increment(step, self.period, np.array(self.offsets, np.float64))
        return FirstDays(pattern) if self.grid else pattern

    def encode(self, array: pa.ChunkedArray) -> Floats:
        """Return the values of an Arrow column as numbers; see `ColumnType.encode_values`."""
        return self.type.encode_values(self, array)

    def decode(self, values: Floats) -> pa.Array:
        """Return numbers as an Arrow array; see `ColumnType.decode_values`."""
        return self.type.decode_values(self, values)

    def tree_coding(self, values: Floats) -> TreeCoding:
        """Return how values become tree codes; see `ColumnType.tree_coding`."""
        return self.type.tree_coding(self, values)

    def round(self, values: Floats) -> Floats:
        """Return the nearest values that the column uses; see `ColumnType.round`."""
        if self.increment is None:
            return self.to_grid(values)
        low, high = map(np.asarray, self.bounds)
        ends = self.increment.at_or_above(low), self.increment.at_or_below(high)
        return self.to_grid(np.clip(self.increment.nearest(values), *ends))

    def to_grid(self, values: Floats) -> Floats:
        """Return the nearest values on the column's grid, in use or not; see `ColumnType.round`."""
        return self.type.round(self, values)

    def contains(self, values: Floats) -> Flags:
        """Return which values the column may take; see `ColumnType.contains`."""
        return self.type.contains(self, values)

    def cells(self, values: Floats) -> Cells | None:
        """Return what respondents' values may be emitted as; see `ColumnType.cells`."""
        return self.type.cells(self, values)

    def window(self, values: Floats, cells: Cells, low: Bound, high: Bound) -> Window:
        """Cut the cells of the column to a range; see `ColumnType.window`."""
        return self.type.window(self, values, cells, low, high)

    def values(self) -> str:
        """Return the levels, or the range, in one line for people."""
        if self.type.is_categorical:
            return ", ".join(self.levels)
        return f"{self.min} to {self.max}"

    def to_json(self) -> dict[str, Any]:
        """Return the column as published: members that do not apply are left out."""
        document = {key: value for key, value in dataclasses.asdict(self).items() if value != ()}
        listed = {key: list(v) if isinstance(v, tuple) else v for key, v in document.items()}
        return {key: value for key, value in listed.items() if value is not None}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the column that `to_json` wrote."""
        tuples = {
            key: tuple(document[key])
            for key in ("levels", "shares", "quantiles", "offsets")
            if key in document
        }
        return cls(**{**document, **tuples, "type": registry.named(document["type"])})


@dataclasses.dataclass(frozen=True)
class MultipleResponseSet:
    """One question with several answers, spread over several columns.

    Attributes:
        name: its name.
        label: a text for people.
        kind: ``dichotomy`` if a column tells whether one option was chosen, ``category`` if
            each column holds one of the options chosen.
        columns: names of its columns.
        counted: of a dichotomy, the level that means "chosen"; None if it is the second level of
            each column, a text of its own.
        is_battery: whether respondents give one answer in several columns, as to the items of a
            grid. The file declares a set, so that files of rows do too; people are shown its
            columns, which do not say that they belong to it.
    """

    name: str
    label: str
    kind: str
    columns: tuple[str, ...]
    counted: str | None = None
    is_battery: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the set as published."""
        document = {**dataclasses.asdict(self), "columns": list(self.columns)}
        document["is_battery"] = self.is_battery or None
        return {key: value for key, value in document.items() if value is not None}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the set that `to_json` wrote."""
        return cls(**{**document, "columns": tuple(document["columns"])})


@dataclasses.dataclass(frozen=True)
class AnswerList:
    """A column of the file whose cells hold several answers; each option has a column here.

    Attributes:
        column: its name in the file.
        name: its name as those of the schema are: that of the multiple-response set.
        columns: names of the columns that were made of it.
        separator: what stands between two answers of a cell, or one of `separators.LISTS`; None if
            the cells are lists of Arrow.
        is_terminated: it stands behind the last answer too.
        is_ranking: each cell has all options in an order, and the columns hold their ranks from 1;
            otherwise they tell whether the option was chosen.
    """

    column: str
    name: str
    columns: tuple[str, ...]
    separator: str | None = None
    is_terminated: bool = False
    is_ranking: bool = False

    def option(self, column: Column) -> str:
        """Return the answer that one of the columns stands for, as the cells have it."""
        return column.source_name.removeprefix(f"{self.column}{OF_OPTION}")

    def to_json(self) -> dict[str, Any]:
        """Return it as published."""
        document = {**dataclasses.asdict(self), "columns": list(self.columns)}
        return {key: value for key, value in document.items() if value not in (None, False)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(**{**document, "columns": tuple(document["columns"])})


@dataclasses.dataclass(frozen=True)
class SurveyWeight:
    """The weight of a weighted study.

    Attributes:
        column: its name in the file; it is not modelled.
        effective_sample_size: number of respondents of equal weight who would tell as much (Kish
            1965).
    """

    column: str
    effective_sample_size: float


@dataclasses.dataclass(frozen=True)
class CleaningAction:
    """Something that reading or cleaning did: nothing disappears without one of these.

    Attributes:
        column: the column's name in the schema, or in the file if it was dropped; None if it
            concerns the whole file.
        action: ``read`` (how the file was understood), ``skipped`` (rows that are no data),
            ``renamed``, ``split`` (a column that holds several: answers, or fields),
            ``dropped``, ``kept``, ``typed``, ``pooled``, ``merged``, ``relabelled``,
            ``filled`` (blanks that mean something), ``blanked``, ``removed``, ``weighted`` (the
            study, by this column) or ``noticed`` (something that looks like more than it is used
            for).
        reason: why, for people.
        count: how many rows, columns or levels it concerns.
    """

    column: str | None
    action: str
    reason: str
    count: int

    def __str__(self) -> str:
        """Return it in one line for people."""
        return f"{self.action} {self.column or 'file'!r}: {self.reason}"


class Columns(list[Column], documents.Shown):
    """Some columns of a schema, as notebooks show them.

    Attributes:
        schema: whose columns they are.
    """

    def __init__(self, schema: Schema, columns: Iterable[Column]) -> None:
        super().__init__(columns)
        self.schema = schema

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [column.name for column in self]

    def __repr__(self) -> str:
        """Return it in a few lines."""
        return str(self) if self else "[]"

    def __str__(self) -> str:
        """Return a table for people."""
        lines = [_line(self.schema, column) for column in self[:MOST_TOLD]]
        if len(self) > MOST_TOLD:
            lines.append(f"and {len(self) - MOST_TOLD:,} more")
        return "\n".join(lines)


@dataclasses.dataclass(frozen=True, repr=False)
class Schema(documents.Shown, frames.Framed):
    """What a model publishes about its study.

    Attributes:
        columns: those that are modelled, in the order of the file.
        cleaning: what reading and cleaning did.
        row_count: rows of the study.
        sets: multiple-response sets of which at least two columns are left.
        answer_lists: columns of the file whose cells hold several answers.
        weight: of the respondents; None if all stand for as many people.
        overrides: the arguments of `pipeline.fit` that state all that reading and cleaning found
            out: with them, the same file is read in the same way.
    """

    columns: tuple[Column, ...]
    cleaning: tuple[CleaningAction, ...]
    row_count: int
    sets: tuple[MultipleResponseSet, ...] = ()
    answer_lists: tuple[AnswerList, ...] = ()
    weight: SurveyWeight | None = None
    overrides: Mapping[str, Any] = dataclasses.field(default_factory=dict, hash=False)

    def __getitem__(self, name: str) -> Column:
        """Return a column by name.

        Raises:
            KeyError: there is none; says which one may be meant.
        """
        if name not in self._by_name:
            near = searching.meant(searching.near_columns(self, str(name)))
            raise KeyError(f"the schema has no column {name!r}. {near}".rstrip())
        return self._by_name[name]

    def __contains__(self, column: object) -> bool:
        """Tell whether there is a column of this name, or this column."""
        if isinstance(column, Column):
            return self._by_name.get(column.name) == column
        return column in self._by_name

    def __iter__(self) -> Iterator[Column]:
        """Iterate over the columns, in the order of the file."""
        return iter(self.columns)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.columns)

    def __bool__(self) -> bool:
        """Return True: a schema without columns is a schema."""
        return True

    def __repr__(self) -> str:
        """Return it in one line."""
        sets = f", {len(self.sets):,} multiple-response sets" if self.sets else ""
        return f"<Schema: {len(self):,} columns{sets}, {self.row_count:,} respondents>"

    def __str__(self) -> str:
        """Return a table for people, and what cleaning did; of wide studies the beginning.

        `table` has all columns, `find` those that are looked for, and `cleaning` all actions.
        """
        lines = [_line(self, column) for column in self.columns[:MOST_TOLD]]
        if len(self) > MOST_TOLD:
            lines.append(f"and {len(self) - MOST_TOLD:,} more columns: find() looks them up")
        lines += [str(action) for action in self.cleaning[:MOST_TOLD]]
        if len(self.cleaning) > MOST_TOLD:
            lines.append(f"and {len(self.cleaning) - MOST_TOLD:,} more cleaning actions")
        return "\n".join(lines)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [*self._by_name]

    @functools.cached_property
    def questions(self) -> list[questions.Question]:
        """The columns by question: sets, batteries of items with the same answers, and others."""
        return questions.of_schema(self)

    @property
    def table(self) -> pa.Table:
        """The columns, a line each."""
        of_column = {
            item.column.name: (question.label, item.text)
            for question in self.questions
            for item in question.items
        }
        lines = [
            {
                "name": column.name,
                "label": column.label,
                "question": of_column[column.name][0],
                "item": of_column[column.name][1],
                "set": column.multiple_response,
                "type": str(column.type),
                "levels": [*column.levels] or None,
                "shares": [*column.shares] or None,
                "min": None if column.min is None else str(column.min),
                "max": None if column.max is None else str(column.max),
                "missing_share": column.missing_share,
            }
            for column in self.columns
        ]
        texts = dict.fromkeys(("name", "label", "question", "item", "set", "type"), pa.string())
        kinds = texts | {
            "levels": pa.list_(pa.string()),
            "shares": pa.list_(pa.float64()),
            "min": pa.string(),
            "max": pa.string(),
            "missing_share": pa.float64(),
        }
        return pa.Table.from_pylist(lines, pa.schema([*kinds.items()]))

    def described(self, column: Column) -> str:
        """Return the label of a column, of an option behind that of its question."""
        question = self._set_labels.get(column.multiple_response or "", "")
        is_said = column.label.startswith(question)
        return column.label if not question or is_said else f"{question}: {column.label}"

    def labels(self, names: Iterable[str]) -> dict[str, str]:
        """Return the labels of columns and multiple-response sets that say more than the names.

        Args:
            names: others than those of the schema are left out.
        """
        found = {}
        for name in names:
            if name in self._by_name:
                found[name] = self.described(self._by_name[name])
            elif name in self._set_labels:
                found[name] = self._set_labels[name]
        return {name: label for name, label in found.items() if label not in ("", name)}

    @functools.cached_property
    def _set_labels(self) -> dict[str, str]:
        return {one.name: one.label for one in self.sets}

    def find(self, text: str) -> Columns:
        """Return the columns that a text may mean, the best first.

        It may be in a name, in the label, in a level, or in the name or label of the
        multiple-response set. Upper and lower case do not matter. Where nothing has the text,
        columns follow with words that are spelled like it.
        """
        return Columns(self, searching.find(self, text))

    def head(self, count: int = 5) -> Columns:
        """Return the first columns."""
        return Columns(self, self.columns[:count])

    @functools.cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def to_json(self) -> dict[str, Any]:
        """Return the schema as the service publishes it."""
        document: dict[str, Any] = {
            "schema": [column.to_json() for column in self.columns],
            "cleaning": [dataclasses.asdict(action) for action in self.cleaning],
            "row_count": self.row_count,
        }
        if self.sets:
            document["multiple_response_sets"] = [one.to_json() for one in self.sets]
        if self.answer_lists:
            document["answer_lists"] = [one.to_json() for one in self.answer_lists]
        if self.weight:
            document["weight"] = dataclasses.asdict(self.weight)
        if self.overrides:
            document["overrides"] = dict(self.overrides)
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return the schema that `to_json` wrote."""
        return cls(
            columns=tuple(Column.from_json(column) for column in document["schema"]),
            cleaning=tuple(CleaningAction(**action) for action in document["cleaning"]),
            row_count=document["row_count"],
            sets=tuple(
                MultipleResponseSet.from_json(one)
                for one in document.get("multiple_response_sets", ())
            ),
            answer_lists=tuple(
                AnswerList.from_json(one) for one in document.get("answer_lists", ())
            ),
            weight=SurveyWeight(**document["weight"]) if "weight" in document else None,
            overrides=document.get("overrides", {}),
        )


def _line(schema: Schema, column: Column) -> str:
    """Return a column in one line for people, its label where it says more than its name."""
    values = searching.shortened(column.values(), WIDTH_OF_VALUES)
    said = schema.described(column)
    label = "" if said in (column.name, column.source_name) else said
    return f"{column.name:<32} {column.type:<9} {values:<{WIDTH_OF_VALUES}} {label}".rstrip()
