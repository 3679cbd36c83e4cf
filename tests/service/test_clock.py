"""Times and lengths of time in words."""

import datetime as dt

import pytest

from simulacra.service import clock


def test_a_time_is_said_in_utc() -> None:
    berlin = dt.timezone(dt.timedelta(hours=2))
    assert (
        clock.in_words(dt.datetime(2026, 1, 1, 12, 0, 59, tzinfo=berlin)) == "2026-01-01 10:00 UTC"
    )


@pytest.mark.parametrize(
    ("hours", "said"),
    [(1, "1 hour"), (24, "24 hours"), (1.5, "1.5 hours"), (1000, "1,000 hours")],
)
def test_one_hour_is_one(hours: float, said: str) -> None:
    assert clock.hours_in_words(dt.timedelta(hours=hours)) == said
