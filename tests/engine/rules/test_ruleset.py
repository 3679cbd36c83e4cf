import json

import numpy as np
import pytest

import simulacra
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.rules.ruleset import Rules
from tests.studies import rule_survey

ROWS = 2_000


def test_the_survey_keeps_its_rules() -> None:
    assert rule_survey.violations(rule_survey.survey(3_000)) == {}


def test_no_respondent_breaks_a_rule(study: Study, rules: Rules) -> None:
    assert not rules.broken_rows(dict(enumerate(study.values.T))).any()


def test_rules_read_as_sentences(rules: Rules) -> None:
    sentences = str(rules).splitlines()
    assert {
        "region decides land",
        "brand is missing exactly when owns is 'No'",
        "school decides school_years",
        "option_2 is never 'true' with none_of_these 'true'",
        "age decides band, by 3 cut points",
        "age decides if retired_since is known, by 1 cut points",
        "first <= last",
        "visits_month <= visits_year",
        (
            "there is always one of option_1 'true', option_2 'true', option_3 'true', "
            "none_of_these 'true'"
        ),
        "food + rent + other = total",
        "share_tv + share_web + share_print is constant",
        "bmi is proportional to weight / height^2",
    } <= set(sentences)


def test_rules_come_back_from_json(study: Study, rules: Rules) -> None:
    document = json.loads(json.dumps(rules.to_json()))
    restored = Rules.from_json(document, study.schema)
    assert restored.to_json() == rules.to_json()
    assert str(restored) == str(rules)
    drawn = rule_survey.independent(study, ROWS, np.random.default_rng(0))
    for position, values in drawn.items():
        np.testing.assert_array_equal(
            restored.broken_by(position, values, drawn), rules.broken_by(position, values, drawn)
        )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("owns", "brand"),
        ("region", "land"),
        ("age", "band"),
        ("age", "retired_since"),
        ("first", "last"),
        ("none_of_these", "option_1"),
    ],
)
def test_a_rule_of_two_columns_works_from_both_sides(
    study: Study, rules: Rules, first: str, second: str
) -> None:
    drawn = rule_survey.independent(study, ROWS, np.random.default_rng(1))
    left, right = study.schema.names.index(first), study.schema.names.index(second)
    forth = rules.broken_by(right, drawn[right], {left: drawn[left]})
    back = rules.broken_by(left, drawn[left], {right: drawn[right]})
    np.testing.assert_array_equal(forth, back)
    assert 0.02 < forth.mean() < 0.98


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"categorical": {"brand": {"X": 0.7}, "band": {"65+": 0.5}}},
        {
            "categorical": {"none_of_these": {"true": 0.4}},
            "numeric": {"total": {"min": 300, "max": 400}},
        },
        {"numeric": {"last": {"min": "2020-02-01", "max": "2020-03-01"}}},
        {
            "categorical": {"school": {"Doctor": 0.5}},
            "numeric": {"share_web": {"min": 40, "max": 95}},
        },
        {"numeric": {"bmi": {"min": 30, "max": 35}}},
    ],
    ids=["free", "shares", "total", "dates", "parts", "index"],
)
def test_no_row_of_100_000_breaks_a_rule(
    rule_model: simulacra.Model, conditions: dict[str, dict[str, dict[str, float]]]
) -> None:
    out = rule_model.generate(100_000, seed=1, **conditions)  # type: ignore[arg-type]
    assert out.rows_generated == 100_000
    assert rule_survey.violations(out.table) == {}
