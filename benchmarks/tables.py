"""The five standard tables, split and typed as the papers that published figures on them do.

Adult has an official test part. Of the others a fixed tenth is unseen (Zhang et al. 2024, TabSyn).
Coded categories are categories, identifiers are left out, and a category that is missing in the
file is a level of its own.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

import simulacra
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column, Schema

MISSING, OTHER = "?", "Other"
UNSEEN_SHARE = 0.1
SPLIT_SEED = 0


@dataclasses.dataclass(frozen=True)
class Source:
    """Where a table is, and what the papers make of its columns.

    Attributes:
        train: file below the data folder.
        target: the column that the papers predict from the others.
        unseen: file of an official test part.
        dropped: columns that only number the rows.
        codes: columns whose numbers are names of categories.
    """

    train: str
    target: str
    unseen: str | None = None
    dropped: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


SOURCES = {
    "adult": Source("benchmark/adult_train.csv", "income", "benchmark/adult_test.csv"),
    "default": Source(
        "benchmark/default_credit_card.csv",
        "default.payment.next.month",
        dropped=("ID",),
        codes=(
            "SEX",
            "EDUCATION",
            "MARRIAGE",
            *(f"PAY_{month}" for month in range(7)),
            "default.payment.next.month",
        ),
    ),
    "shoppers": Source(
        "benchmark/online_shoppers_intention.csv",
        "Revenue",
        codes=("OperatingSystems", "Browser", "Region", "TrafficType", "Weekend", "Revenue"),
    ),
    "magic": Source("benchmark/magic_gamma.csv", "class"),
    "beijing": Source(
        "benchmark/beijing_pm25.csv",
        "pm2.5",
        dropped=("No",),
        codes=("year", "month", "day", "hour"),
    ),
}


@dataclasses.dataclass(frozen=True)
class Table:
    """Rows to learn from, rows to judge by, and how a judge codes both.

    Attributes:
        name: for people.
        train: rows whose categories are dictionary arrays of text.
        unseen: rows of the same population that no model has seen.
        schema: the columns as the file has them, levels of both parts; nothing pooled or dropped.
    """

    name: str
    train: pa.Table
    unseen: pa.Table
    schema: Schema

    def encode(self, rows: pa.Table, model_schema: Schema | None = None) -> Floats:
        """Return rows as a judge sees them; see `encode`."""
        return encode(self.schema, rows, model_schema)


def encode(schema: Schema, rows: pa.Table, model_schema: Schema | None = None) -> Floats:
    """Return rows as a judge sees them: a column that a model left out is all missing.

    Args:
        schema: of the columns as the file has them.
        rows: of the table, or generated.
        model_schema: the schema of the model that generated them, which renames columns.
    """
    names = (
        {column.source_name: column.name for column in model_schema.columns} if model_schema else {}
    )
    known = set(rows.column_names)
    values = np.full((rows.num_rows, len(schema.columns)), np.nan)
    for position, column in enumerate(schema.columns):
        name = names.get(column.name, column.name)
        if name in known:
            values[:, position] = _encode(column, rows[name])
    return values


def keep_modelled(raw: Schema, fitted: Schema) -> Schema:
    """Return the raw columns that a model has after cleaning."""
    names = {column.source_name for column in fitted.columns}
    columns = tuple(column for column in raw.columns if column.name in names)
    return dataclasses.replace(raw, columns=columns)


def pool_levels(schema: Schema, rows: Floats, fitted: Schema) -> Floats:
    """Return coded real rows with rare levels pooled as the cleaning of a model has pooled them.

    Pooling is deliberate and reported to the user; otherwise a classifier would see little else.
    """
    sources = {column.source_name: column for column in fitted.columns}
    values = rows.copy()
    for position, column in enumerate(schema.columns):
        levels = sources[column.name].levels if column.name in sources else ()
        if column.type.is_categorical and OTHER in levels:
            gone = [
                position for position, x in enumerate(column.levels) if x not in (*levels, MISSING)
            ]
            values[np.isin(values[:, position], gone), position] = column.levels.index(OTHER)
    return values


@dataclasses.dataclass(frozen=True)
class Coded:
    """A table and synthetic rows as numbers, of the columns that a model kept.

    Attributes:
        schema: of those columns.
        train: float64, shape (rows, columns): what was learned from.
        unseen: float64: what was not; rare levels of both are pooled as in the model.
        synthetic: float64.
    """

    schema: Schema
    train: Floats
    unseen: Floats
    synthetic: Floats


def coded(table: Table, model: simulacra.Model, rows: int) -> Coded:
    """Generate rows from a model, and code them like the table that it was fitted to."""
    schema = keep_modelled(table.schema, model.schema)
    synthetic = encode(schema, model.generate(rows, seed=1).table, model.schema)
    train, unseen = (
        pool_levels(schema, encode(schema, real), model.schema)
        for real in (table.train, table.unseen)
    )
    return Coded(schema, train, unseen, synthetic)


def load(name: str, data: Path) -> Table:
    """Return one of `SOURCES` from the data folder.

    Raises:
        OSError: its file is not there.
    """
    source = SOURCES[name]
    train = _read(data / source.train, source)
    if source.unseen:
        return table(name, train, _read(data / source.unseen, source))
    return split(name, train, UNSEEN_SHARE)


def split(name: str, rows: pa.Table, unseen_share: float) -> Table:
    """Return a table with a fixed random part of its rows set aside."""
    order = np.random.default_rng(SPLIT_SEED).permutation(rows.num_rows)
    unseen = round(unseen_share * rows.num_rows)
    return table(name, rows.take(np.sort(order[unseen:])), rows.take(np.sort(order[:unseen])))


def table(name: str, train: pa.Table, unseen: pa.Table) -> Table:
    """Return a table whose schema covers both parts."""
    both = pa.concat_tables([train, unseen]).unify_dictionaries()
    return Table(name, train, unseen, raw_schema(both))


def raw_schema(rows: pa.Table) -> Schema:
    """Return the columns as they are: every level its own, every number a number."""
    columns = [_column(name, rows[name]) for name in rows.column_names]
    return Schema(tuple(columns), (), rows.num_rows)


def as_categories(rows: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return a table in which the named columns are dictionary arrays of text.

    Codes become words, "code 2", so that no reader takes them for numbers.
    """
    for name in names:
        position = rows.column_names.index(name)
        texts = pc.utf8_trim_whitespace(rows[name].cast(pa.string()))
        if pa.types.is_integer(rows[name].type):
            texts = pc.binary_join_element_wise("code", texts, " ")
        rows = rows.set_column(position, name, texts.dictionary_encode())
    return rows


def _read(path: Path, source: Source) -> pa.Table:
    nulls = csv.ConvertOptions(null_values=["", "NA", "?"], strings_can_be_null=True)
    rows = csv.read_csv(path, convert_options=nulls)
    rows = rows.drop_columns([name for name in source.dropped if name in rows.column_names])
    texts = [field.name for field in rows.schema if not pa.types.is_floating(field.type)]
    named = [
        name
        for name in texts
        if name in source.codes or not pa.types.is_integer(rows.schema.field(name).type)
    ]
    return as_categories(rows, named)


def _column(name: str, values: pa.ChunkedArray) -> Column:
    column_type = _column_type(values.type)
    missing = values.null_count / max(len(values), 1)
    if not column_type.is_categorical:
        return Column(name, name, name, column_type, missing)
    levels = sorted(pc.unique(values.cast(pa.string())).drop_null().to_pylist())
    return Column(name, name, name, column_type, missing, levels=(*levels, OTHER, MISSING))


def _column_type(column_type: pa.DataType) -> ColumnType:
    if pa.types.is_temporal(column_type):
        return DATE if pa.types.is_date(column_type) else DATETIME
    if pa.types.is_integer(column_type):
        return INTEGER
    return NUMBER if pa.types.is_floating(column_type) else NOMINAL


def _encode(column: Column, values: pa.ChunkedArray) -> Floats:
    if column.type.is_categorical:
        values = pc.fill_null(values.cast(pa.string()), MISSING)
    return column.encode(values)
