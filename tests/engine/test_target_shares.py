"""Generated rows have the target shares of a scenario."""

import pytest

import simulacra
from tests.engine import generations


@pytest.mark.parametrize("rows", [1, 7, 100, 1_003])
def test_shares_are_exact_to_one_row(meal_kit_model: simulacra.Model, rows: int) -> None:
    out = meal_kit_model.generate(
        rows,
        seed=4,
        categorical={
            "segment": {"Value": 0.2, "Mainstream": 0.25, "Premium": 0.55},
            "channel": {"Online": 0.6, "Club": 0.05},
            "region": {"West": 0.5},
        },
    )
    assert out.rows_generated == rows
    for column in ("segment", "channel", "region"):
        for level in generations.levels(out, column).values():
            if level.target is not None:
                assert abs(level.rows - level.target * rows) < 1
                assert level.rows == out.table[column].to_pylist().count(level.level)


def test_unnamed_levels_keep_the_proportions_of_the_model(meal_kit_model: simulacra.Model) -> None:
    # 20,000 draws: a standard error of at most 0.0035, so that 0.02 is nearly six of them.
    free = generations.shares(meal_kit_model.generate(20_000, seed=1).table["region"])
    conditioned = generations.shares(
        meal_kit_model.generate(20_000, seed=1, categorical={"region": {"North": 0.6}}).table[
            "region"
        ]
    )
    for level in ("East", "South", "West"):
        assert conditioned[level] == pytest.approx(
            free[level] * 0.4 / (1 - free["North"]), abs=0.02
        )


def test_unnamed_levels_follow_the_other_conditions(meal_kit_model: simulacra.Model) -> None:
    young = {"age": {"min": 18, "max": 30}}
    free = generations.shares(
        meal_kit_model.generate(10_000, seed=1, numeric=young).table["channel"]
    )
    out = meal_kit_model.generate(
        10_000, seed=1, numeric=young, categorical={"channel": {"Club": 0.3}}
    )
    conditioned = generations.shares(out.table["channel"])
    assert conditioned["Online"] / conditioned["Retail"] == pytest.approx(
        free["Online"] / free["Retail"], rel=0.1
    )


def test_a_share_of_zero_excludes_a_level(meal_kit_model: simulacra.Model) -> None:
    out = meal_kit_model.generate(2_000, seed=1, categorical={"segment": {"Premium": 0}})
    assert "Premium" not in generations.shares(out.table["segment"])
    assert out.rows_generated == 2_000


def test_a_share_of_one_leaves_only_that_level(meal_kit_model: simulacra.Model) -> None:
    out = meal_kit_model.generate(500, seed=1, categorical={"segment": {"Premium": 1}})
    assert generations.shares(out.table["segment"]) == {"Premium": 1.0}


def test_a_boolean_takes_shares(mixed_model: simulacra.Model) -> None:
    out = mixed_model.generate(200, seed=1, categorical={"owns": {"true": 0.85}})
    assert sum(out.table["owns"].to_pylist()) == 170


def test_an_ordinal_takes_shares(mixed_model: simulacra.Model) -> None:
    out = mixed_model.generate(
        200, seed=1, categorical={"agreement": {"always": 0.5, "never": 0.5}}
    )
    assert generations.shares(out.table["agreement"]) == {"always": 0.5, "never": 0.5}
