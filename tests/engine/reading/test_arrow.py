"""Types of Arrow that say the same thing in several ways."""

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.columns.schema import Schema
from simulacra.engine.reading import arrow, source

ROWS = 60
TEXTS = ["lo", "hi", None] * (ROWS // 3)
AGES = [18 + 7 * row % 40 for row in range(ROWS)]


def one(column: object, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    array = column if isinstance(column, pa.Array | pa.ChunkedArray) else pa.array(column, kind)
    table, _ = arrow.plain(pa.table({"x": array}))
    return table["x"]


def schema(table: object) -> Schema:
    return clean.clean(source.read(table, limits.DEFAULT), limits.DEFAULT).schema


def dictionary(values: pa.Array, *, ordered: bool) -> pa.DictionaryArray:
    codes = pa.array([0, 1, None] * (ROWS // 3), pa.uint8())
    return pa.DictionaryArray.from_arrays(codes, values, ordered=ordered)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.string_view(), TEXTS),
        (pa.large_string(), TEXTS),
        (pa.binary(), [None if text is None else text.encode() for text in TEXTS]),
        (pa.large_binary(), [None if text is None else text.encode() for text in TEXTS]),
        (pa.binary_view(), [None if text is None else text.encode() for text in TEXTS]),
        (pa.binary(2), [None if text is None else text.encode() for text in TEXTS]),
        (pa.json_(), TEXTS),
        (pa.dictionary(pa.int8(), pa.string()), TEXTS),
    ],
    ids=str,
)
def test_texts_in_whatever_form_are_texts(kind: pa.DataType, values: list[object]) -> None:
    plain = one(values, kind)
    assert pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type)
    assert plain.to_pylist() == TEXTS


@pytest.mark.parametrize("kind", [pa.string(), pa.string_view()], ids=str)
def test_dictionaries_of_texts(kind: pa.DataType) -> None:
    values = pa.array(["lo", "hi"], kind)
    assert one(dictionary(values, ordered=False)).to_pylist() == TEXTS
    ordered = one(dictionary(values, ordered=True))
    assert ordered.type.ordered
    assert ordered.chunk(0).dictionary.to_pylist() == ["lo", "hi"]
    assert ordered.cast(pa.string()).to_pylist() == TEXTS


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (pa.array([3, 1]), ("3", "1")),
        (pa.array([3.0, 1.5]), ("3", "1.5")),
        (pa.array([Decimal("3.50"), Decimal(1)]), ("3.50", "1.00")),
        (pa.array([True, False]), ("true", "false")),
        (pa.array([dt.date(2024, 1, 31), dt.date(2023, 1, 1)]), ("2024-01-31", "2023-01-01")),
    ],
)
def test_ordered_dictionaries_of_any_type_have_texts(values: pa.Array, levels: object) -> None:
    column = schema(pa.table({"x": dictionary(values, ordered=True), "age": AGES}))["x"]
    assert (str(column.type), column.levels) == ("ordinal", levels)
    decoded = one(dictionary(values, ordered=False))
    assert decoded.type == values.type
    assert decoded.drop_null().unique().to_pylist() == values.to_pylist()


def test_runs_and_extension_types_are_what_they_store() -> None:
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([40, ROWS], pa.int32()), pa.array(["a", "b"]))
    assert one(runs).to_pylist() == ["a"] * 40 + ["b"] * 20
    assert one(pa.array([0, 1, None], pa.bool8())).type == pa.int8()


def test_intervals_of_pandas_are_ordinal() -> None:
    frame = pd.DataFrame({"age": AGES})
    frame["cut"] = pd.cut(frame["age"], [0, 30, 50, 100])
    frame["half_open"] = pd.cut(frame["age"], [0.5, 30, 100], right=False).astype(object)
    frame["half_open"] = pd.arrays.IntervalArray(frame["half_open"])
    columns = schema(frame)
    assert columns["cut"].levels == ("(0, 30]", "(30, 50]", "(50, 100]")
    assert columns["half_open"].levels == ("[0.5, 30.0)", "[30.0, 100.0)")
    assert {str(columns[name].type) for name in ("cut", "half_open")} == {"ordinal"}


def test_intervals_in_a_file_are_known_by_its_metadata() -> None:
    """The process that reads uploads has no pandas."""
    ends = pa.array([{"left": 0, "right": 30}, {"left": 30, "right": 50}, None])
    metadata = {arrow.NAME: b"pandas.interval", arrow.FACTS: b'{"closed": "left"}'}
    table = pa.table([ends], pa.schema([pa.field("x", ends.type, metadata=metadata)]))
    plain, actions = arrow.plain(table)
    assert plain["x"].to_pylist() == ["[0, 30)", "[30, 50)", None]
    assert not actions


def test_polars_enums_are_ordinal_and_categoricals_nominal() -> None:
    texts = ["lo", "hi", "mid"] * (ROWS // 3)
    frame = pl.DataFrame(
        {
            "age": AGES,
            "enum": pl.Series(texts, dtype=pl.Enum(["lo", "mid", "hi"])),
            "categorical": pl.Series(texts, dtype=pl.Categorical),
        }
    )
    columns = schema(frame)
    assert (str(columns["enum"].type), columns["enum"].levels) == ("ordinal", ("lo", "mid", "hi"))
    assert str(columns["categorical"].type) == "nominal"


def test_a_struct_of_single_values_is_a_column_a_field() -> None:
    cells = [{"a": n, "in": {"b": "x" if n % 2 else "y"}} for n in range(ROWS - 1)]
    table, actions = arrow.plain(pa.table({"s": [*cells, None]}))
    assert table.column_names == ["s.a", "s.in.b"]
    assert table["s.a"].to_pylist() == [*range(ROWS - 1), None]
    assert [(action.column, action.action, action.count) for action in actions] == [
        ("s", "split", 2)
    ]


@pytest.mark.parametrize(
    ("values", "kind", "reason"),
    [
        ([b"\xff\xfe"] * ROWS, pa.binary(), "no UTF-8"),
        ([uuid.UUID(int=2**127 + n).bytes for n in range(ROWS)], pa.uuid(), "no UTF-8"),
        ([[("a", 1)]] * ROWS, pa.map_(pa.string(), pa.int64()), "maps"),
        ([{"a": [1]}] * ROWS, pa.struct([("a", pa.list_(pa.int64()))]), "structs"),
        ([[["a"]]] * ROWS, pa.list_(pa.list_(pa.string())), "lists"),
        ([None] * ROWS, pa.month_day_nano_interval(), "unsupported type month_day_nano_interval"),
    ],
    ids=["bytes", "uuid", "map", "struct", "lists of lists", "interval"],
)
def test_what_has_no_meaning_is_dropped_with_a_reason(
    values: list[object], kind: pa.DataType, reason: str
) -> None:
    table = pa.table({"x": pa.array(values, kind), "age": AGES, "b": [n % 4 for n in AGES]})
    (action,) = [it for it in schema(table).cleaning if it.action == "dropped"]
    assert action.column == "x"
    assert reason in action.reason


@pytest.mark.parametrize(
    "kind", [pa.decimal128(24, 2), pa.decimal256(50, 2), pa.float16(), pa.uint64()], ids=str
)
def test_numbers_of_every_width_are_numbers(kind: pa.DataType) -> None:
    values = pa.array([n % 20 for n in AGES], pa.int64()).cast(kind)
    column = schema(pa.table({"x": values, "b": [n % 4 for n in AGES]}))["x"]
    assert (str(column.type), column.max) == ("integer", 19)


def test_a_parquet_file_is_read_as_the_table_it_holds(tmp_path: Path) -> None:
    table = pa.table(
        {"x": pa.array([text and text.encode() for text in TEXTS], pa.binary()), "age": AGES}
    )
    pq.write_table(table, tmp_path / "study.parquet")
    assert schema(tmp_path / "study.parquet").columns == schema(table).columns
