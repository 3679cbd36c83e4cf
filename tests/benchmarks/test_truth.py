import numpy as np
import pyarrow as pa
import pytest

import simulacra
from benchmarks import truth
from benchmarks.scenarios import SCENARIOS


@pytest.fixture(scope="module")
def people() -> pa.Table:
    return pa.table(truth.spenders(20_000, np.random.default_rng(1)))


def share(matching: pa.Table, weights: np.ndarray, name: str, level: str) -> float:
    chosen = np.array([value == level for value in matching[name].to_pylist()])
    return float(weights[chosen].sum() / weights.sum())


def test_levels_that_are_not_named_share_the_rest_as_they_stand(people: pa.Table) -> None:
    matching, weights = truth.condition(people, {"area": {"City": 0.8}}, {})
    assert share(matching, weights, "area", "City") == pytest.approx(0.8)
    before = people["area"].to_pylist()
    ratio = before.count("Suburb") / before.count("Country")
    rest = [share(matching, weights, "area", level) for level in ("Suburb", "Country")]
    assert rest[0] / rest[1] == pytest.approx(ratio)


def test_a_share_of_zero_leaves_a_level_out(people: pa.Table) -> None:
    matching, weights = truth.condition(people, {"area": {"City": 0.0}}, {})
    assert "City" not in matching["area"].to_pylist()
    assert weights.sum() == pytest.approx(1)


def test_who_did_not_answer_is_in_no_range(people: pa.Table) -> None:
    assert people["income"].null_count
    matching, _ = truth.condition(people, {}, {"income": {"min": 0, "max": 1e9}})
    assert matching.num_rows == people.num_rows - people["income"].null_count


def test_where_nobody_fits_there_is_nobody(people: pa.Table) -> None:
    matching, weights = truth.condition(
        people, {"area": {"City": 0.5}}, {"age": {"min": 200, "max": 300}}
    )
    assert matching.num_rows == weights.sum() == 0


@pytest.mark.parametrize("name", truth.POPULATIONS)
def test_scenarios_speak_of_what_a_study_of_the_population_has(name: str) -> None:
    draw = truth.POPULATIONS[name]
    schema = simulacra.fit(pa.table(draw(1_000, np.random.default_rng(2)))).schema
    for scenario in SCENARIOS:
        if scenario.population == name:
            assert {*scenario.shares, *scenario.ranges} <= set(schema.names)
            for column, shares in scenario.shares.items():
                assert set(shares) <= set(schema[column].levels)
