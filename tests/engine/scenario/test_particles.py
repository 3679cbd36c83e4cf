import numpy as np
import pytest

import simulacra
from simulacra.engine.scenario import particles, raking
from tests.engine import generations


def test_the_rest_of_a_partial_map_is_one_group(meal_kit_model: simulacra.Model) -> None:
    plan, _ = generations.conditioned(meal_kit_model, 10, {"region": {"South": 0.5, "East": 0.1}})
    (target,) = plan.targets
    assert target.shares == pytest.approx([0.5, 0.1, 0.4])
    assert meal_kit_model.schema["region"].levels == ("East", "North", "South", "West")
    values = {target.position: np.array([0, 1, 2, 3, np.nan])}
    assert target.groups(values).tolist() == [1, 2, 0, 2, -1]


def test_particles_lie_in_the_ranges_and_have_the_shares(meal_kit_model: simulacra.Model) -> None:
    plan, cloud = generations.conditioned(
        meal_kit_model, 1_000, {"segment": {"Premium": 0.9}}, {"age": {"min": 60, "max": 70}}
    )
    age = cloud.draws.values[plan.order[0]]
    assert ((age >= 60) & (age <= 70)).all()
    weights = cloud.raked.weights
    assert np.bincount(cloud.groups[0], weights).tolist() == pytest.approx([0.9, 0.1])
    assert cloud.raked.reachable == pytest.approx(1)


def test_tilting_keeps_the_particles_of_a_rare_level_many(meal_kit_model: simulacra.Model) -> None:
    _, cloud = generations.conditioned(
        meal_kit_model, 1_000, {"channel": {"Club": 1}, "segment": {"Premium": 1}}
    )
    assert raking.effective_sample_size(cloud.raked.weights) > 0.2 * particles.MIN_PARTICLES


def test_weights_take_the_tilt_back(meal_kit_model: simulacra.Model) -> None:
    """Asking for the model's own shares leaves the other columns as they are.

    20,000 particles: a standard error of about 0.006, so that 0.03 is five of them.
    """
    column = meal_kit_model.schema["segment"]
    own_shares = dict(zip(column.levels, np.array(column.shares) / sum(column.shares), strict=True))
    plan, cloud = generations.conditioned(
        meal_kit_model, 1_000, {"segment": own_shares, "channel": {"Club": 0.6}}
    )
    channel = meal_kit_model.schema["channel"]
    position = meal_kit_model.schema.names.index("channel")
    held = np.bincount(cloud.draws.values[position].astype(int), cloud.raked.weights)
    free = dict(zip(channel.levels, channel.shares, strict=True))
    ratio = held[channel.levels.index("Online")] / held[channel.levels.index("Retail")]
    assert ratio == pytest.approx(free["Online"] / free["Retail"], rel=0.1)
    assert plan.order == sorted(plan.order)


def test_more_particles_are_drawn_when_few_count(
    meal_kit_model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(particles, "MIN_PARTICLES", 50)
    monkeypatch.setattr(particles, "PARTICLES_PER_ROW", 0)
    _, cloud = generations.conditioned(meal_kit_model, 1_000, {"segment": {"Premium": 0.9}})
    assert len(cloud.raked.weights) > 1_000


def test_particles_are_never_more_than_the_most(
    meal_kit_model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(particles, "MAX_PARTICLES", 300)
    _, cloud = generations.conditioned(meal_kit_model, 5_000, {"segment": {"Premium": 0.9}})
    assert len(cloud.raked.weights) == 300
