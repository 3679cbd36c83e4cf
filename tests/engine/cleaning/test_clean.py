from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import Coding, RawStudy, Variable
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import CleaningAction, MultipleResponseSet, Schema
from simulacra.engine.options import Options

ROWS = 60
RNG = np.random.default_rng(0)
TABLE = pa.table(
    {
        "Age (years)": RNG.integers(18, 80, ROWS),
        "mood": RNG.choice(["low", "mid", "high"], ROWS),
        "constant": np.full(ROWS, 3),
        "lopsided": ["x"] * (ROWS - 1) + ["y"],
        "mail": [f"person{n}@example.org" for n in range(ROWS)],
        "rarely": pa.array([*range(9), *[None] * (ROWS - 9)]),
    }
)


def schema(raw: RawStudy | None = None, **overrides: Any) -> Schema:  # noqa: ANN401 - of any kind
    options = Options.of(**overrides)
    return clean.clean(raw or RawStudy(TABLE), limits.DEFAULT, options).schema


def actions_about(cleaned: Schema, column: str | None) -> list[str]:
    return [action.action for action in cleaned.cleaning if action.column == column]


def test_actions_of_reading_are_reported_first() -> None:
    read = CleaningAction(None, "read", "the text was taken as Mac Roman", 1)
    assert schema(RawStudy(TABLE, actions=(read,))).cleaning[0] == read


@pytest.mark.parametrize("name", ["Age (years)", "Age.years"])
def test_columns_go_by_either_name(name: str) -> None:
    assert schema(types={name: "number"})["Age.years"].type is NUMBER
    assert "Age.years" not in schema(drop=[name], keep=["lopsided"]).names


def test_levels_can_be_given_in_their_order() -> None:
    cleaned = schema(types={"mood": ["low", "mid", "high"]})["mood"]
    assert (cleaned.type, cleaned.levels) == (ORDINAL, ("low", "mid", "high"))


def test_a_column_is_kept_as_asked_for_or_its_drop_is_explained() -> None:
    cleaned = schema(keep=["lopsided", "constant", "mail", "rarely"])
    assert "lopsided" in cleaned.names
    assert "kept" in actions_about(cleaned, "lopsided")
    reasons = {
        "constant": "one value",
        "mail": "fewer than 5 rows",
        "rarely": "fewer than 10 rows",
    }
    for name, why in reasons.items():
        (action,) = [action for action in cleaned.cleaning if action.column == name]
        assert action.action == "dropped"
        assert why in action.reason


def test_a_column_dropped_as_asked_for_is_reported() -> None:
    cleaned = schema(drop=["lopsided"])
    assert actions_about(cleaned, "lopsided") == ["dropped"]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"types": {"Mood": "nominal"}}, "nearest: 'mood'"),
        ({"keep": ["Age"]}, "'Age \\(years\\)'"),
        ({"drop": ["Q17"]}, "The first columns are 'Age"),
        ({"types": {"mood": "color"}}, "not a type"),
        ({"types": {"mood": ["low", "low"]}}, "named once"),
        ({"keep": ["mood"], "drop": ["mood"]}, "name it in one of them"),
        ({"keep": "mood"}, "a list"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], text: str) -> None:
    with pytest.raises(errors.StudyError, match=text):
        schema(**options)


def test_the_codebook_shows_in_the_schema() -> None:
    chosen = RNG.random((ROWS, 3)) < 0.5
    table = pa.table(
        {
            "Q1": pa.DictionaryArray.from_arrays(
                pa.array(RNG.integers(0, 2, ROWS)), pa.array(["Yes", "No", "Never"])
            ),
            **{f"Q2_{n}": chosen[:, n].astype(float) for n in range(3)},
            "Q3_1": pa.DictionaryArray.from_arrays(
                pa.array(chosen[:, 0].astype(int)), pa.array(["Not selected", "Selected"])
            ),
            "Q3_2": pa.DictionaryArray.from_arrays(
                pa.array((chosen[:, 1] ^ chosen[:, 2]).astype(int)),
                pa.array(["Not selected", "Selected"]),
            ),
        }
    )
    option = Variable("<b>An</b>&nbsp;option", counted=1.0)
    labelled = Variable(is_labelled=True, coding=Coding((0.0, 1.0)), counted=1.0)
    raw = RawStudy(
        table,
        {
            "Q1": Variable("Do you like it?", is_labelled=True, coding=Coding((1.0, 2.0, 3.0))),
            **{f"Q2_{n}": option for n in range(3)},
            "Q3_1": labelled,
            "Q3_2": labelled,
        },
        (
            MultipleResponseSet("Q2", "Which?", "dichotomy", ("Q2_0", "Q2_1", "Q2_2"), "1"),
            MultipleResponseSet("Q3", "Where?", "dichotomy", ("Q3_1", "Q3_2"), "1"),
            MultipleResponseSet("Q9", "Gone", "category", ("Q1", "Q9_2"), None),
        ),
    )
    cleaned = schema(raw)
    assert (cleaned["Q1"].label, cleaned["Q1"].levels) == ("Do you like it?", ("Yes", "No"))
    assert cleaned["Q2_1"].label == "An option"
    assert cleaned["Q2_1"].type is BOOLEAN
    assert cleaned["Q2_1"].multiple_response == "Q2"
    assert cleaned["Q1"].multiple_response is None
    assert [(response_set.name, response_set.counted) for response_set in cleaned.sets] == [
        ("Q2", "true"),
        ("Q3", "Selected"),
    ]
    assert actions_about(cleaned, "Q9") == ["dropped"]
    document = cleaned.to_json()
    assert Schema.from_json(document) == cleaned
    assert "multiple_response" not in document["schema"][0]
    assert "multiple_response_sets" not in schema().to_json()


def test_nothing_published_holds_a_nul() -> None:
    """PostgreSQL cannot store one, in a schema as little as in the text of an error."""
    answers = pa.DictionaryArray.from_arrays(
        pa.array([0, 1, 2] * 20), pa.array(["low", "mid\0", "high\0"]), ordered=True
    )
    table = pa.table(
        {
            "mood\0": answers,
            "city\0": ["A\0B", "C"] * 30,
            "flat\0": [1] * 60,
            "n": np.arange(60) % 7,
        }
    )
    cleaned = schema(RawStudy(table, {"n": Variable("How\0 many?")}))
    assert "\0" not in repr(cleaned.to_json()).replace("\\x00", "\0")
    assert cleaned["mood"].levels == ("low", "mid", "high")
    assert cleaned["city"].levels == ("AB", "C")
    assert actions_about(cleaned, "city") == ["renamed", "relabelled"]
    with pytest.raises(errors.StudyError) as caught:
        schema(RawStudy(table.select(["flat\0", "n"])))
    assert "\0" not in caught.value.detail


def test_two_columns_of_one_name_get_different_names() -> None:
    table = pa.Table.from_arrays([TABLE["mood"], TABLE["Age (years)"]], ["a", "a"])
    cleaned = schema(RawStudy(table))
    assert cleaned.names == ["a", "a_2"]
    assert actions_about(cleaned, "a_2") == ["renamed"]
