"""The disclosure card says what was checked, and calls unknown what it cannot know."""

import dataclasses
import json

import pytest

import simulacra
from simulacra.engine.columns.schema import SurveyWeight
from simulacra.engine.report import scenario_words
from simulacra.engine.report.card import MOST_DATES, NO_CONDITIONS, Card
from simulacra.engine.report.report import Support
from simulacra.engine.warning import ReportWarning


@pytest.fixture(scope="module")
def out(mixed_model: simulacra.Model) -> simulacra.Generation:
    ends = {"satisfaction": {"min": 2, "max": 5}}
    return mixed_model.generate(500, seed=7, categorical={"plan": {"Pro": 0.6}}, numeric=ends)


def test_it_is_read_back_from_json(out: simulacra.Generation) -> None:
    document = json.loads(json.dumps({**out.card.to_json(), "of_a_later_version": 1}))
    assert Card.from_json(document) == out.card


def test_it_tells_how_the_rows_were_made(out: simulacra.Generation) -> None:
    told = dict(out.card.items())
    assert told["Seed"] == "7"
    assert told["Version"] == f"Simulacra {simulacra.__version__}"
    assert told["Conditions"].splitlines() == [
        "plan: 60% Pro, the rest as the model predicts",
        "satisfaction: all rows from 2 to 5",
    ]
    assert told["Rows"].startswith("500 made, 500 asked for")
    assert str(out.report.support.seed_rows) in told["Support"]
    assert told["Study size"] == "600 respondents, 8 columns"
    assert "joined, 2020-01-07 to 2022-06-09" in told["Study dates"]
    assert told["Privacy"].endswith("Privacy level of the model: standard.")
    assert all(text for text in told.values())


def test_what_the_software_cannot_know_is_unknown(out: simulacra.Generation) -> None:
    told = dict(out.card.items())
    for heading in ("Population", "Study dates", "Human oversight"):
        assert told[heading].startswith("Unknown"), heading


def test_warnings_are_failed_checks_and_the_others_passed(
    mixed_model: simulacra.Model, out: simulacra.Generation
) -> None:
    thin = ReportWarning("thin_support", "Only about 9 respondents stand behind these rows.")
    report = dataclasses.replace(
        out.report, support=Support(9.0, 20), warnings=(thin,), rows_requested=900
    )
    card = Card.of(mixed_model.schema, report, (), None)
    assert thin.detail in card.checks_failed
    assert "Not all rows that were asked for could be made: 500 of 900." in card.checks_failed
    assert not any("Support is not thin" in it for it in card.checks_passed)
    assert any("Shares asked for and achieved differ by" in it for it in card.checks_passed)
    assert any("validation" in it for it in card.checks_not_made)
    told = dict(card.items())
    assert told["Conditions"] == NO_CONDITIONS
    assert told["Version"] == "Unknown"


def test_a_weighted_study_says_so_and_few_of_many_dates_are_named(
    mixed_model: simulacra.Model, out: simulacra.Generation
) -> None:
    dates = [
        dataclasses.replace(mixed_model.schema["joined"], name=f"d{at}", label=f"Day {at}")
        for at in range(MOST_DATES + 2)
    ]
    weight = SurveyWeight("wgt", 412.4)
    schema = dataclasses.replace(mixed_model.schema, columns=tuple(dates), weight=weight)
    card = Card.of(schema, out.report, (), "1")
    assert "effective sample size 412" in card.study_size
    assert "'wgt'" in card.population
    assert "Day 2" in card.study_dates
    assert "Day 3" not in card.study_dates
    assert "and 2 more" in card.study_dates


def test_every_kind_of_condition_has_words(mixed_model: simulacra.Model) -> None:
    told = scenario_words.of(
        mixed_model.schema,
        {
            "categorical": {"plan": {"Pro": 0.5, "Plus": 0.5}, "agreement": {"0": 0.5}},
            "numeric": None,
            "means": {"spend": 45},
            "bands": {"visits": [{"min": 0, "max": 3, "share": 0.125}]},
            "joint": [
                {
                    "columns": ["plan", "visits"],
                    "shares": [{"cell": ["Pro", {"min": 1, "max": 4}], "share": 0.2}],
                }
            ],
            "multiple_response": {"brands": {"Acme": 0.6}},
            "groups": [
                {
                    "where": {"plan": ["Pro", "Plus"], "visits": {"min": 1, "max": 9}},
                    "means": {"spend": 50},
                }
            ],
        },
    )
    assert told == (
        "plan: 50% Pro, 50% Plus",
        "agreement: 50% '0', the rest as the model predicts",
        "spend: a mean of 45",
        "visits: 12.5% from 0 to 3, the rest as the model predicts",
        "plan and visits together: 20% Pro with from 1 to 4, the rest as the model predicts",
        "brands: 60% choose Acme",
        "Among rows with plan = Pro or Plus and visits from 1 to 9: spend: a mean of 50",
    )
