"""Phases laid end to end: fractions go forward from 0 to 1, whatever the durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine import progress
from simulacra.engine.progress import Progress

DURATIONS = st.lists(
    st.tuples(st.sampled_from(progress.STAGES), st.floats(0, 1e12)), min_size=1, max_size=8
).filter(lambda durations: sum(duration for _, duration in durations) > 0)


@given(DURATIONS, st.integers(0, 20))
def test_fractions_go_forward_to_one(durations: list[tuple[str, float]], steps: int) -> None:
    reports: list[Progress] = []
    for phase in progress.phases(reports.append, durations):
        with phase as on_step:
            for step in range(steps + 1):
                on_step(step, steps)
    fractions = [report.fraction for report in reports]
    assert fractions == pytest.approx(sorted(fractions), abs=1e-12)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)
    assert [report.stage for report in reports[:: steps + 2]] == [stage for stage, _ in durations]


def test_phases_take_their_part_of_the_time() -> None:
    reports: list[Progress] = []
    reading, fitting = progress.phases(reports.append, [("reading", 1), ("fitting", 3)])
    with reading:
        pass
    with fitting as on_step:
        on_step(1, 3)
    assert reports == [
        Progress("reading", 0.0), Progress("fitting", 0.25), Progress("fitting", 0.5, 1, 3),
    ]  # fmt: skip


def test_phases_may_report_to_nobody() -> None:
    (fitting,) = progress.phases(None, [("fitting", 1)])
    with fitting as on_step:
        on_step(1, 1)


def test_an_error_inside_a_phase_leaves_it() -> None:
    (fitting,) = progress.phases(None, [("fitting", 1)])
    with pytest.raises(ZeroDivisionError), fitting:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "wrong", [(1.1,), (-0.1,), (float("nan"),), (0.5, 1), (0.5, None, 3), (0.5, 4, 3), (0.5, -1, 3)]
)
def test_impossible_progress_is_refused(wrong: tuple[float]) -> None:
    with pytest.raises(ValueError, match=r"fraction|step"):
        Progress("fitting", *wrong)
