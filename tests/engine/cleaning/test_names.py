import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.cleaning import names

IDENTIFIERS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("purchase_intent", "purchase_intent"),
        ("Purchase Intent (0-10)", "Purchase.Intent.0.10"),
        ("Größe", "Größe"),
        ("2024 sales", "X2024.sales"),
        ("!!!", "column"),
        ("", "column"),
        (" padded ", "padded"),
        ("<p>What is <b>your</b>&nbsp;age?</p>", "What.is.your.age"),
        ("age < 18 & > 65", "age.18.65"),
        ("x" * 999, "x" * 300),
    ],
)
def test_a_name_becomes_an_identifier(source: str, name: str) -> None:
    assert names.clean([source]) == [name]


def test_namesakes_get_a_number() -> None:
    assert names.clean(["a b", "a-b", "a.b"]) == ["a.b.2", "a.b.3", "a.b"]


@given(st.lists(st.text(max_size=8) | IDENTIFIERS, max_size=12))
def test_names_are_unique_and_cleaning_them_again_changes_nothing(sources: list[str]) -> None:
    cleaned = names.clean(sources)
    assert len(cleaned) == len(sources)
    assert len(set(cleaned)) == len(cleaned)
    assert names.clean(cleaned) == cleaned


@given(st.lists(IDENTIFIERS, unique=True), st.lists(st.text(max_size=8)))
def test_a_valid_identifier_stays_as_it_is(valid: list[str], others: list[str]) -> None:
    others = [name for name in others if name not in valid]
    assert names.clean([*others, *valid])[len(others) :] == valid
