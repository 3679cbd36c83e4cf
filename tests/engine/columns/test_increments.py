import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine.columns import increments
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.increments import Increment
from simulacra.engine.model import saving

ROWS = 400


@given(
    st.integers(2, 500),
    st.sets(st.integers(0, 499), min_size=1, max_size=9),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.sampled_from([1.0, 0.01, 0.5, 1e6]),
)
def test_values_move_to_the_neighbours_in_use(
    period: int, offsets: set[int], values: list[float], step: float
) -> None:
    used = np.unique([offset % period for offset in offsets]).astype(float)
    increment = Increment(step, period, used)
    given_values = np.array(values) * step
    above, below = increment.at_or_above(given_values), increment.at_or_below(given_values)
    slack = step * 1e-5
    assert (above >= given_values - slack).all()
    assert (below <= given_values + slack).all()
    assert (above - below <= period * step + slack).all()
    for found in (above, below, increment.nearest(given_values)):
        units = np.round(found / step)
        assert np.isin(np.mod(units, period), used).all()
    again = increment.nearest(increment.nearest(given_values))
    np.testing.assert_allclose(again, increment.nearest(given_values), rtol=1e-9)


def test_missing_values_stay_missing() -> None:
    increment = Increment(1.0, 10, np.array([0.0, 5.0]))
    found = increment.nearest(np.array([np.nan, 7.0]))
    assert np.isnan(found[0])
    assert found[1] == 5


def test_no_pattern_is_learned_of_values_without_one() -> None:
    """In 200 studies of random numbers; one false pattern is expected in 10,000 of them."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        known = np.sort(rng.integers(0, int(rng.choice([40, 300, 5_000])), ROWS)).astype(float)
        periods = increments.periods_of_numbers(known, 1.0)
        assert increments.learn(known, 1.0, periods) is None


def test_a_pattern_that_one_respondent_breaks_is_none() -> None:
    """An offset of fewer than five respondents is nobody's to publish."""
    known = np.sort(np.append(np.arange(0, 400_000, 1_000), 1_234)).astype(float)
    assert increments.learn(known, 1.0, np.array([10, 100, 1_000])) is None


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    rng = np.random.default_rng(0)
    day = dt.datetime(2024, 1, 1)  # noqa: DTZ001 - a study has no zones
    days = rng.integers(0, 300, ROWS)
    hours, quarters = rng.integers(9, 18, (2, ROWS))
    table = pa.table(
        {
            "segment": rng.choice(["a", "b", "c"], ROWS),
            "visit": [day + dt.timedelta(days=int(d)) for d in days],
            "start": [
                day + dt.timedelta(days=int(d), hours=int(h))
                for d, h in zip(days, hours, strict=True)
            ],
            "slot": [
                day + dt.timedelta(days=int(d), minutes=15 * int(q))
                for d, q in zip(days, quarters, strict=True)
            ],
            "income": rng.integers(20, 160, ROWS) * 1_000,
            "price": rng.integers(3, 200, ROWS) + rng.choice([0.49, 0.99], ROWS),
            "weight": rng.integers(80, 220, ROWS) / 2,
            "plain": rng.integers(0, 10_000, ROWS),
        }
    )
    return simulacra.fit(table)


def is_kept(name: str, values: list[object]) -> bool:
    """Tell whether the values of a column keep its pattern."""
    if name in {"visit", "start", "slot"}:
        moments = [value for value in values if isinstance(value, dt.datetime)]
        minutes = [60 * moment.hour + moment.minute + moment.second / 60 for moment in moments]
        if name == "visit":
            return set(minutes) == {0}
        if name == "start":
            return all(minute % 60 == 0 and 540 <= minute <= 1_020 for minute in minutes)
        return all(minute % 15 == 0 for minute in minutes)
    numbers = np.array(values, dtype=float)
    if name == "income":
        return bool((numbers % 1_000 == 0).all())
    if name == "price":
        return bool(np.isin(np.round(numbers * 100) % 100, [49, 99]).all())
    return bool((numbers * 2 % 1 == 0).all())


@pytest.mark.parametrize("name", ["visit", "start", "slot", "income", "price", "weight"])
def test_rows_keep_the_pattern_of_the_study(model: simulacra.Model, name: str) -> None:
    column = model.schema[name]
    assert column.period is not None
    rows = model.generate(3_000, seed=1).table
    assert is_kept(name, rows[name].to_pylist())
    low, high = column.quantiles[1], column.quantiles[3]
    ranged = model.generate(500, seed=1, numeric={name: {"min": low, "max": high}}).table
    assert is_kept(name, ranged[name].to_pylist())


def test_a_column_without_a_pattern_uses_all_of_its_grid(model: simulacra.Model) -> None:
    assert model.schema["plain"].period is None
    rows = np.array(model.generate(3_000, seed=1).table["plain"])
    assert len(np.unique(rows % 10)) == 10


def test_the_pattern_is_saved_with_the_schema(model: simulacra.Model) -> None:
    price = model.schema["price"]
    document = price.to_json()
    assert (document["period"], document["offsets"]) == (50, [49])
    assert type(price).from_json(document) == price


def test_a_range_between_two_values_in_use_is_filled_on_the_grid(model: simulacra.Model) -> None:
    """Nobody earns between two thousands, but the scale is dense, and the rows were asked for."""
    for low, high in ((50_500, 50_600), (50_500, 50_500)):
        rows = model.generate(100, seed=1, numeric={"income": {"min": low, "max": high}}).table
        incomes = np.array(rows["income"])
        assert low <= incomes.min() <= incomes.max() <= high
        assert len(np.unique(incomes)) > (high - low) / 4


def test_a_forged_pattern_is_refused(model: simulacra.Model, tmp_path: Path) -> None:
    columns = model.schema.columns
    for period, offsets in ((0, (0,)), (50, ()), (50, (50,)), (None, (1,))):
        price = dataclasses.replace(model.schema["price"], period=period, offsets=offsets)
        forged = dataclasses.replace(
            model.schema, columns=tuple(price if c.name == "price" else c for c in columns)
        )
        pool = dataclasses.replace(model._pool, schema=forged)
        saving.save(tmp_path / "it.model", pool, model._models)
        with pytest.raises(simulacra.SavedModelError):
            simulacra.load(tmp_path / "it.model")


def found_habit(values: list[float], step: float = 1.0) -> Increment | None:
    distinct = np.unique(values)
    return increments.habit(distinct, step, increments.periods_of_numbers(distinct, step))


def test_no_habit_is_found_in_values_without_a_pattern() -> None:
    """In 200 studies of random numbers; one false pattern is expected in 5,000 of them."""
    for seed in range(200):
        rng = np.random.default_rng(seed)
        size = int(rng.choice([40, 300, 5_000, 100_000]))
        assert found_habit(rng.integers(0, size, ROWS).tolist()) is None


def test_a_habit_that_some_respondents_break_is_kept_by_the_others() -> None:
    rng = np.random.default_rng(4)
    rounded = rng.permutation(ROWS) < 0.9 * ROWS
    anything = rng.integers(20_000, 400_000, ROWS)
    incomes = np.where(rounded, 1_000 * rng.integers(20, 400, ROWS), anything)
    habit = found_habit(incomes.tolist())
    assert habit is not None
    assert (habit.period, habit.offsets.tolist()) == (1_000, [0])
    table = pa.table({"income": incomes, "segment": rng.choice(["a", "b"], ROWS)})
    model = simulacra.fit(table)
    assert model.schema["income"].period is None  # not all of them keep to it
    kept = (incomes % 1_000 == 0).mean()
    for numeric in ({}, {"income": {"min": 100_000, "max": 300_000}}):
        rows = np.array(model.generate(4_000, seed=1, numeric=numeric).table["income"])
        assert (rows % 1_000 == 0).mean() == pytest.approx(kept, abs=0.03)
        assert len(np.unique(rows)) > 100


DAYS = st.lists(st.integers(-40_000, 40_000).map(float), min_size=1, max_size=20).map(np.array)


@given(DAYS, st.sampled_from([None, 3, 12]))
def test_first_days_of_months_enclose_each_day(days: Floats, period: int | None) -> None:
    months = None if period is None else increments.Increment(1.0, period, np.array([0.0]))
    pattern = increments.FirstDays(months)
    above, below = pattern.at_or_above(days), pattern.at_or_below(days)
    assert (below <= days).all()
    assert (above >= days).all()
    for ends in (above, below, pattern.nearest(days)):
        assert pattern.holds(ends).all()
        read = np.datetime64("1970-01-01") + ends.astype(np.int64)
        assert {str(day)[8:] for day in read} == {"01"}
        if period is not None:
            assert not (read.astype("datetime64[M]").astype(int) % period).any()
    is_first = pattern.holds(days)
    np.testing.assert_array_equal(above[is_first], days[is_first])


def test_a_missing_day_has_no_month() -> None:
    pattern = increments.FirstDays()
    assert np.isnan(pattern.nearest(np.array([np.nan]))).all()


def test_first_days_are_those_of_two_months_at_least() -> None:
    assert increments.are_first_days(np.array([0.0, 31.0]))
    assert not increments.are_first_days(np.array([0.0, 30.0]))
    assert not increments.are_first_days(np.array([0.0, 0.0]))
