import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.texts import dates


def parse(*texts: str, force: bool = False) -> dates.Dates | None:
    return dates.parse(pa.array(texts), np.ones(len(texts), dtype=np.int64), force=force)


def iso_dates(*texts: str, force: bool = False) -> list[object]:
    parsed = parse(*texts, force=force)
    assert parsed is not None
    kind = DATETIME if parsed.has_time else DATE
    return [None if np.isnan(value) else kind.to_bound(value) for value in parsed.values]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-08-21", "2012-08-21"),
        ("2012/8/21", "2012-08-21"),
        ("21-08-2012", "2012-08-21"),
        ("21.08.2012", "2012-08-21"),
        ("21.8.12", "2012-08-21"),
        ("8/21/12", "2012-08-21"),
        ("21 August 2012", "2012-08-21"),
        ("21-Aug-12", "2012-08-21"),
        ("21st Aug 2012", "2012-08-21"),
        ("August 21, 2012", "2012-08-21"),
        ("21. März 2012", "2012-03-21"),
        ("25/11/2019 03:12:12", "2019-11-25T03:12:12"),
        ("11/25/2019 3:12 PM", "2019-11-25T15:12:00"),
        ("11/25/2019 12:30 am", "2019-11-25T00:30:00"),
        ("2019-11-25T03:12:12.5Z", "2019-11-25T03:12:12"),
        ("2019-11-25 03:12:12+02:00", "2019-11-25T03:12:12"),
        ("2019-11-25 00:00:00", "2019-11-25"),
        ("Mon, 25 Nov 2019 03:12", "2019-11-25T03:12:00"),
        ("1/2/70", "1970-02-01"),
        ("1/2/05", "2005-02-01"),
    ],
)
def test_dates_and_times_in_many_spellings_are_read(text: str, expected: str) -> None:
    assert iso_dates(text) == [expected]


@pytest.mark.parametrize(
    "text",
    ["2023-02-30", "31/04/2020", "2019-13-01", "20190131", "1.2.3", "10.20.30.40", "May", "today",
     "12:30", "2019-11-25 25:00", "18-24", "0000-01-01"],
)  # fmt: skip
def test_texts_that_are_no_dates_are_not_read(text: str) -> None:
    assert parse(text) is None


def test_one_day_beyond_the_twelfth_tells_the_order() -> None:
    assert iso_dates("03/04/2020", "13/04/2020") == ["2020-04-03", "2020-04-13"]
    assert iso_dates("03/04/2020", "04/13/2020") == ["2020-03-04", "2020-04-13"]


def test_an_assumed_order_of_day_and_month_is_reported() -> None:
    parsed = parse("03/04/2020", "05/06/2020")
    assert parsed is not None
    assert "not" in parsed.notes[0].reason or "no date shows" in parsed.notes[0].reason


def test_digits_alone_are_a_date_when_dates_are_asked_for() -> None:
    assert iso_dates("20190131", "2019", force=True) == ["2019-01-31", None]


@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y"]))
def test_dates_come_back(day: dt.date, form: str) -> None:
    if day.year < 1000:
        day = day.replace(year=day.year + 1000, day=min(day.day, 28))
    probe = dt.date(2020, 1, 31)  # tells the order
    parsed = parse(day.strftime(form), probe.strftime(form))
    assert parsed is not None
    assert not parsed.has_time
    assert DATE.to_bound(parsed.values[0]) == day.isoformat()
