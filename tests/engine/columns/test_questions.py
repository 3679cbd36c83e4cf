import dataclasses

import pytest

from simulacra.engine.columns.questions import BATTERY, SET, SINGLE
from simulacra.engine.columns.schema import MultipleResponseSet, Schema


def labelled(schema: Schema, *labels: str) -> Schema:
    columns = (
        dataclasses.replace(schema["segment"], name=f"q{at}", label=label)
        for at, label in enumerate(labels)
    )
    return dataclasses.replace(schema, columns=tuple(columns))


@pytest.mark.parametrize(
    ("labels", "question", "items"),
    [
        (["How good is? - Price", "How good is? - Taste"], "How good is?", ["Price", "Taste"]),
        (["Good: Price", "Good: Taste"], "Good", ["Price", "Taste"]),
        (["How good? [Price]", "How good? [Taste]"], "How good?", ["Price", "Taste"]),
        (["How good? Price", "How good? Taste"], "How good?", ["Price", "Taste"]),
        (["Image: Acme - cheap", "Image: Acme - good"], "Image: Acme", ["cheap", "good"]),
    ],
)
def test_columns_whose_labels_begin_alike_are_a_battery(
    schema: Schema, labels: list[str], question: str, items: list[str]
) -> None:
    own, other = labelled(schema, *labels, "Region: where").questions
    assert (own.kind, own.label, [item.text for item in own.items]) == (BATTERY, question, items)
    assert (other.kind, other.label) == (SINGLE, "Region: where")


def test_columns_with_other_answers_are_no_battery(schema: Schema) -> None:
    some = labelled(schema, "Good: Price", "Good: Taste")
    other = dataclasses.replace(some.columns[1], levels=("a", "b"), shares=(0.5, 0.5))
    found = dataclasses.replace(some, columns=(some.columns[0], other)).questions
    assert [question.kind for question in found] == [SINGLE, SINGLE]


def test_a_multiple_response_set_is_a_question_where_its_first_option_is(schema: Schema) -> None:
    some = labelled(schema, "Age", "Which? - Acme", "Region", "Which? - Other")
    options = ("q1", "q3")
    one = MultipleResponseSet("which", "Which?", "dichotomy", options)
    columns = tuple(
        dataclasses.replace(it, multiple_response="which") if it.name in options else it
        for it in some.columns
    )
    found = dataclasses.replace(some, columns=columns, sets=(one,)).questions
    assert [(it.name, it.kind) for it in found] == [("q0", SINGLE), ("which", SET), ("q2", SINGLE)]
    assert [item.text for item in found[1].items] == ["Acme", "Other"]


def test_items_that_the_question_alone_does_not_tell_apart_keep_their_labels(
    schema: Schema,
) -> None:
    (found,) = labelled(schema, "Good: Price", "Good: Price").questions
    assert [item.text for item in found.items] == ["Good: Price"] * 2


def test_every_column_is_in_one_question(schema: Schema) -> None:
    names = [column.name for question in schema.questions for column in question.columns]
    assert sorted(names) == sorted(schema.names)
