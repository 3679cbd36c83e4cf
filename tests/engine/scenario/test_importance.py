"""How much respondents count under a scenario."""

import numpy as np

import simulacra
from simulacra.engine.scenario import importance
from tests.engine import generations


def test_importance_weights_show_who_meets_the_conditions(meal_kit_model: simulacra.Model) -> None:
    pool = meal_kit_model._pool
    plan, cloud = generations.conditioned(
        meal_kit_model, 1_000, {"segment": {"Premium": 1}}, {"age": {"min": 60, "max": 70}}
    )
    weights = importance.of(pool, plan, cloud.raked)
    by_age, by_segment = weights.all
    age = pool.values[:, plan.order[0]]
    segment = pool.values[:, plan.order[1]]
    np.testing.assert_array_equal(by_age > 0, (age >= 60) & (age <= 70))
    premium = meal_kit_model.schema["segment"].levels.index("Premium")
    np.testing.assert_array_equal(by_segment > 0, segment == premium)
