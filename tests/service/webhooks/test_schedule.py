"""When deliveries are tried again."""

import datetime as dt

import hypothesis
from hypothesis import strategies as st

from simulacra.service.webhooks import schedule

ATTEMPTS = range(1, schedule.MAX_ATTEMPTS)


@hypothesis.given(st.sampled_from(ATTEMPTS), st.floats(-1, 1))
def test_a_pause_is_within_a_fifth_of_what_it_is_to_be(attempts: int, jitter: float) -> None:
    whole = schedule.pause(attempts, 0)
    seen = schedule.pause(attempts, jitter)
    assert whole is not None
    assert seen is not None
    assert abs(seen - whole) <= whole * 0.2 + dt.timedelta(microseconds=1)


def test_pauses_grow_to_the_longest_and_add_up_to_about_a_day() -> None:
    pauses = [schedule.pause(attempts, 0) or dt.timedelta() for attempts in ATTEMPTS]
    assert pauses[0] == dt.timedelta(seconds=5)
    assert pauses == sorted(pauses)
    assert max(pauses) == schedule.LONGEST_PAUSE
    assert dt.timedelta(hours=20) <= sum(pauses, dt.timedelta()) <= dt.timedelta(hours=28)


def test_the_last_attempt_is_the_last() -> None:
    assert schedule.pause(schedule.MAX_ATTEMPTS) is None
    assert schedule.pause(schedule.MAX_ATTEMPTS + 5) is None


def test_pauses_of_many_differ() -> None:
    assert len({schedule.pause(3) for _ in range(50)}) > 40
