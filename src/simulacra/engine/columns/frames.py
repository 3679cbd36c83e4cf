"""Tables as the data frames of other libraries, which are loaded when they are asked for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from simulacra.engine import documents, extras

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import polars as pl

    from simulacra.engine.columns.lazy import pa


class Framed:
    """What has a table, and gives it as a data frame."""

    if TYPE_CHECKING:

        @property
        def table(self) -> pa.Table:
            """What the data frames hold."""

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a data frame of pandas.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        return pandas(self.table)

    def to_polars(self) -> pl.DataFrame:
        """Return the table as a data frame of polars.

        Raises:
            ModuleNotFoundError: polars is not installed.
        """
        return polars(self.table)


class Labelled:
    """What has rows of a schema, and gives them as data frames by names or by labels."""

    if TYPE_CHECKING:

        @property
        def table(self) -> pa.Table:
            """The rows."""

        @property
        def labels(self) -> Mapping[str, str]:
            """Of the columns, where they say more than the names."""

    def head(self, count: int = 5) -> Rows:
        """Return the first rows, which notebooks show with the labels of the questions."""
        return Rows(self.table.slice(0, count), self.labels)

    def to_pandas(self, *, labels: bool = False) -> pd.DataFrame:
        """Return the rows as a data frame of pandas.

        Args:
            labels: whether columns are named by the labels of their questions. Of columns with the
                same label, each has its name behind it.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        return pandas(labelled(self.table, self.labels) if labels else self.table)

    def to_polars(self, *, labels: bool = False) -> pl.DataFrame:
        """Return the rows as a data frame of polars.

        Args:
            labels: as of `to_pandas`.

        Raises:
            ModuleNotFoundError: polars is not installed.
        """
        return polars(labelled(self.table, self.labels) if labels else self.table)


@dataclasses.dataclass(frozen=True, repr=False)
class Rows(documents.Shown, Labelled):
    """Some rows, as notebooks show them: the label of a question above the name of its column.

    Attributes:
        table: the rows.
        labels: of the columns, where they say more than the names.
    """

    table: pa.Table
    labels: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return list(self.table.column_names)

    @property
    def values(self) -> list[list[Any]]:
        """The rows, a list of values each."""
        return [[*row.values()] for row in self.table.to_pylist()]

    def __repr__(self) -> str:
        """Return it in one line."""
        return f"<Rows: {self.table.num_rows:,} rows, {self.table.num_columns:,} columns>"

    def __str__(self) -> str:
        """Return the rows for people, a line for each column."""
        width = max(map(len, self.names), default=0)
        return "\n".join(
            f"{name:<{width}}  {', '.join('-' if it is None else str(it) for it in column)}"
            for name, column in zip(self.names, zip(*self.values, strict=True), strict=False)
        )


def labelled(table: pa.Table, labels: Mapping[str, str]) -> pa.Table:
    """Return a table whose columns are named by their labels, none of them twice."""
    told = [labels.get(name, name) for name in table.column_names]
    return table.rename_columns(
        [
            label if told.count(label) == 1 else f"{label} ({name})"
            for name, label in zip(table.column_names, told, strict=True)
        ]
    )


def pandas(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as a data frame of pandas; dates become its own dates."""
    extras.load("pandas", "a data frame of pandas")
    frame: pd.DataFrame = table.to_pandas(date_as_object=False)
    return frame


def polars(table: pa.Table) -> pl.DataFrame:
    """Return an Arrow table as a data frame of polars."""
    frame: pl.DataFrame = extras.load("polars", "a data frame of polars").from_arrow(table)
    return frame
