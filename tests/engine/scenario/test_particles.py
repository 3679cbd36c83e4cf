import numpy as np
import pytest

import simulacra
from simulacra.engine import progress
from simulacra.engine.model.donors import Donors
from simulacra.engine.scenario import conditions, particles
from simulacra.engine.scenario.conditions import Conditions


def cloud_of(
    model: simulacra.Model,
    rows: int,
    categorical: Conditions | None,
    numeric: Conditions | None = None,
) -> tuple[Donors, particles.Plan, particles.Cloud]:
    asked = conditions.parse(model.schema, categorical, numeric)
    wanted = particles.plan(model._donors, asked)
    (fits,) = progress.parts(None, [("fitting", 1)])
    links = model._chain(*model._known(wanted.order), len(wanted.order), fits)
    first = links[: len(wanted.order)]
    return model._donors, wanted, particles.draw(model._donors, first, wanted, rows, 1)


@pytest.mark.parametrize(
    ("weights", "size"),
    [([1, 1, 1, 1], 4), ([5, 0, 0], 1), ([0, 0], 0), ([3, 1], 1.6)],
)
def test_the_effective_sample_size_is_kishs(weights: list[float], size: float) -> None:
    assert particles.effective_sample_size(np.array(weights, float)) == pytest.approx(size)


def test_the_rest_of_a_partial_map_is_one_group(meal_kit_model: simulacra.Model) -> None:
    _, wanted, _ = cloud_of(meal_kit_model, 10, {"region": {"South": 0.5, "East": 0.1}})
    (target,) = wanted.targets.values()
    assert target.names == ("South", "East", None)
    assert target.shares == pytest.approx([0.5, 0.1, 0.4])
    assert meal_kit_model.schema["region"].levels == ("East", "North", "South", "West")
    assert target.group_of_level.tolist() == [1, 2, 0, 2, -1]


def test_particles_lie_in_the_ranges_and_have_the_shares(meal_kit_model: simulacra.Model) -> None:
    _, wanted, cloud = cloud_of(
        meal_kit_model, 1_000, {"segment": {"Premium": 0.9}}, {"age": {"min": 60, "max": 70}}
    )
    age = cloud.drawn.values[wanted.order[0]]
    assert ((age >= 60) & (age <= 70)).all()
    weights = cloud.raked.weights
    assert np.bincount(cloud.groups[0], weights).tolist() == pytest.approx([0.9, 0.1])
    assert cloud.reachable == pytest.approx(1)


def test_tilting_keeps_the_particles_of_a_rare_level_many(meal_kit_model: simulacra.Model) -> None:
    _, _, cloud = cloud_of(
        meal_kit_model, 1_000, {"channel": {"Club": 1}, "segment": {"Premium": 1}}
    )
    assert particles.effective_sample_size(cloud.raked.weights) > 0.2 * particles.LEAST


def test_weights_take_the_tilt_back(meal_kit_model: simulacra.Model) -> None:
    """Asking for the model's own shares leaves the other columns as they are.

    20,000 particles: a standard error of about 0.006, so that 0.03 is five of them.
    """
    schema = meal_kit_model.schema["segment"]
    asked = dict(zip(schema.levels, np.array(schema.shares) / sum(schema.shares), strict=True))
    _, wanted, cloud = cloud_of(meal_kit_model, 1_000, {"segment": asked, "channel": {"Club": 0.6}})
    channel = meal_kit_model.schema["channel"]
    position = meal_kit_model.schema.names.index("channel")
    held = np.bincount(cloud.drawn.values[position].astype(int), cloud.raked.weights)
    free = dict(zip(channel.levels, channel.shares, strict=True))
    ratio = held[channel.levels.index("Online")] / held[channel.levels.index("Retail")]
    assert ratio == pytest.approx(free["Online"] / free["Retail"], rel=0.1)
    assert list(wanted.targets) == sorted(wanted.targets)


def test_the_weights_of_seed_rows_show_who_meets_the_conditions(
    meal_kit_model: simulacra.Model,
) -> None:
    donors, wanted, cloud = cloud_of(
        meal_kit_model, 1_000, {"segment": {"Premium": 1}}, {"age": {"min": 60, "max": 70}}
    )
    by_age, by_segment = particles.seed_weights(donors, wanted, cloud.raked)
    age = donors.values[:, wanted.order[0]]
    segment = donors.values[:, wanted.order[1]]
    np.testing.assert_array_equal(by_age > 0, (age >= 60) & (age <= 70))
    premium = meal_kit_model.schema["segment"].levels.index("Premium")
    np.testing.assert_array_equal(by_segment > 0, segment == premium)


def test_more_particles_are_drawn_when_few_count(
    meal_kit_model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(particles, "LEAST", 50)
    monkeypatch.setattr(particles, "PER_ROW", 0)
    _, _, cloud = cloud_of(meal_kit_model, 1_000, {"segment": {"Premium": 0.9}})
    assert len(cloud.raked.weights) > 1_000


def test_particles_are_never_more_than_the_most(
    meal_kit_model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(particles, "MOST", 300)
    _, _, cloud = cloud_of(meal_kit_model, 5_000, {"segment": {"Premium": 0.9}})
    assert len(cloud.raked.weights) == 300
