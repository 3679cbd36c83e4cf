import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.texts import clocks

HOUR = 3_600


def parse(*texts: str, force: bool = False) -> clocks.Clocks | None:
    return clocks.parse(pa.array(texts), np.ones(len(texts), dtype=np.int64), force=force)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("13:45", 13.75 * HOUR),
        ("1:45 PM", 13.75 * HOUR),
        ("12:05 a.m.", 300),
        ("13:45:10.5", 13.75 * HOUR + 10.5),
        ("13h45", 13.75 * HOUR),
        ("13:45 Uhr", 13.75 * HOUR),
        ("1899-12-31 13:45:00", 13.75 * HOUR),
    ],
)
def test_times_of_day_are_read(text: str, seconds: float) -> None:
    found = parse(text, force=True)
    assert found is not None
    assert found.values.tolist() == [seconds]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0:12:31", 751),
        ("26:30:00", 26.5 * HOUR),
        ("-0:05:00", -300),
        ("12 min 3 s", 723),
        ("1h 5m", 65 * 60),
        ("8 hours, 30 minutes", 8.5 * HOUR),
        ("PT12M3S", 723),
        ("PT8H", 8 * HOUR),
        ("P1DT2H", 26 * HOUR),
        ("1 days 02:00:00", 26 * HOUR),
        ("1900-01-01 02:30:00", 26.5 * HOUR),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    found = parse(text)
    assert found is not None
    assert found.is_duration
    assert found.values.tolist() == [seconds]


@pytest.mark.parametrize(
    "text", ["5", "5 m", "30 d", "10:7", "12:60", "10:20-11:20", "2:1", "a 10:20", "PT"]
)
def test_other_texts_are_neither(text: str) -> None:
    assert parse(text) is None


def test_what_lies_in_the_night_for_the_most_part_is_a_duration_and_says_so() -> None:
    short = parse("0:05:25", "0:34:58", "1:02:00", "5:00:00")
    hours = parse("21:58", "15:37", "03:02", "17:49")
    assert short is not None
    assert hours is not None
    assert (short.is_duration, hours.is_duration) == (True, False)
    assert short.notes[0].reason == "durations, not times of day: 75% are below 4 hours"
    assert "25% are below 4" in hours.notes[0].reason


def test_what_texts_say_themselves_needs_no_evidence() -> None:
    for texts, is_duration in ((("8h 30m", "7h"), True), (("1:05 am", "2:10 am"), False)):
        found = parse(*texts)
        assert found is not None
        assert found.is_duration is is_duration
        assert not found.notes


@given(st.lists(st.times(), min_size=1, max_size=20), st.sampled_from(["%H:%M:%S", "%I:%M:%S %p"]))
def test_times_come_back(times: list[dt.time], form: str) -> None:
    found = parse(*(time.strftime(form) for time in times))
    assert found is not None
    expected = [(time.hour * 60 + time.minute) * 60 + time.second for time in times]
    assert found.values.tolist() == expected


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.booleans())
def test_durations_come_back(seconds: list[int], is_iso: bool) -> None:  # noqa: FBT001 - drawn
    parts = [(it // HOUR, it // 60 % 60, it % 60) for it in seconds]
    forms = [f"PT{h}H{m}M{s}S" if is_iso else f"{h}:{m:02}:{s:02}" for h, m, s in parts]
    found = parse(*forms)
    assert found is not None
    assert found.values.tolist() == seconds
