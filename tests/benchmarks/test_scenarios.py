import math

import pytest

from benchmarks import scenarios, truth
from benchmarks.scenarios import PopulationScenario, PopulationTrial


def trial(population: str, synthetic: float, raked: float, left: float = 0.9) -> PopulationTrial:
    errors = dict.fromkeys(scenarios.ROW_KINDS, 0.1) | {"synthetic": synthetic}
    errors["raked study"] = raked
    status = "InfeasibleError" if math.isnan(synthetic) else "ready"
    scenario = PopulationScenario(population, "a scenario", {})
    return PopulationTrial(scenario, left, 400, errors, errors, status)


def cells(table: str) -> dict[str, list[str]]:
    """Return the cells of a page's table by its first column."""
    lines = [line.strip("|").split("|") for line in table.splitlines()[2:]]
    return {first.strip(): [cell.strip() for cell in rest] for first, *rest in lines}


def test_low_incidence_is_a_class_of_its_own_whatever_is_left() -> None:
    for left in (0.9, 0.1, 0.01, 0.0001):
        assert trial("drinkers", 1, 1, left).difficulty == "low-incidence"
        assert trial("shoppers", 1, 1, left).difficulty != "low-incidence"
    assert trial("shoppers", 1, 1, 0.1).difficulty == "moderate"


def test_the_line_of_all_leaves_low_incidence_out() -> None:
    trials = [trial("shoppers", 0.2, 0.4), trial("shoppers", 0.2, 0.1), trial("clients", 0.3, 0.1)]
    lines = cells(scenarios.by(trials, lambda trial: trial.difficulty, "class"))
    assert list(lines) == ["mild", "all", "low-incidence"]
    assert [lines[name][0] for name in lines] == ["2", "2", "1"]
    assert [lines[name][3] for name in lines] == ["1.00", "1.00", "3.00"]


def test_a_size_with_audiences_has_a_line_of_its_own() -> None:
    trials = [trial("shoppers", 1, 1), trial("clients", 1, 1)]
    lines = cells(scenarios.by(trials, scenarios._size, "respondents"))
    assert list(lines) == ["400", "all", "400, low-incidence"]


def test_audiences_alone_have_no_line_of_all() -> None:
    lines = cells(scenarios.by([trial("clients", 1, 1)], lambda trial: trial.difficulty, "class"))
    assert list(lines) == ["low-incidence"]


def test_a_refusal_has_lost_and_an_alternative_without_rows_does_not_count() -> None:
    trials = [trial("shoppers", math.nan, 0.1), trial("shoppers", 0.1, math.nan)]
    assert math.isnan(scenarios._ratio(trials, "pairs", "raked study"))
    line = cells(scenarios.by(trials, lambda trial: trial.difficulty, "class"))["all"]
    assert line[:4] == ["2", "0", "1", ""]
    assert line[-1] == "50%"


def test_the_ratio_is_a_geometric_mean() -> None:
    trials = [trial("shoppers", 0.1, 0.2), trial("shoppers", 0.4, 0.1)]
    ratio = scenarios._ratio(trials, "pairs", "raked study")
    assert ratio == pytest.approx(math.sqrt(0.5 * 4))


@pytest.mark.parametrize("population", truth.AUDIENCES)
def test_each_scenario_of_an_audience_asks_for_one_alone_or_for_half(population: str) -> None:
    (column, levels), *_ = truth.AUDIENCES[population].items()
    found = [scenario for scenario in scenarios.SCENARIOS if scenario.population == population]
    assert len(found) >= 5
    for scenario in found:
        assert set(scenario.shares[column]) <= set(levels)
        assert set(scenario.shares[column].values()) <= {0.5, 1.0}
