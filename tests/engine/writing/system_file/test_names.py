import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.writing.system_file import names

ANY = st.lists(st.text(max_size=90), min_size=1, max_size=8)
ALIKE = st.lists(st.text("aA.ß_ $", min_size=1, max_size=4) | st.just("x" * 80), max_size=8)


@given(ANY | ALIKE)
def test_names_are_valid_unique_and_stable(wanted: list[str]) -> None:
    found = names.valid(wanted)
    assert found == names.valid(wanted)
    assert len({name.casefold() for name in found}) == len(found) == len(wanted)
    for name in found:
        assert 0 < len(name.encode()) <= 64
        assert name[0] == "@" or unicodedata.category(name[0])[0] == "L"
        assert not name.endswith(".")
        assert name.upper() not in names.KEYWORDS
        assert not any(it.isspace() or it in "!%&()-+*/=,;:'\"" for it in name)
    assert names.valid(found) == found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("q1", "q1"),
        ("Q1#a$b@c_", "Q1#a$b@c_"),
        ("Größe", "Größe"),
        ("2020", "@2020"),
        ("_id", "@_id"),
        ("$x", "@$x"),
        ("Which channels?", "Which.channels"),
        ("by", "@by"),
        ("", "@column"),
        ("?", "@column"),
        ("ä" * 40, "ä" * 32),
    ],
)
def test_what_becomes_of_a_name(name: str, expected: str) -> None:
    assert names.valid([name]) == [expected]


def test_equal_names_are_numbered_and_valid_ones_keep_theirs() -> None:
    assert names.valid(["a?", "a", "A", "a!"]) == ["a_2", "a", "A_3", "a_4"]
    assert names.valid(["x" * 70, "x" * 71]) == ["x" * 64, "x" * 62 + "_2"]
    assert names.valid(["x" * 70], most=63) == ["x" * 63]


def test_texts_are_cut_between_letters() -> None:
    assert names.cut("äöü", 5) == "äö"
    assert names.shortened("äöü", 6) == "äöü"
    assert names.shortened("äöüß", 7) == "äö…"
