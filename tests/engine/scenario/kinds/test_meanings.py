"""What conditions mean beside their targets: ends of bands, names of options, groups, and rests."""

import numpy as np
import pytest

import simulacra
from simulacra.engine import errors
from simulacra.engine.columns.schema import Schema
from simulacra.engine.report.report import ShareOutcome
from simulacra.engine.scenario import conditions
from simulacra.engine.scenario.terms import Cell, Levels
from tests.studies import brand_survey

ACME = "Which.brands.do.you.know.Acme"


def test_bands_that_cover_the_range_may_sum_to_one(brands: Schema) -> None:
    bands = [{"min": 18, "max": 30, "share": 0.4}, {"min": 31, "max": 80, "share": 0.6}]
    (found,) = conditions.parse(brands, {"bands": {"age": bands}}).partitions
    assert (found.shares, found.has_rest) == ((0.4, 0.6), False)


def test_a_gap_with_the_share_zero_is_empty(brand_model: simulacra.Model) -> None:
    shares = [(18, 30, 0.4), (31, 40, 0.0), (41, 80, 0.6)]
    bands = [{"min": low, "max": high, "share": share} for low, high, share in shares]
    out = brand_model.generate(200, seed=1, bands={"age": bands})
    ages = np.array(out.table["age"].to_pylist())
    assert not ((ages >= 31) & (ages <= 40)).any()
    assert (ages <= 30).sum() == 80


def test_bands_of_money_may_touch_and_the_end_counts_for_the_lower_one(
    brand_model: simulacra.Model,
) -> None:
    bands = [{"min": 32, "max": 60, "share": 0.3}, {"min": 60, "max": 128, "share": 0.7}]
    out = brand_model.generate(200, seed=1, bands={"spend": bands})
    assert (np.array(out.table["spend"].to_pylist()) <= 60).sum() == 60


def test_bands_of_dates_meet_day_by_day(brand_model: simulacra.Model) -> None:
    (column,) = (one for one in brand_model.schema.columns if one.name == "joined")
    bands = [
        {"min": column.min, "max": "2021-03-31", "share": 0.5},
        {"min": "2021-04-01", "max": column.max, "share": 0.5},
    ]
    out = brand_model.generate(100, seed=1, bands={"joined": bands})
    assert sum(str(day) <= "2021-03-31" for day in out.table["joined"].to_pylist()) == 50


@pytest.mark.parametrize("name", ["Acme", ACME, "Which brands do you know? - Acme"])
def test_an_option_goes_by_each_of_its_names(brands: Schema, name: str) -> None:
    asked = {"multiple_response": {brand_survey.SET: {name: 0.6}}}
    (found,) = conditions.parse(brands, asked).partitions
    assert found.cells == (Cell(((ACME, Levels(frozenset({1}))),)),)
    assert found.names == (name,)


def test_options_of_one_question_need_not_sum_to_one(brand_model: simulacra.Model) -> None:
    asked = {brand_survey.SET: {"Acme": 0.9, "Brio": 0.8, "Corvo": 0.7}}
    out = brand_model.generate(100, seed=1, multiple_response=asked)
    counts = [
        sum(value == brand for value in out.table[f"{brand_survey.SET}.{brand}"].to_pylist())
        for brand in ("Acme", "Brio", "Corvo")
    ]
    assert counts == [90, 80, 70]


def test_a_group_whose_share_is_given_as_well_is_as_large(brand_model: simulacra.Model) -> None:
    among = [{"where": {"owns": "yes"}, "categorical": {"rating": {"5": 0.5}}}]
    out = brand_model.generate(200, seed=1, categorical={"owns": {"yes": 0.3}}, groups=among)
    owners = [row for row in out.table.to_pylist() if row["owns"] == "yes"]
    assert len(owners) == 60
    assert sum(row["rating"] == 5 for row in owners) == 30


def test_a_condition_among_some_leaves_the_others_alone(brand_model: simulacra.Model) -> None:
    """Of 5,000 rows a share has a standard error of at most 0.0071; two differ by 0.06.

    Six standard errors of their difference: a false alarm in a billion.
    """
    among = [{"where": {"owns": "yes"}, "categorical": {"rating": {"5": 0.6}}}]
    rows = [brand_model.generate(10_000, seed=1, groups=it).table for it in (among, [])]
    shares = []
    for table in rows:
        others = [row["rating"] for row in table.to_pylist() if row["owns"] == "no"]
        assert len(others) > 5_000
        shares.append(others.count(5) / len(others))
    assert shares[0] == pytest.approx(shares[1], abs=0.06)


@pytest.mark.parametrize(
    "asked",
    [
        {"groups": [{"where": {"owns": "no"}, "means": {"visits": 5}}]},
        {
            "categorical": {"owns": {"yes": 0.0}},
            "groups": [{"where": {"owns": "yes"}, "means": {"rating": 3}}],
        },
        {
            "groups": [
                {
                    "where": {
                        "age": {"min": 79, "max": 80},
                        "spend": {"min": 32, "max": 33},
                        "rating": {"min": 5, "max": 5},
                    },
                    "bands": {"joined": [{"min": "2020-04-01", "max": "2021-01-01", "share": 0.5}]},
                }
            ]
        },
    ],
    ids=["nobody has a value", "the group is left out", "nobody is in it"],
)
def test_a_group_in_which_nobody_fits_gives_no_rows(
    brand_model: simulacra.Model, asked: dict[str, object]
) -> None:
    with pytest.raises(errors.InfeasibleError, match="no row that meets the conditions on"):
        brand_model.generate(100, seed=1, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "pointer", "message"),
    [
        (
            {
                "means": {"age": 60},
                "bands": {"age": [{"min": 18, "max": 34, "share": 0.9}]},
            },
            "/means/age",
            "leave room for a mean of",
        ),
        (
            {
                "numeric": {"age": {"min": 18, "max": 30}},
                "bands": {"age": [{"min": 40, "max": 50, "share": 0.3}]},
            },
            "/bands",
            "all rows are to have 'age' in 18 to 30",
        ),
        (
            {"groups": [{"where": {"owns": "yes"}, "categorical": {"owns": {"no": 0.5}}}]},
            "/groups",
            "which rules it out",
        ),
    ],
    ids=["a mean and bands", "a range and bands", "a group and its own column"],
)
def test_what_excludes_each_other_whatever_the_study_is_refused(
    brand_model: simulacra.Model, asked: dict[str, object], pointer: str, message: str
) -> None:
    with pytest.raises(errors.ConditionError, match=message) as caught:
        brand_model.generate(10, seed=1, **asked)  # type: ignore[arg-type]
    assert caught.value.fields[0].pointer == pointer


@pytest.mark.parametrize("where", [{"owns": "yes", "age": {"min": 79, "max": 80}}])
def test_a_mean_among_a_group_of_hardly_anybody_is_told_of(
    brand_model: simulacra.Model, where: dict[str, object]
) -> None:
    """Whether there is nobody or somebody depends on chance; the report says so either way."""
    groups = [{"where": where, "means": {"rating": 3}}]
    report = brand_model.generate(500, seed=1, groups=groups).report
    assert "thin_support" in {warning.code for warning in report.warnings}
    assert report.to_json()["conditions"][0]["kind"] == "mean"


def test_what_no_band_covers_is_reported_as_others(brand_model: simulacra.Model) -> None:
    bands = {"age": [{"min": 18, "max": 34, "share": 0.4}]}
    (outcome,) = brand_model.generate(50, seed=1, bands=bands).report.conditions
    assert isinstance(outcome, ShareOutcome)
    assert [(level.level, level.target, level.rows) for level in outcome.levels] == [
        ("18 to 34", 0.4, 20),
        ("(others)", None, 30),
    ]


def test_a_question_for_some_leaves_others_in_only_if_those_asked_are_the_group(
    brand_model: simulacra.Model,
) -> None:
    among = [{"where": {"owns": "yes"}, "means": {"visits": 6}}]
    everyone = brand_model.generate(200, seed=1, means={"visits": 6}).table
    assert set(everyone["owns"].to_pylist()) == {"yes"}
    rows = brand_model.generate(200, seed=1, groups=among).table.to_pylist()
    assert {row["owns"] for row in rows} == {"yes", "no"}
    assert all((row["visits"] is None) == (row["owns"] == "no") for row in rows)
