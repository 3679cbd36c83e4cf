import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine.cleaning import calendar
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.number import NUMBER

DAYS = st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31))

MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 12, 31)).map(  # noqa: DTZ001 - of no zone
    lambda moment: moment.replace(microsecond=0)
)


def integers(*values: float) -> Draft:
    return Draft(INTEGER, np.array(values))


def written(day: dt.date) -> float:
    return float(day.strftime("%Y%m%d"))


@given(st.lists(DAYS, min_size=calendar.MIN_DAYS, max_size=40, unique=True))
def test_whole_numbers_that_are_days_become_those_days(days: list[dt.date]) -> None:
    draft = calendar.as_dates(integers(*map(written, days), np.nan))
    assert draft.type is DATE
    assert [DATE.to_bound(number) for number in draft.values[:-1]] == list(
        map(dt.date.isoformat, days)
    )
    assert np.isnan(draft.values[-1])
    assert draft.notes[0].count == len(days)


@pytest.mark.parametrize(
    "wrong", [20240230, 20230229, 20241301, 20240100, 18991231, 21010101, 99999999, 0, -20240101, 7]
)
def test_one_number_that_is_no_day_leaves_all_as_they_are(wrong: float) -> None:
    draft = integers(20240228, 20240229, 20240301, 20240302, 20240303, wrong)
    assert calendar.as_dates(draft) is draft


@given(st.lists(MOMENTS, min_size=calendar.MIN_DAYS, max_size=40, unique=True))
def test_whole_numbers_that_are_moments_become_those_moments(moments: list[dt.datetime]) -> None:
    draft = calendar.as_dates(integers(*(float(it.strftime("%Y%m%d%H%M%S")) for it in moments)))
    assert draft.type is DATETIME
    assert [DATETIME.to_bound(number) for number in draft.values] == [
        moment.isoformat() for moment in moments
    ]


def test_a_moment_has_hours_minutes_and_seconds() -> None:
    numbers = [20240101102214 + 1_000_000 * day for day in range(9)]
    assert calendar.as_dates(integers(*numbers)).type is DATETIME
    draft = integers(*numbers, 20240101106014)
    assert calendar.as_dates(draft) is draft


def test_a_few_numbers_may_be_days_by_accident() -> None:
    draft = integers(*[20240101, 20240102, 20240103, 20240104] * 9)
    assert calendar.as_dates(draft) is draft


def test_other_types_stay_as_they_are() -> None:
    draft = Draft(NUMBER, np.arange(20240101.0, 20240110.0))
    assert calendar.as_dates(draft) is draft


@pytest.fixture
def table() -> pa.Table:
    rng = np.random.default_rng(0)
    days = [dt.date(2024, 1, 5) + dt.timedelta(int(n)) for n in rng.integers(0, 90, 300)]
    return pa.table({"day": [int(written(day)) for day in days], "score": rng.integers(0, 9, 300)})


def test_made_days_are_days_of_the_fieldwork(table: pa.Table) -> None:
    model = simulacra.fit(table)
    assert model.schema["day"].type == "date"
    made = model.generate(500, seed=1).table["day"].to_pylist()
    assert min(made) >= dt.date(2024, 1, 5)
    assert max(made) <= dt.date(2024, 4, 3)


@pytest.mark.parametrize("kind", ["integer", "date", "nominal"])
def test_an_override_has_the_last_word(table: pa.Table, kind: str) -> None:
    model = simulacra.fit(table, types={"day": kind}, keep=["day"])
    assert model.schema["day"].type == kind
