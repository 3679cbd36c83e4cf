import dataclasses

import pytest

from simulacra.engine.columns import searching
from simulacra.engine.columns.schema import MultipleResponseSet, Schema


@pytest.fixture
def brands(schema: Schema) -> Schema:
    """A question with two options, beside a column of the same brand and one of its level."""
    first, second, last, asked = (
        dataclasses.replace(schema["segment"], **members)
        for members in (
            {"name": "q2_1", "label": "Burger Chef", "multiple_response": "q2"},
            {"name": "q2_2", "label": "Nugget Hut", "multiple_response": "q2"},
            {"name": "last", "label": "Bought last", "levels": ("Burger Chef", "Nugget Hut")},
            {"name": "likes", "label": "How do you like the Burger Chef next to you?"},
        )
    )
    of_all = MultipleResponseSet(
        "q2", "Which restaurants do you know?", "dichotomy", ("q2_1", "q2_2")
    )
    return dataclasses.replace(schema, columns=(last, asked, first, second), sets=(of_all,))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("burger chef", ["q2_1", "likes", "last"]),
        ("  Burger   CHEF ", ["q2_1", "likes", "last"]),
        ("burg", ["q2_1", "likes", "last"]),
        ("restaurants", ["q2_1", "q2_2"]),
        ("q2", ["q2_1", "q2_2"]),
        ("know chef", ["q2_1"]),
        ("last", ["last"]),
        ("burgr cheff", ["q2_1", "likes"]),
        ("nothing of it", []),
        (" ", []),
    ],
)
def test_columns_are_found_in_the_order_of_what_they_likely_mean(
    brands: Schema, text: str, names: list[str]
) -> None:
    assert brands.find(text).names == names


def test_names_are_proposed_by_name_and_label(brands: Schema) -> None:
    def near(name: str) -> list[str]:
        return [str(it) for it in searching.near_any(brands, name)]

    assert near("burger chef")[0] == "'q2_1' (Which restaurants do you know?: Burger Chef)"
    assert near("lst")[0] == "'last' (Bought last)"
    assert near("which restaurants do you no") == ["'q2' (Which restaurants do you know?)"]
    assert near("zzz") == near("") == near("q2_1" * 100) == []


def test_a_long_label_is_shortened_between_words() -> None:
    shown = searching.shortened("How likely are you to recommend it to a friend?", 30)
    assert shown == "How likely are you to..."
    assert searching.shortened("short", 30) == "short"


def test_the_code_that_an_answer_begins_with_means_that_answer() -> None:
    scale = ["0 not at all likely", "1", "9", "10 very likely", "100"]
    assert next(near.name for near in searching.near_texts(scale, "10")) == "10 very likely"
    assert [near.name for near in searching.near_texts(scale, "0")] == ["0 not at all likely"]
