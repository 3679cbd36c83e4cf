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


@pytest.mark.parametrize("name", truth.AUDIENCES)
def test_audiences_have_the_incidence_that_they_claim(name: str) -> None:
    rows = pa.table(truth.POPULATIONS[name](200_000, np.random.default_rng(3)))
    for column, incidences in truth.AUDIENCES[name].items():
        values = np.array(rows[column].to_pylist())
        for level, incidence in incidences.items():
            assert 0.02 <= incidence <= 0.08
            # 200,000 people: a share of 0.08 is 0.0006 off in one standard error.
            assert (values == level).mean() == pytest.approx(incidence, abs=0.003)


def test_the_small_brand_is_bought_online_and_its_shops_are_not_rated() -> None:
    rows = pa.table(truth.drinkers(100_000, np.random.default_rng(4)))
    is_small = np.array(rows["brand"].to_pylist()) == "Elva"
    is_online = np.array(rows["channel"].to_pylist()) == "Online"
    is_unrated = rows["shop_rating"].is_null().to_numpy()
    spend, age = rows["spend"].to_numpy(), rows["age"].to_numpy()
    assert is_online[is_small].mean() == pytest.approx(0.8, abs=0.02)
    assert is_online[~is_small].mean() == pytest.approx(0.2, abs=0.02)
    assert is_unrated[is_small].mean() > 3 * is_unrated[~is_small].mean()
    assert spend[is_small].mean() > 2 * spend[~is_small].mean()
    assert np.corrcoef(age[is_small], spend[is_small])[0, 1] < -0.2
    assert np.corrcoef(age[~is_small], spend[~is_small])[0, 1] > 0.1


def test_each_small_account_has_questions_of_its_own_left_open() -> None:
    rows = pa.table(truth.clients(100_000, np.random.default_rng(5)))
    account = np.array(rows["account"].to_pylist())
    silent = rows["income"].is_null().to_numpy()
    shares = {name: silent[account == name].mean() for name in ("Student", "Private", "Firm")}
    assert shares["Student"] < 0.05 < shares["Private"] < 0.2 < shares["Firm"]


def test_an_audience_alone_is_all_that_the_truth_has() -> None:
    known = truth.find(truth.drinkers, {"brand": {"Elva": 1.0}}, {})
    assert set(known.people["brand"].to_pylist()) == {"Elva"}
    assert known.people.num_rows == truth.ENOUGH
    assert known.left == pytest.approx(0.04, abs=0.001)
