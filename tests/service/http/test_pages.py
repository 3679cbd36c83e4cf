"""What templates make of numbers and times."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.http import pages


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (76_707, "74.9 KiB"),
        (200 * 1024**2, "200.0 MiB"),
        (5 * 1024**4, "5.0 TiB"),
    ],
)
def test_sizes_are_in_the_largest_unit_that_fits(count: int, shown: str) -> None:
    assert pages.size(count) == shown


@given(st.integers(0, 2**60), st.integers(0, 2**60))
def test_a_larger_size_never_has_a_smaller_unit(one: int, two: int) -> None:
    units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    ranks = [units.index(pages.size(count).split()[1]) for count in sorted((one, two))]
    assert ranks == sorted(ranks)


def test_times_are_in_utc_wherever_they_come_from() -> None:
    east = dt.timezone(dt.timedelta(hours=5, minutes=30))
    assert pages.moment(dt.datetime(2026, 3, 1, 2, 15, tzinfo=east)) == "28 Feb 2026, 20:45"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 seconds"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (3 * 3_600 + 5, "3 hours"),
        (86_400, "1 day"),
    ],
)
def test_lengths_of_time_are_in_the_largest_unit_that_fits(seconds: float, shown: str) -> None:
    assert pages.span(seconds) == shown
