import html
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.texts import spellings


def merge(*texts: str, counts: list[int] | None = None) -> dict[str, str]:
    rows = np.array(counts or [1] * len(texts))
    return spellings.merge(texts, rows)[0]


@pytest.mark.parametrize(
    ("common", "rare"),
    [
        ("Yes", "YES"),
        ("more  often", "more often"),
        ("Köln", unicodedata.normalize("NFD", "Köln")),
        ("Don't know", "Don\u2019t know"),
        ("18-24", "18\u201324"),
        ("R&D", "R&amp;D"),
        ("Caf\u00e9", "Caf&eacute;"),
        ("London", "\ufeffLondon\u200b"),
        ("S\u00e3o Paulo", "S\u00e3o\u00a0Paulo"),
        ('say "no"', "say \u201eno\u201c"),
    ],
)
def test_what_reads_the_same_is_one_level(common: str, rare: str) -> None:
    found = merge(common, rare, "another", counts=[5, 2, 3])
    assert found[common] == found[rare] != found["another"]
    assert html.unescape(found[rare]) == found[rare]


@pytest.mark.parametrize(
    ("one", "other"), [("1-5", "15"), ("resume", "r\u00e9sum\u00e9"), ("a b", "ab"), ("C", "C#")]
)
def test_what_reads_differently_stays_apart(one: str, other: str) -> None:
    found = merge(one, other)
    assert found[one] != found[other]


def test_the_commonest_spelling_is_told_by_rows_and_not_by_forms() -> None:
    found = merge("Yes", "YES", "yes", counts=[4, 3, 6])
    assert set(found.values()) == {"yes"}


def test_spellings_that_were_joined_are_reported() -> None:
    _, (note,) = spellings.merge(["A&amp;B", "A&B", "a&b"], np.array([1, 1, 1]))
    assert (note.action, note.count) == ("merged", 2)


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=12, unique=True))
def test_a_spelling_is_its_own(texts: list[str]) -> None:
    counts = np.ones(len(texts), dtype=np.int64)
    once, _ = spellings.merge(texts, counts)
    published = sorted(set(once.values()))
    again, notes = spellings.merge(published, np.ones(len(published), dtype=np.int64))
    assert again == {text: text for text in published}
    assert notes == ()
