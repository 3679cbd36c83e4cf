import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.cleaning import texts
from simulacra.engine.columns import drafts
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL


def recognise(cells: list[str | None], *, as_levels: bool = False) -> drafts.Draft:
    return texts.recognise(pa.chunked_array([pa.array(cells, pa.string())]), as_levels=as_levels)


def actions_of(draft: drafts.Draft) -> list[tuple[str, int]]:
    return [(note.action, note.count) for note in draft.notes]


@pytest.mark.parametrize("missing", ["NA", "N/A", "n/a", "NULL", "NaN", "?", "-", "#NULL!"])
def test_spellings_of_a_missing_value_are_counted(missing: str) -> None:
    draft = recognise(["red", missing, "blue", missing, "", None])
    assert draft.levels == ("blue", "red")
    assert draft.known.tolist() == [True, False, True, False, False, False]
    assert actions_of(draft) == [("blanked", 2)]


def test_none_is_an_answer() -> None:
    assert recognise(["None", "Some"]).levels == ("None", "Some")


def test_levels_are_in_the_order_that_people_count_in() -> None:
    bands: list[str | None] = [
        "$100,000+",
        "$0 - $24,999",
        "$25,000 - $49,999",
        "9 or less",
        "10 or more",
    ]
    assert recognise(bands).levels == (
        *("9 or less", "10 or more", "$0 - $24,999", "$25,000 - $49,999", "$100,000+"),
    )


def test_spellings_join_the_commonest() -> None:
    draft = recognise(["Berlin", "berlin", "Berlin", "BERLIN ", "New  York", "new york", "Bonn"])
    assert draft.levels == ("Berlin", "Bonn", "new york")
    assert draft.values.tolist() == [0, 0, 0, 0, 2, 2, 1]
    assert actions_of(draft) == [("merged", 3)]


def test_a_few_bad_cells_do_not_make_a_number_a_text() -> None:
    draft = recognise([*(str(age) for age in range(20, 80)), "thirty", "40 in May"])
    assert draft.type is INTEGER
    assert draft.known.sum() == 60
    assert actions_of(draft) == [("blanked", 2)]


def test_a_text_that_many_rows_share_is_an_answer_among_few_numbers() -> None:
    draft = recognise([*"12345" * 40, *["more"] * 6])
    assert draft.type is NOMINAL
    assert draft.levels == ("1", "2", "3", "4", "5", "more")


def test_numbers_and_dates_may_be_wanted_as_they_stand() -> None:
    assert recognise(["1", "2", "10"], as_levels=True).levels == ("1", "2", "10")
    assert recognise(["2024-01-01"], as_levels=True).type is NOMINAL


def test_texts_padded_with_nul_join_those_that_are_not() -> None:
    draft = texts.without_nul(recognise(["red\0\0", "red", "\0", "blue", None]))
    assert draft.levels == ("blue", "red")
    assert draft.values[[0, 1, 3]].tolist() == [1, 1, 0]
    assert draft.known.tolist() == [True, True, False, True, False]
    assert actions_of(draft) == [("relabelled", 2)]


@given(st.lists(st.none() | st.text(max_size=6), min_size=1, max_size=20))
def test_any_texts_are_drafted(cells: list[str | None]) -> None:
    draft = recognise(cells)
    assert len(draft.values) == len(cells)
    for cell, is_known in zip(cells, draft.known, strict=True):
        assert not is_known or (cell or "").strip()


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20), st.integers(0, 3))
def test_numbers_come_back_from_their_text(units: list[int], decimals: int) -> None:
    numbers = [unit / 10**decimals for unit in units]
    draft = recognise([f"{number:.{decimals}f}" for number in numbers])
    assert draft.values.tolist() == numbers
