import datetime as dt

import numpy as np
import pytest

from simulacra.engine.reading import clocks, moments

NOON = dt.datetime(2020, 2, 29, 12, 30)  # noqa: DTZ001 - as the programs store it
DAY = dt.date(2020, 2, 29)
SINCE_1960 = (NOON - dt.datetime(1960, 1, 1)).total_seconds()  # noqa: DTZ001
DAYS = (DAY - dt.date(1960, 1, 1)).days


def shown(clock: clocks.Clock | None, value: float) -> object:
    assert clock is not None
    values = clock.to_seconds(np.array([value, np.nan]))
    array, _ = moments.convert("x", values, clock.kind)
    first, missing = array.to_pylist()
    assert missing is None
    return first


@pytest.mark.parametrize(
    ("display_format", "value", "expected"),
    [
        ("%td", DAYS, DAY),
        ("%d", DAYS, DAY),
        ("%tdD_m_Y", DAYS, DAY),
        ("%-tdNN/DD/CCYY", DAYS, DAY),
        ("%tc", SINCE_1960 * 1000, NOON),
        ("%tcDDmonCCYY_HH:MM", SINCE_1960 * 1000, NOON),
        ("%tC", SINCE_1960 * 1000, NOON),
        ("%tcHH:MM:SS", 3_723_000, dt.timedelta(seconds=3723)),
        ("%tchh:MM_am", 3_723_000, dt.timedelta(seconds=3723)),
        ("%tw", 60 * 52 + 8, dt.date(2020, 2, 26)),
        ("%tm", 60 * 12 + 1, dt.date(2020, 2, 1)),
        ("%tq", 60 * 4 + 2, dt.date(2020, 7, 1)),
        ("%th", -1, dt.date(1959, 7, 1)),
    ],
)
def test_stata(display_format: str, value: float, expected: object) -> None:
    assert shown(clocks.stata(display_format), value) == expected


@pytest.mark.parametrize("display_format", ["%9.0g", "%ty", "%tbnyse", "%10s", "", None, "%8.0gc"])
def test_what_is_no_moment_in_stata(display_format: str | None) -> None:
    assert clocks.stata(display_format) is None


@pytest.mark.parametrize(
    ("display_format", "value", "expected"),
    [
        ("DATE9", DAYS, DAY),
        ("MMDDYY10.", DAYS, DAY),
        ("YYMMDDN8", DAYS, DAY),
        ("E8601DA10", DAYS, DAY),
        ("monyy7", DAYS, DAY),
        ("DATETIME20", SINCE_1960, NOON),
        ("E8601DT19.", SINCE_1960, NOON),
        ("TIME8", 3723, dt.timedelta(seconds=3723)),
        ("HHMM5", 3723, dt.timedelta(seconds=3723)),
    ],
)
def test_sas(display_format: str, value: float, expected: object) -> None:
    assert shown(clocks.sas(display_format), value) == expected


@pytest.mark.parametrize("display_format", ["BEST12", "8", "DOLLAR8.2", "DATEX", "$8", "", None])
def test_what_is_no_moment_in_sas(display_format: str | None) -> None:
    assert clocks.sas(display_format) is None


def test_spss() -> None:
    seconds = SINCE_1960 + clocks.SECONDS_TO_1960
    assert shown(clocks.spss("DATETIME20"), seconds) == NOON
    assert shown(clocks.spss("EDATE10"), seconds) == DAY
    assert clocks.spss("F8.2") is None
