import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns.arrays import Float32s, Floats
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.schema import Column
from simulacra.engine.model import targets

THREE_LEVELS = Column("x", "x", "x", NOMINAL, 0.0, levels=("a", "b", "c"))
TO_100 = Column("x", "x", "x", INTEGER, 0.0, min=0, max=100)


def indicators(column: Column, values: Floats) -> Float32s:
    coding = column.tree_coding(values)
    return targets.indicators(coding, coding.codes(values))


def test_the_target_of_a_category_is_one_indicator_a_level_and_one_for_missing() -> None:
    coded = indicators(THREE_LEVELS, np.array([0.0, 2.0, np.nan]))
    assert coded.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert coded.dtype == np.float32


def test_the_target_of_a_short_scale_is_an_indicator_a_cut() -> None:
    """The last cut takes all rows in, and so tells nothing apart."""
    coded = indicators(TO_100, np.array([1.0, 2.0, 5.0]))
    assert coded.tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 1]]


def test_a_long_scale_is_cut_at_quantiles() -> None:
    values = np.random.default_rng(0).permutation(1000.0 + np.arange(1000.0))
    coded = indicators(TO_100, values)
    assert coded.shape == (1000, targets.INDICATORS)
    assert np.diff(np.sort(coded.mean(axis=0))) == pytest.approx(
        1 / (targets.INDICATORS + 1), abs=0.002
    )


def test_a_missing_number_is_below_every_cut() -> None:
    coded = indicators(TO_100, np.array([np.nan, *range(50)]))
    assert coded[0].all()


def test_levels_are_ranked_by_their_mean_of_the_target() -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 3, 3000).astype(float)
    target = (rng.random(3000) < np.array([0.5, 0.9, 0.1])[levels.astype(int)]).astype(np.float32)
    coding = THREE_LEVELS.tree_coding(levels)
    ranks = targets.level_ranks(coding, coding.codes(levels), target[:, None])
    assert ranks.dtype == np.int32
    assert ranks.shape == (4,)
    assert ranks[:3].argsort().tolist() in ([2, 0, 1], [1, 0, 2])


def test_a_level_without_rows_ranks_with_the_average() -> None:
    levels = np.repeat([0.0, 1.0], 200)
    coding = THREE_LEVELS.tree_coding(levels)
    target = (levels[:, None] == 0).astype(np.float32)
    ranks = targets.level_ranks(coding, coding.codes(levels), target)
    assert ranks.tolist() in ([0, 2, 1, 1], [2, 0, 1, 1])


@given(st.integers(1, 5_000), st.integers(1, 300))
def test_rows_of_a_sample_are_spaced_evenly(rows: int, at_most: int) -> None:
    chosen = targets.spaced_rows(rows, at_most)
    assert len(chosen) == len(np.unique(chosen)) == min(rows, at_most)
    assert chosen[0] == 0
    assert chosen[-1] == rows - 1 or at_most == 1
    if len(chosen) > 1:
        assert np.ptp(np.diff(chosen)) <= 1
