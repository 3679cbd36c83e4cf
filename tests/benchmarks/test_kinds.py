import numpy as np
import pyarrow as pa
import pytest

import simulacra
from benchmarks import kinds
from benchmarks.kinds import KindScenario
from simulacra.engine.scenario import conditions
from simulacra.engine.scenario.kinds import registry


def people_of(scenario: KindScenario, size: int) -> pa.Table:
    return pa.table(kinds.POPULATIONS[scenario.population](size, np.random.default_rng(3)))


@pytest.mark.parametrize("scenario", kinds.SCENARIOS, ids=lambda it: f"{it.population} {it.name}")
def test_people_drawn_by_their_weights_meet_the_conditions(scenario: KindScenario) -> None:
    people, weights = kinds.weigh(people_of(scenario, 20_000), scenario.asked)
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    total = {member: asked for member, asked in scenario.asked.items() if member != "groups"}
    for member, asked in total.items():
        if member == "means":
            for name, target in asked.items():
                values = np.nan_to_num(kinds._numbers(people, name))
                assert weights @ values == pytest.approx(target, rel=1e-4)
        else:
            for parts, shares, _ in kinds._shared_out(people, member, asked):
                reached = [float(weights[part].sum()) for part in parts]
                assert reached == pytest.approx(shares, abs=1e-4)
    for base, member, asked in kinds._each(people, scenario.asked):
        if member == "means" and not base.all():
            for name, target in asked.items():
                values = np.nan_to_num(kinds._numbers(people, name))
                inside = weights * base
                assert inside @ values / inside.sum() == pytest.approx(target, rel=1e-4)


@pytest.mark.parametrize("population", kinds.POPULATIONS)
def test_a_study_of_the_population_takes_each_of_its_scenarios(population: str) -> None:
    own = [scenario for scenario in kinds.SCENARIOS if scenario.population == population]
    people = people_of(own[0], 1_000)
    schema = simulacra.fit(kinds.as_a_file(people)).schema
    assert schema.names == people.column_names
    for scenario in own:
        assert conditions.parse(schema, scenario.asked).conditions
        assert kinds.conditioned(scenario.asked) < set(schema.names)


def test_each_kind_beside_ranges_has_a_scenario() -> None:
    asked = {member for scenario in kinds.SCENARIOS for member in scenario.asked}
    assert asked == set(registry.KINDS) - {"numeric"}
