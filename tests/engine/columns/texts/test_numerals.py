import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.texts import numerals


def parse(*texts: str, force: bool = False) -> numerals.Numerals | None:
    return numerals.parse(pa.array(texts), np.ones(len(texts), dtype=np.int64), force=force)


@pytest.mark.parametrize(
    ("texts", "values", "expected"),
    [
        (["1", "2.5", "-3e2", "+4"], [1, 2.5, -300, 4], ""),
        (["1,5", "22,25", "3"], [1.5, 22.25, 3], "decimal commas"),
        (["1.234,56", "7,5"], [1234.56, 7.5], "decimal commas"),
        (["1.234.567", "2.345.678"], [1234567, 2345678], "decimal commas"),
        (["1,500", "22,250", "300"], [1500, 22250, 300], "thousands"),
        (["1,234.50", "1234.5"], [1234.5, 1234.5], "thousands"),
        (["0.5", "1,5", "2", "3.25"], [0.5, 1.5, 2, 3.25], "commas and points"),
        (["$84,835.00", "$57,091.00"], [84835, 57091], "a currency"),
        (["-$5", "$12"], [-5, 12], "a currency"),
        (["12 €", "7,50 €"], [12, 7.5], "a currency"),
        (["EUR 12", "EUR 30"], [12, 30], "a currency"),
        (["12%", "7.5 %"], [12, 7.5], "percent"),
        (["1 250", "12 000 000"], [1250, 12000000], ""),
        (["1'250", "12'000"], [1250, 12000], ""),
    ],
)
def test_numbers_in_many_spellings_are_read(
    texts: list[str], values: list[float], expected: str
) -> None:
    parsed = parse(*texts)
    assert parsed is not None
    assert parsed.values.tolist() == values
    assert expected in " ".join(note.reason for note in parsed.notes)


@pytest.mark.parametrize(
    "texts",
    [["01", "02"], ["1", "two"], ["9007199254740993"], ["1e999"], ["18-24", "25-34"], ["$"], ["%"],
     ["1,2,3", "2,3"], ["12 apples", "3 pears"]],
)  # fmt: skip
def test_texts_that_are_no_numbers_are_not_read(texts: list[str]) -> None:
    assert parse(*texts) is None


def test_answers_to_a_multi_select_in_one_cell_are_no_decimals() -> None:
    codes, counts = ["1", "2", "3", "1,3"], [200, 150, 100, 4]
    parsed = numerals.parse(pa.array(codes), np.array(counts))
    assert parsed is not None
    np.testing.assert_array_equal(parsed.values, [1, 2, 3, np.nan])


def test_the_open_end_of_a_scale_is_its_number() -> None:
    parsed = parse(*map(str, range(18, 89)), "89 OR OLDER")
    assert parsed is not None
    assert parsed.values[-1] == 89


def test_numbers_that_are_asked_for_are_read_in_any_spelling() -> None:
    parsed = parse("01", "two", "7", force=True)
    assert parsed is not None
    np.testing.assert_array_equal(parsed.values, [1, np.nan, 7])


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8, unique=True))
def test_grouped_thousands_come_back(numbers: list[int]) -> None:
    texts = [f"{number:,}" for number in numbers]
    parsed = parse(*texts)
    assert parsed is not None
    assert parsed.values.tolist() == numbers
