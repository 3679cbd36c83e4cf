"""Scenarios in addresses: what is filled in, what the API is asked, and back."""

from typing import Any
from urllib.parse import parse_qsl

import pytest

from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column, MultipleResponseSet, Schema
from simulacra.engine.scenario import conditions
from simulacra.service import errors
from simulacra.service.studio import asking, wording

LEVELS = ("A: 50% off", "B=2&c", "C")


def column(name: str, type: Any, **facts: Any) -> Column:  # noqa: A002, ANN401 - the names there
    return Column(name, name, f"The {name}", type, 0.0, **facts)


BRANDS = ("b1", "b2")
COLUMNS = (
    column("offer", NOMINAL, levels=LEVELS, shares=(0.5, 0.3, 0.2)),
    column("age", INTEGER, min=18, max=80, quantiles=(20, 30, 40, 50, 70), decimals=0),
    column(
        "spend", NUMBER, min=0.0, max=250.0, quantiles=(5.0, 20.0, 40.0, 60.0, 120.0), decimals=2
    ),
    column("joined", DATE, min="2020-01-01", max="2024-12-31"),
    *(column(it, NOMINAL, levels=("No", "Yes"), multiple_response="brands") for it in BRANDS),
)
SCHEMA = Schema(
    columns=COLUMNS,
    cleaning=(),
    row_count=800,
    sets=(MultipleResponseSet("brands", "Brands known", "dichotomy", BRANDS, "Yes"),),
)
EVERY_KIND: dict[str, Any] = {
    "categorical": {"offer": {"A: 50% off": 0.4, "B=2&c": 0.125}},
    "numeric": {
        "age": {"min": 25, "max": 44},
        "joined": {"min": "2021-01-01", "max": "2022-06-30"},
    },
    "means": {"spend": 45.5},
    "bands": {"age": [{"min": 18, "max": 34, "share": 0.4}, {"min": 35, "max": 50, "share": 0.3}]},
    "multiple_response": {"brands": {"b1": 0.6}},
    "groups": [{"where": {"offer": "C"}, "means": {"spend": 60}}],
    "joint": [
        {"columns": ["offer", "b1"], "shares": [{"cell": ["C", "Yes"], "share": 0.1}]},
    ],
}


def reopened(asked: asking.Asked) -> asking.Asked:
    """Return the scenario of its own address."""
    return asking.parse(SCHEMA, parse_qsl(asked.query, keep_blank_values=True))


def test_every_kind_of_condition_survives_the_address() -> None:
    asked = asking.of_conditions(SCHEMA, EVERY_KIND, asking.Asked(rows="700", see=("age",)))
    assert asked.conditions(SCHEMA) == EVERY_KIND
    assert {*asked.more} == {"groups", "joint"}
    again = reopened(asked)
    assert again == asked
    assert again.generation(SCHEMA).conditions.asked() == EVERY_KIND
    assert reopened(again).query == asked.query
    conditions.parse(SCHEMA, {kind: it for kind, it in EVERY_KIND.items() if kind != "joint"})


def test_what_has_no_controls_is_kept_as_it_is() -> None:
    given = {"categorical": {"age": {"30": 0.2}, "offer": {"C": 0.5}}}
    asked = asking.of_conditions(SCHEMA, given, asking.Asked())
    assert asked.more == {"categorical": {"age": {"30": 0.2}}}
    assert [block.name for block in asked.blocks] == ["offer"]
    assert reopened(asked).conditions(SCHEMA) == given


def test_an_open_share_is_no_condition_and_a_range_has_the_ends_of_the_study() -> None:
    asked = asking.parse(
        SCHEMA, [("about", "share:offer"), ("share:offer:C", ""), ("about", "range:age")]
    )
    assert asked.conditions(SCHEMA) == {}
    assert [block.rest for block in asked.blocks] == [100, 100]
    half = asking.parse(SCHEMA, [("about", "range:age"), ("range:age:min", "30")])
    assert half.conditions(SCHEMA) == {"numeric": {"age": {"min": 30, "max": 80}}}


def test_what_is_added_stands_first_and_what_is_removed_is_gone() -> None:
    fields = [("about", "range:age"), ("range:age:min", "30"), ("about", "share:offer")]
    assert [it.name for it in asking.parse(SCHEMA, fields).blocks] == ["offer", "age"]
    left = asking.parse(SCHEMA, [*fields, ("drop", "range:age")])
    assert [it.name for it in left.blocks] == ["offer"]
    seen = [("see", "age"), ("see", "offer"), ("unsee", "age")]
    assert asking.parse(SCHEMA, seen).see == ("offer",)
    assert reopened(asking.parse(SCHEMA, [("see", "age"), ("unsee", "age")])).see == ()
    assert asking.parse(SCHEMA, []).see == ("offer",)


@pytest.mark.parametrize(
    "fields",
    [
        [("about", "share:nobody"), ("share:nobody:x", "5")],
        [("about", "range:offer"), ("range:offer:min", "5")],
        [("about", "secret:offer")],
        [("share:offer:C", "5")],
        [("see", "nobody")],
    ],
)
def test_what_is_of_another_study_is_left_out(fields: list[tuple[str, str]]) -> None:
    assert asking.parse(SCHEMA, fields).conditions(SCHEMA) == {}


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ([("about", "share:offer"), ("share:offer:C", "120")], "/share:offer:C"),
        ([("about", "share:offer"), ("share:offer:C", "half")], "/share:offer:C"),
        ([("about", "mean:spend"), ("mean:spend:mean", "much")], "/mean:spend:mean"),
        ([("rows", "0")], "/rows"),
        ([("rows", "many")], "/rows"),
        ([("seed", "-1")], "/seed"),
        ([("more", "[1]")], "/more"),
        ([("more", "{")], "/more"),
    ],
)
def test_mistakes_are_named(fields: list[tuple[str, str]], where: str) -> None:
    with pytest.raises(errors.InvalidFieldsError) as caught:
        asking.parse(SCHEMA, fields).preview(SCHEMA)
    assert [fault.where for fault in caught.value.faults] == [where]


def test_json_of_the_api_is_opened() -> None:
    body = '{"row_count": 300, "seed": 9, "conditions": {"means": {"spend": 40}}}'
    asked = asking.of_json(SCHEMA, body)
    assert (asked.rows, asked.seed) == ("300", "9")
    assert asked.conditions(SCHEMA) == {"means": {"spend": 40}}
    assert asking.of_json(SCHEMA, '{"means": {"spend": 40}}').conditions(SCHEMA) == {
        "means": {"spend": 40}
    }
    for wrong in ("", "[]", "{}", '{"conditions": 1}'):
        with pytest.raises(errors.InvalidFieldsError):
            asking.of_json(SCHEMA, wrong)


def test_conditions_are_told_in_words() -> None:
    lines = wording.of_conditions(SCHEMA, EVERY_KIND)
    assert "The offer: A: 50% off 40.0%, B=2&c 12.5%" in lines
    assert "The age from 25 to 44" in lines
    assert "Brands known: The b1 60.0%" in lines
    assert "Among rows with The offer C: The spend: mean 60" in lines
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("effective", "word"), [(0.0, "none"), (29.0, "thin"), (30.0, "fair"), (100.0, "good")]
)
def test_support_is_told_in_words(effective: float, word: str) -> None:
    assert wording.support_of(effective).word == word
