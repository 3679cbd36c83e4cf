"""How much of the profile of a scenario's respondents its rows have kept."""

import numpy as np
import pytest

from simulacra.engine.margins import profile

VARIANCE = np.full(60, 0.01)


@pytest.mark.parametrize("part", [0.0, 0.3, 1.0])
def test_the_part_that_is_kept_is_found(part: float) -> None:
    """Sixty figures whose lifts are five errors: the slope is known to within 0.1."""
    rng = np.random.default_rng(3)
    true = rng.normal(0, 0.5, 60)
    found = profile.kept(true + rng.normal(0, 0.1, 60), part * true, VARIANCE)
    assert found == pytest.approx(part, abs=0.1)


def test_lifts_that_may_be_chance_say_nothing() -> None:
    """Of 400 samples of chance alone, few are taken for a profile: about one in 300."""
    rng, nothing = np.random.default_rng(4), np.zeros(60)
    taken = [profile.kept(rng.normal(0, 0.1, 60), nothing, VARIANCE) < 1 for _ in range(400)]
    assert sum(taken) <= 8


def test_figures_that_nobody_has_do_not_count() -> None:
    lifts = np.r_[np.full(59, 1.0), np.nan]
    assert profile.kept(lifts, np.full(60, 0.5), VARIANCE) == pytest.approx(0.5, abs=0.01)
