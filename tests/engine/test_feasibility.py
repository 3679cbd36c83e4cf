"""Scenarios that the model can hardly meet, or not at all."""

import time

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from tests.engine import generations


def test_a_tight_scenario_is_met_in_bounded_time(meal_kit_model: simulacra.Model) -> None:
    begun = time.monotonic()
    out = meal_kit_model.generate(
        1_000,
        seed=1,
        categorical={"segment": {"Premium": 1}, "channel": {"Club": 1}, "region": {"North": 1}},
        numeric={"age": {"min": 60, "max": 62}},
    )
    assert time.monotonic() - begun < 30
    assert out.rows_generated == 1_000
    assert out.table["age"].to_pylist().count(None) == 0
    assert generations.warning_codes(out) == {"thin_support"}
    assert out.report.support.seed_rows < 5


def exclusive(rows: int = 400) -> pa.Table:
    """Drivers alone have a licence; nobody under 30 answers 'late'."""
    rng = np.random.default_rng(1)
    drives = np.array(["no", "yes"])[np.arange(rows) % 2]
    return pa.table(
        {
            "drives": drives,
            "licence": np.where(drives == "yes", rng.choice(["B", "C"], rows), "none"),
            "income": rng.gamma(2, 900, rows).round(),
        }
    )


@pytest.fixture(scope="module")
def drivers() -> simulacra.Model:
    return simulacra.fit(exclusive())


def test_a_quota_that_cannot_be_met_is_left_out_and_named(drivers: simulacra.Model) -> None:
    out = drivers.generate(
        100,
        seed=1,
        categorical={"drives": {"no": 1}, "licence": {"none": 0.7, "B": 0.2, "C": 0.1}},
    )
    assert out.status == "partial"
    assert (out.rows_requested, out.rows_generated) == (100, 70)
    assert generations.shares(out.table["licence"]) == {"none": 1.0}
    details = [w.detail for w in out.report.warnings if w.code == "quota_unmet"]
    assert any("'licence' = 'B'" in detail and "0 respondents" in detail for detail in details)


def test_conditions_that_exclude_each_other_are_infeasible(drivers: simulacra.Model) -> None:
    begun = time.monotonic()
    with pytest.raises(simulacra.InfeasibleError, match="'drives'"):
        drivers.generate(100, seed=1, categorical={"drives": {"no": 1}, "licence": {"B": 1}})
    assert time.monotonic() - begun < 30


def test_less_than_one_row_is_infeasible(drivers: simulacra.Model) -> None:
    with pytest.raises(simulacra.InfeasibleError):
        drivers.generate(
            3, seed=1, categorical={"drives": {"no": 1}, "licence": {"none": 0.2, "B": 0.8}}
        )


def test_many_respondents_behind_a_scenario_are_no_warning(meal_kit_model: simulacra.Model) -> None:
    out = meal_kit_model.generate(500, seed=1, categorical={"segment": {"Premium": 0.3}})
    assert not out.report.warnings
    assert 100 < out.report.support.effective_sample_size <= 800
