import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.texts import dates
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions


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
        ("5 de enero de 2023", "2023-01-05"),
        ("le 1er janvier 2023", "2023-01-01"),
        ("2023年1月5日", "2023-01-05"),
        ("2023년 1월 5일", "2023-01-05"),
        ("٥ يناير ٢٠٢٣", "2023-01-05"),  # noqa: RUF001 - Arabic digits
        ("5 มกราคม 2566", "2023-01-05"),
        ("ב-5 בינואר 2023", "2023-01-05"),
        ("mar. 15 mars 2022", "2022-03-15"),
        ("15 sept 2022", "2022-09-15"),
        ("2022/03/15 10:22:14 PM GMT+1", "2022-03-15T22:22:14"),
        ("2022/03/15 10:22:14 AM EET", "2022-03-15T10:22:14"),
        ("Tue Mar 15 2022 10:22:14 GMT+0100 (CET)", "2022-03-15T10:22:14"),
        ("Tue Mar 15 10:22:14 CET 2022", "2022-03-15T10:22:14"),
        ("2022年3月15日 下午3:22", "2022-03-15T15:22:00"),
        ("15/3/2022 10:22:14 p. m.", "2022-03-15T22:22:14"),
        ("15/03/2022 10.22.14", "2022-03-15T10:22:14"),
        ("10:22 15/03/2022", "2022-03-15T10:22:00"),
        ("20220315T102214Z", "2022-03-15T10:22:14"),
        ("05JAN2023:10:22:14", "2023-01-05T10:22:14"),
        ("05.01.2023 .", "2023-01-05"),
        ("5. 1. 2023", "2023-01-05"),
        ("2023-11", "2023-11-01"),
        ("11/2023", "2023-11-01"),
        ("Jan. 2023", "2023-01-01"),
        ("2023-Q3", "2023-07-01"),
        ("Q3 2023", "2023-07-01"),
    ],
)
def test_dates_and_times_in_many_spellings_are_read(text: str, expected: str) -> None:
    assert iso_dates(text) == [expected]


@pytest.mark.parametrize(
    "text",
    ["2023-02-30", "31/04/2020", "2019-13-01", "20190131", "1.2.3", "10.20.30.40", "May", "today",
     "12:30", "2019-11-25 25:00", "18-24", "0000-01-01", "2022-23", "5-Mar", "Mar-05",
     "Wave 1 May 2023", "10/25", "3/2501", "5 apples", "12 34 56", "KW 5 2023"],
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


def notes(*texts: str, conventions: Conventions = UNKNOWN) -> tuple[list[str], str | None]:
    parsed = dates.parse(pa.array(texts), np.ones(len(texts), dtype=np.int64), conventions)
    assert parsed is not None
    return [note.reason for note in parsed.notes], parsed.order


def test_each_text_is_read_in_the_notation_that_fits() -> None:
    texts = ("2022-11-19", "9/7/2023", "19 Nov 2022", "19.11.2022 10:00", "2022-11")
    expected = ["2022-11-19", "2023-07-09", "2022-11-19", "2022-11-19", "2022-11-01"]
    assert [str(moment)[:10] for moment in iso_dates(*texts)] == expected


def test_dates_of_the_other_order_are_read_the_other_way_round_and_counted() -> None:
    texts = ("13/02/2020", "14/02/2020", "02/15/2020", "01/02/2020")
    assert iso_dates(*texts) == ["2020-02-13", "2020-02-14", "2020-02-15", "2020-02-01"]
    (reason,), order = notes(*texts)
    assert reason.startswith("1 of 4 dates cannot have the day first")
    assert order == "dmy"


@pytest.mark.parametrize(
    ("order", "expected"),
    [("dmy", "2005-04-03"), ("mdy", "2005-03-04"), ("ymd", "2003-04-05")],
)
def test_a_stated_order_has_the_last_word(order: str, expected: str) -> None:
    conventions = Conventions(date_order=order)
    parsed = dates.parse(pa.array(["03/04/05"]), np.ones(1, dtype=np.int64), conventions)
    assert parsed is not None
    assert DATE.to_bound(parsed.values[0]) == expected
    assert parsed.order == order


def test_a_year_of_two_digits_may_come_first() -> None:
    assert iso_dates("98-01-05", "99-12-31", "00-03-04") == [
        *("1998-01-05", "1999-12-31", "2000-03-04")
    ]
    assert notes("98-01-05", "99-12-31")[1] == "ymd"


def test_seasons_are_no_months() -> None:
    assert parse("2008/09", "2009/10", "2010/11", "2011/12") is None
    assert iso_dates("2008/09", "2009/12") == ["2008-09-01", "2009-12-01"]


def test_the_clock_of_one_place_is_kept_through_daylight_saving() -> None:
    texts = ("2022-03-15 10:22:14+01:00", "2022-07-15 10:22:14+02:00")
    assert iso_dates(*texts) == ["2022-03-15T10:22:14", "2022-07-15T10:22:14"]
    assert notes(*texts)[0] == ["times as on the clock of the place, at UTC+01:00 and UTC+02:00"]


def test_times_of_several_places_are_put_into_utc() -> None:
    texts = ("2022-03-15 10:22:14 EST", "2022-03-15 10:22:14 CET", "2022-03-15 10:22:14")
    assert iso_dates(*texts) == ["2022-03-15T15:22:14", "2022-03-15T09:22:14",
                                 "2022-03-15T10:22:14"]  # fmt: skip
    assert "1 without one are taken as UTC" in notes(*texts)[0][0]


def test_a_zone_with_several_meanings_is_left_out_and_said() -> None:
    texts = ("2022-03-15 10:22 CST", "2022-03-16 10:22 CST")
    assert iso_dates(*texts) == ["2022-03-15T10:22:00", "2022-03-16T10:22:00"]
    assert "2 times is no offset that is known" in notes(*texts)[0][0]


MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2035, 12, 31))  # noqa: DTZ001
FORMS = (
    "%Y/%m/%d %I:%M:%S %p GMT+1",
    "%a %b %d %Y %H:%M:%S GMT+0100 (CET)",
    "%d %B %Y, %H:%M:%S",
    "%d%b%Y:%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S+0100",
    "%Y%m%dT%H%M%SZ",
    "%H:%M:%S %d.%m.%Y",
)


@given(st.lists(MOMENTS, min_size=1, max_size=9), st.sampled_from(FORMS))
def test_times_of_tools_come_back(moments: list[dt.datetime], form: str) -> None:
    known = [moment.replace(microsecond=0) for moment in moments]
    known.append(dt.datetime(2020, 1, 31, 1))  # noqa: DTZ001 - tells the order, and that there are times
    found = iso_dates(*(moment.strftime(form) for moment in known))
    assert found == [moment.isoformat() for moment in known]


MONTHS = [f"{dt.date(2000, number, 1):%b}" for number in range(1, 13)]


@pytest.mark.parametrize("form", ["{month}-{year:02}", "{month} {year:02}", "{month}.{year:02}"])
def test_months_with_years_of_two_digits_are_told_from_days(form: str) -> None:
    years = [form.format(month=month, year=year) for year in (23, 24) for month in MONTHS]
    assert iso_dates(*years)[::12] == ["2023-01-01", "2024-01-01"]
    assert iso_dates(form.format(month="Feb", year=68), form.format(month="Mar", year=71)) == [
        "1968-02-01",
        "1971-03-01",
    ]
    days = [form.format(month=month, year=day) for day in (1, 9, 24, 28) for month in MONTHS]
    assert parse(*days) is None
    fieldwork = [
        form.format(month=month, year=day) for day in range(10, 20) for month in MONTHS[:2]
    ]
    assert parse(*fieldwork) is None
