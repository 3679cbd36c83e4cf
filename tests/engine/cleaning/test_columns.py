import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.cleaning import columns
from simulacra.engine.columns import drafts
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.ordinal import ORDINAL


def draft(values: object, kind: pa.DataType | None = None) -> drafts.Draft:
    drafted = columns.draft(pa.chunked_array([pa.array(values, kind)]))
    assert drafted is not None
    return drafted


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "2", None], INTEGER),
        (["1", "2.5", ""], NUMBER),
        (["1,5", "2,25"], NUMBER),
        (["1e3", "-.5"], NUMBER),
        (["01", "02"], NOMINAL),
        (["True", "FALSE"], BOOLEAN),
        (["true", "true"], NOMINAL),
        (["yes", "no"], NOMINAL),
        (["2024-01-31", "2023-02-28"], DATE),
        (["2024-01-31", "2023-02-30"], NOMINAL),
        (["2024-01-31T10:00", "2023-02-28 11:30:05"], DATETIME),
        (["2024-01-31T10:00Z", "0001-01-01T00:00+14:00"], NOMINAL),
        (["9007199254740993", "1"], NOMINAL),
        (["1e999", "1"], NOMINAL),
        (["1", "two"], NOMINAL),
    ],
)
def test_the_type_of_a_text_column_is_recognised(texts: list[str | None], kind: ColumnType) -> None:
    assert draft(texts, pa.string()).type is kind


def test_decimal_commas_and_thousands_separators() -> None:
    assert draft(["1,5", "22,25", "3"]).values.tolist() == [1.5, 22.25, 3]
    assert draft(["1,500", "22,250", "300"]).values.tolist() == [1500, 22250, 300]


def test_levels_are_sorted_and_trimmed() -> None:
    drafted = draft([" b", "A", "b", "", None, "c "])
    assert drafted.levels == ("A", "b", "c")
    assert drafted.values[:3].tolist() == [1, 0, 1]
    assert drafted.known.tolist() == [True, True, True, False, False, True]


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([True, None, False], pa.bool_(), BOOLEAN),
        ([1, None, 3], pa.uint64(), INTEGER),
        ([1, 2, 3], pa.int8(), INTEGER),
        ([1.0, 2.0, None], pa.float32(), INTEGER),
        ([1.5, 2.0, None], pa.float16(), NUMBER),
        ([Decimal("1.25"), None], pa.decimal128(8, 2), NUMBER),
        ([dt.date(2024, 1, 1), None], pa.date64(), DATE),
        ([0, None, 5], pa.timestamp("ns", "Europe/Berlin"), DATETIME),
        (["a", "b", None], pa.large_string(), NOMINAL),
        (["a", "b", None], pa.string_view(), NOMINAL),
        ([None, None], pa.null(), NOMINAL),
    ],
)
def test_the_type_of_an_arrow_column_is_recognised(
    values: object, kind: pa.DataType, expected: ColumnType
) -> None:
    assert draft(values, kind).type is expected


@pytest.mark.parametrize(
    "kind", [pa.list_(pa.int64()), pa.binary(), pa.struct([("a", pa.int64())])]
)
def test_an_arrow_column_that_holds_no_values_is_no_draft(kind: pa.DataType) -> None:
    assert columns.draft(pa.chunked_array([pa.nulls(3, kind)])) is None


def test_an_ordered_dictionary_keeps_its_order() -> None:
    chunks = [
        pa.DictionaryArray.from_arrays(
            pa.array([0, None, 1], pa.uint8()), pa.array(levels), ordered=True
        )
        for levels in (["never", "often"], ["never", "often", "always"])
    ]
    drafted = columns.draft(pa.chunked_array(chunks))
    assert drafted is not None
    assert drafted.type is ORDINAL
    assert drafted.levels == ("never", "often", "always")
    np.testing.assert_array_equal(drafted.values, [0, np.nan, 1, 0, np.nan, 1])


def test_a_dictionary_of_numbers_is_a_number() -> None:
    drafted = columns.draft(pa.chunked_array([pa.array([3, 1, 3]).dictionary_encode()]))
    assert drafted is not None
    assert (drafted.type, drafted.values.tolist()) == (INTEGER, [3, 1, 3])


def test_a_dictionary_with_a_missing_value_inside() -> None:
    array = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 2, None]), pa.array(["a", None, "b"]), ordered=True
    )
    drafted = columns.draft(pa.chunked_array([array]))
    assert drafted is not None
    assert drafted.levels == ("a", "b")
    np.testing.assert_array_equal(drafted.values, [0, np.nan, 1, np.nan])


def test_infinity_is_missing() -> None:
    drafted = draft([1.0, np.inf, -np.inf, 3.0, 1e200])
    assert drafted.known.tolist() == [True, False, False, True, False]
    assert drafted.type is INTEGER


@pytest.mark.parametrize("kind", [pa.uint64(), pa.int64()])
def test_whole_numbers_beyond_a_float_are_not_integers(kind: pa.DataType) -> None:
    drafted = draft([2**62 + 1, 2**62 + 3, 5], kind)
    assert drafted.type is NUMBER


def test_a_moment_of_one_zone_is_what_the_clock_of_the_place_shows() -> None:
    zoned = pa.array([dt.datetime(2024, 7, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))])
    naive = pa.array([dt.datetime(2024, 7, 1, 12)])  # noqa: DTZ001
    in_berlin = zoned.cast(pa.timestamp("ms", tz="Europe/Berlin"))
    for written in (zoned, in_berlin, ["2024-07-01T12:00+02:00"]):
        read = draft(written)
        assert read.values.tolist() == draft(naive).values.tolist()
        assert "clock" in read.notes[0].reason


def test_a_moment_of_an_unknown_zone_is_in_utc() -> None:
    read = draft(pa.array([0], pa.timestamp("us", tz="Nowhere/Else")))
    assert read.values.tolist() == [0]
    assert read.notes[0].reason == "times of an unknown zone, in UTC"


@given(st.integers(0, 6), st.lists(st.integers(-(10**8), 10**8), min_size=1))
def test_decimals_are_counted(decimals: int, units: list[int]) -> None:
    values = np.array(units) / 10**decimals
    digits = draft(values).decimals
    assert digits <= decimals
    assert np.array_equal(np.round(values, digits), values)


def test_moments_farther_away_than_numbers_are_exact() -> None:
    moments = pa.array([dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31)], pa.timestamp("us"))  # noqa: DTZ001 - they have no zone
    found = draft(moments)
    assert found.type is DATETIME
    assert found.values.tolist() == [-62_135_596_800_000_000, 253_402_214_400_000_000]
