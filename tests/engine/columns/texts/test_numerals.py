import babel.numbers
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.texts import numerals
from simulacra.engine.columns.texts.conventions import Conventions


def parse(*texts: str, force: bool = False) -> numerals.Numerals | None:
    return numerals.parse(pa.array(texts), np.ones(len(texts), dtype=np.int64), force=force)


@pytest.mark.parametrize(
    ("texts", "values", "expected"),
    [
        (["1", "2.5", "-3e2", "+4"], [1, 2.5, -300, 4], ""),
        (["1,5", "22,25", "3"], [1.5, 22.25, 3], "decimal commas"),
        (["1.234,56", "7,5"], [1234.56, 7.5], "decimal commas"),
        (["1.234.567", "2.345.678"], [1234567, 2345678], "points between thousands"),
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
        (["(12.50)", "3", "$(5)"], [-12.5, 3, -5], "parentheses around negative ones"),
        (["12-", "7.5-", "3"], [-12, -7.5, 3], "the minus behind"),
        (["−5", "–7", "3"], [-5, -7, 3], ""),  # noqa: RUF001 - the signs of typography
        (["₹33,18,898", "₹4,03,949"], [3318898, 403949], "commas between thousands"),
        (["50k", "1.5K", "70000"], [50000, 1500, 70000], "K for thousands"),
        (["$5M", "$300K"], [5e6, 3e5], "M for millions"),
        (["€ 1.500", "€ 22.000"], [1500, 22000], "points between thousands"),
        (["100", "900", "1.500", "48.000", "2.750"], [100, 900, 1500, 48000, 2750], "points"),
        (["1.125", "2.375", "3"], [1.125, 2.375, 3], "taken as the decimal mark"),
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


@pytest.mark.parametrize(
    ("form", "unit"),
    [
        ("{} kg", "kg"),
        ("{} kr", "kr"),
        ("{} years", "years"),
        ("{}%", "%"),
        ("C${}", "C$"),
        ("{} m", "m"),
        ("{} Std.", "Std."),
    ],
)
def test_what_all_numbers_have_beside_them_is_their_unit(form: str, unit: str) -> None:
    parsed = parse(*(form.format(number) for number in range(2, 42)))
    assert parsed is not None
    assert parsed.unit == unit
    assert parsed.values.tolist() == list(range(2, 42))
    is_money = "a currency" in parsed.notes[0].reason
    assert is_money is (unit == "C$")


def test_a_unit_may_be_missing_in_some_cells_and_another_one_makes_no_number() -> None:
    parsed = parse(*(f"{number} kg" for number in range(2, 62)), "70", "80 lb")
    assert parsed is not None
    assert parsed.unit == "kg"
    np.testing.assert_array_equal(parsed.values[-2:], [70, np.nan])


@pytest.mark.parametrize("form", ["Town {}", "Q{}", "Wave {}", "FC {}", "A{}B", "Floor {}a"])
def test_names_with_a_number_are_no_numbers(form: str) -> None:
    assert parse(*(form.format(number) for number in range(1, 41))) is None


def test_ratings_in_words_stay_levels() -> None:
    assert parse(*(f"{number} stars" for number in range(1, 6))) is None


@pytest.mark.parametrize(("decimal", "values"), [(",", [1234, 2345]), (".", [1.234, 2.345])])
def test_other_columns_tell_what_a_column_leaves_open(decimal: str, values: list[float]) -> None:
    texts = pa.array(["1.234", "2.345"])
    parsed = numerals.parse(texts, np.ones(2, np.int64), Conventions(decimal=decimal))
    assert parsed is not None
    assert parsed.values.tolist() == values


def test_the_marks_of_a_column_win_over_those_of_the_file() -> None:
    texts = pa.array(["12,50", "7,25", "1.250,00"])
    parsed = numerals.parse(texts, np.ones(3, np.int64), Conventions(decimal="."))
    assert parsed is not None
    assert parsed.values.tolist() == [12.5, 7.25, 1250]


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1,5", "22,25"], ","),
        (["1.5", "22.25"], "."),
        (["1.234,5", "7"], ","),
        (["1,234,567", "8"], "."),
        (["1.234", "2.345"], None),
        (["1,5", "2.5"], None),
        (["12.03.2022", "13.03.2022"], None),
        (["one", "two"], None),
        ([], None),
    ],
)
def test_a_column_shows_the_decimal_mark_of_its_file(texts: list[str], mark: str | None) -> None:
    counts = np.ones(len(texts), dtype=np.int64)
    assert numerals.decimal_mark(pa.array(texts, pa.string()), counts) == mark


def test_special_answers_beside_a_quantity_are_missing_and_listed() -> None:
    texts = [*map(str, range(18, 78)), "Keine Angabe", "weiß nicht", "forty"]
    counts = np.array([2] * 60 + [25, 9, 1])
    parsed = numerals.parse(pa.array(texts), counts)
    assert parsed is not None
    assert np.isnan(parsed.values).tolist() == [False] * 60 + [True] * 3
    told = [note.reason for note in parsed.notes]
    assert "25 cells with 'Keine Angabe' in a column of numbers" in told
    assert not any("forty" in reason for reason in told)  # it is the text of one respondent


def test_many_different_texts_beside_numbers_are_no_special_answers() -> None:
    texts = [*map(str, range(18, 78)), *(f"unit {letter}" for letter in "abcdefgh")]
    assert numerals.parse(pa.array(texts), np.array([2] * 60 + [6] * 8)) is None


@given(
    locale=st.sampled_from(
        ["en", "de", "fr", "es", "pt_BR", "sv", "pl", "ru", "de_CH", "hi", "da"]
    ),
    cents=st.lists(st.integers(-(10**9), 10**9), min_size=20, max_size=40, unique=True).filter(
        lambda found: sum(number % 100 > 0 for number in found) > 5
    ),
    currency=st.sampled_from(["", "EUR", "BRL", "SEK", "INR"]),
)
def test_amounts_come_back_from_the_notations_of_the_world(
    locale: str, cents: list[int], currency: str
) -> None:
    amounts = [number / 100 for number in cents]
    texts = [
        babel.numbers.format_currency(amount, currency, locale=locale)
        if currency
        else babel.numbers.format_decimal(amount, "#,##0.00", locale=locale)
        for amount in amounts
    ]
    parsed = parse(*texts)
    assert parsed is not None
    np.testing.assert_allclose(parsed.values, amounts)
    assert bool(parsed.unit) == bool(currency)


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
