"""Parts laid end to end: fractions go forward from 0 to 1, whatever the weights."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulacra.engine.stages import Progress

from simulacra.engine import progress

WEIGHTS = st.lists(
    st.tuples(st.sampled_from(progress.STAGES), st.floats(0, 1e12)), min_size=1, max_size=8
).filter(lambda weights: sum(weight for _, weight in weights) > 0)


@given(WEIGHTS, st.integers(0, 20))
def test_fractions_go_forward_to_one(weights: list[tuple[str, float]], steps: int) -> None:
    told: list[Progress] = []
    for part in progress.parts(told.append, weights):
        part.begin()
        for step in range(steps + 1):
            part.count(step, steps)
    fractions = [one.fraction for one in told]
    assert fractions == pytest.approx(sorted(fractions), abs=1e-12)
    assert fractions[0] == 0
    assert fractions[-1] == pytest.approx(1)
    assert [one.stage for one in told[:: steps + 2]] == [stage for stage, _ in weights]


def test_parts_take_what_they_weigh() -> None:
    told: list[Progress] = []
    reads, fits = progress.parts(told.append, [("reading", 1), ("fitting", 3)])
    reads.begin()
    fits.begin()
    fits.count(1, 3)
    assert told == [
        Progress("reading", 0.0), Progress("fitting", 0.25), Progress("fitting", 0.5, 1, 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [(1.1,), (-0.1,), (float("nan"),), (0.5, 1), (0.5, None, 3), (0.5, 4, 3), (0.5, -1, 3)]
)
def test_what_cannot_be_is_refused(wrong: tuple[float]) -> None:
    with pytest.raises(ValueError, match=r"fraction|step"):
        Progress("fitting", *wrong)
