from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine.rules import products
from simulacra.engine.rules.interval import Interval
from simulacra.engine.rules.products import Product
from simulacra.engine.rules.states import PartialRows
from tests.studies import rule_survey

ROWS = 300
SEEDS = st.integers(0, 2**32 - 1)


def learned(columns: Mapping[str, object]) -> list[Product]:
    return products.learn(rule_survey.rule_study(columns))


def told(columns: Mapping[str, object]) -> list[str]:
    study = rule_survey.rule_study(columns)
    return [line for rule in products.learn(study) for line in rule.sentences(study.states)]


def people(rng: np.random.Generator, rows: int = ROWS) -> tuple[np.ndarray, np.ndarray]:
    """Weights in kilograms and heights in centimetres, as measured."""
    height = rng.normal(171, 9, rows)
    return 22 * (height / 100) ** 2 * np.exp(rng.normal(0.12, 0.18, rows)), height


@given(SEEDS)
def test_an_index_computed_from_rounded_values_is_off_by_its_own_rounding_only(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight, height = (values.round(1) for values in people(rng))
    index = (weight / (height / 100) ** 2).round(1)
    (rule,) = learned(
        {"i": index, "noise": rng.gamma(2, 9, ROWS).round(1), "w": weight, "h": height}
    )
    assert (rule.result, rule.columns, rule.exponents, rule.factor) == (0, (2, 3), (1, -2), 10_000)
    assert rule.widths[0] == pytest.approx(0.05, rel=0.01)
    assert rule.widths[1:] == (0, 0)


@given(SEEDS)
def test_an_index_computed_before_rounding_allows_for_all_of_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight, height = people(rng)
    index = (weight / (height / 100) ** 2).round(1)
    (rule,) = learned({"index": index, "weight": weight.round(), "height": height.round(1)})
    assert {rule.result, *rule.columns} == {0, 1, 2}
    assert min(rule.widths) > 0


def test_what_multiplies_is_told_in_a_formula() -> None:
    rng = np.random.default_rng(0)
    nights, guests = rng.integers(0, 9, ROWS), rng.integers(1, 5, ROWS)
    rate = rng.gamma(4, 25, ROWS).round(2) + 1
    bill = (nights * guests * rate).round(2)
    assert told({"nights": nights, "guests": guests, "rate": rate, "bill": bill}) == [
        "bill = nights * guests * rate"
    ]
    pounds = (rate * 2.20462).round(2)
    assert told({"kilograms": rate, "pounds": pounds}) == ["pounds is proportional to kilograms"]


def test_a_ratio_that_is_missing_where_nothing_is_divided_by() -> None:
    rng = np.random.default_rng(1)
    visits = rng.poisson(1.5, ROWS)
    spent = np.where(visits > 0, rng.gamma(2, 20, ROWS).round(2) + 0.01, 0)
    each = pa.array(np.round(spent / np.maximum(visits, 1), 4), mask=visits == 0)
    (rule,) = learned({"visits": visits, "spent": spent, "each": each})
    assert (rule.result, rule.columns, rule.exponents) == (2, (0, 1), (-1, 1))


@given(SEEDS)
def test_columns_that_have_nothing_to_do_with_each_other_give_no_product(seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = {f"amount_{i}": rng.gamma(2, 40, ROWS).round(2) for i in range(4)}
    ratings = {f"rating_{i}": rng.integers(1, 6, ROWS) for i in range(4)}
    assert learned({**columns, **ratings}) == []


def test_ranks_that_multiply_to_a_constant_are_no_product() -> None:
    """Rounding leaves ranks so much room that the formula would say nothing of them."""
    ranks = np.random.default_rng(2).permuted(np.tile(np.arange(1, 5), (ROWS, 1)), axis=1)
    assert learned({f"rank_{i}": ranks[:, i] for i in range(4)}) == []


def test_multiples_that_are_identities_are_left_to_them() -> None:
    amount = np.random.default_rng(3).gamma(2, 40, ROWS).round(2)
    assert learned({"once": amount, "twice": 2 * amount}) == []


def test_each_column_is_narrowed_by_the_others() -> None:
    columns = {"a": np.arange(1, 61), "b": np.tile([1, 2, 5], 20), "c": np.zeros(60)}
    columns["c"] = columns["a"] * columns["b"]
    study = rule_survey.rule_study(columns)
    (rule,) = products.learn(study)
    for position, others, expected in (
        (2, {0: [4.0, 0.0], 1: [5.0, 2.0]}, [20, 0]),
        (1, {0: [4.0, 3.0], 2: [20.0, 6.0]}, [5, 2]),
        (0, {1: [5.0, 2.0], 2: [20.0, 6.0]}, [4, 3]),
    ):
        rows = PartialRows({i: np.array(v) for i, v in others.items()}, study.states, 2)
        interval = Interval.unbounded(2)
        rule.narrow(position, rows, interval)
        assert interval.low == pytest.approx(expected, abs=1e-3)
        assert interval.high == pytest.approx(expected, abs=1e-3)


def test_zero_over_zero_says_nothing() -> None:
    study = rule_survey.rule_study(
        {
            "a": np.arange(60),
            "b": np.tile([1, 2, 5], 20),
            "c": np.arange(60) * np.tile([1, 2, 5], 20),
        }
    )
    (rule,) = products.learn(study)
    interval = Interval.unbounded(1)
    rule.narrow(1, PartialRows({0: np.zeros(1), 2: np.zeros(1)}, study.states, 1), interval)
    assert np.isneginf(interval.low) or interval.low <= 0
    assert np.isposinf(interval.high)


def test_rows_keep_a_product_without_shifting_what_it_comes_from() -> None:
    """Means of 4,000 made rows differ from the study's by less than 5 standard errors.

    That happens by chance in less than one of a million studies.
    """
    rng = np.random.default_rng(4)
    weight, height = (values.round(1) for values in people(rng, 1_000))
    index = (weight / (height / 100) ** 2).round(2)
    study = pa.table({"index": index, "weight": weight, "height": height})
    model = simulacra.fit(study)
    made = model.generate(4_000, seed=1).table.to_pandas()
    expected = made["weight"] / (made["height"] / 100) ** 2
    assert (made["index"] - expected).abs().max() < 0.00501
    for name in study.column_names:
        real = study[name].to_numpy()
        error = real.std() * np.sqrt(1 / 1_000 + 1 / 4_000)
        assert abs(made[name].mean() - real.mean()) < 5 * error
