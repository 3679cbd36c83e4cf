import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulacra.engine.model.coding import Coding

from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import Column
from simulacra.engine.model import coding

LEVELS = Column("x", "x", "x", NOMINAL, 0.0, levels=("a", "b", "c"))
INTEGER = Column("x", "x", "x", INTEGER, 0.0, min=0, max=100)
NUMBER = Column("x", "x", "x", NUMBER, 0.0, min=-50, max=50, decimals=2)

hundredths = st.lists(st.integers(-5000, 5000), min_size=1, max_size=80)


def scale_of(values: npt.NDArray[np.float64]) -> Coding:
    return Coding.of(NUMBER, values)


# Codes


@given(hundredths)
def test_a_seed_value_has_its_rank_as_code(cents: list[int]) -> None:
    values = np.array(cents) / 100
    made = scale_of(values)
    codes = made.encode(values)
    np.testing.assert_array_equal(codes, np.unique(values, return_inverse=True)[1] + 1)
    assert codes.dtype == np.int32
    assert made.size == codes.max() + 1


@given(hundredths, st.lists(st.floats(-80, 80), min_size=1, max_size=40))
def test_a_value_between_has_the_code_of_the_nearest(cents: list[int], others: list[float]) -> None:
    values, wanted = np.array(cents) / 100, np.array(others)
    distinct = np.unique(values)
    chosen = distinct[scale_of(values).encode(wanted) - 1]
    nearest = np.abs(distinct[:, None] - wanted).min(axis=0)
    np.testing.assert_allclose(np.abs(chosen - wanted), nearest, atol=1e-9)


def test_a_missing_number_comes_before_all_others() -> None:
    values = np.array([2.5, np.nan, -1.0])
    assert scale_of(values).encode(values).tolist() == [2, 0, 1]
    assert scale_of(values).size == 3


def test_a_number_that_is_always_missing_has_one_code() -> None:
    made = scale_of(np.full(3, np.nan))
    assert made.size == 1
    assert made.encode(np.full(2, np.nan)).tolist() == [0, 0]


def test_a_level_keeps_its_position_and_missing_comes_last() -> None:
    made = Coding.of(LEVELS, np.array([0.0, 2.0]))
    codes = made.encode(np.array([2.0, np.nan, 0.0, 1.0]))
    assert codes.tolist() == [2, 3, 0, 1]
    assert codes.dtype == np.int32
    assert made.size == 4


@pytest.mark.parametrize(
    ("kind", "is_scale"),
    [
        (NOMINAL, False),
        (BOOLEAN, False),
        (ORDINAL, True),
        (INTEGER, True),
        (DATE, True),
    ],
)
def test_levels_without_an_order_are_no_scale(
    kind: ColumnType,
    is_scale: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    column = Column("x", "x", "x", kind, 0.0, levels=("a", "b") if kind.is_categorical else ())
    assert Coding.of(column, np.array([0.0, 1.0])).is_scale == is_scale


def test_a_number_of_many_values_is_fine() -> None:
    assert not scale_of(np.arange(coding.FEW_CODES - 1.0)).is_fine
    assert scale_of(np.arange(coding.FEW_CODES + 0.0)).is_fine
    many = tuple(str(level) for level in range(2 * coding.FEW_CODES))
    column = Column("x", "x", "x", ORDINAL, 0.0, levels=many)
    assert not Coding.of(column, np.arange(80.0)).is_fine


# Indicators


def indicators(column: Column, values: npt.NDArray[np.float64]) -> coding.Indicators:
    made = Coding.of(column, values)
    return coding.indicators(made, made.encode(values))


def test_the_target_of_a_category_is_one_indicator_a_level_and_one_for_missing() -> None:
    coded = indicators(LEVELS, np.array([0.0, 2.0, np.nan]))
    assert coded.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert coded.dtype == np.float32


def test_the_target_of_a_short_scale_is_an_indicator_a_cut() -> None:
    """The last cut takes all rows in, and so tells nothing apart."""
    coded = indicators(INTEGER, np.array([1.0, 2.0, 5.0]))
    assert coded.tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 1]]


def test_a_long_scale_is_cut_at_quantiles() -> None:
    values = np.random.default_rng(0).permutation(1000.0 + np.arange(1000.0))
    coded = indicators(INTEGER, values)
    assert coded.shape == (1000, coding.INDICATORS)
    assert np.diff(np.sort(coded.mean(axis=0))) == pytest.approx(
        1 / (coding.INDICATORS + 1), abs=0.002
    )


def test_a_missing_number_is_below_every_cut() -> None:
    coded = indicators(INTEGER, np.array([np.nan, *range(50)]))
    assert coded[0].all()


# Places


def test_levels_are_ordered_by_what_they_say_of_the_target() -> None:
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 3, 3000).astype(float)
    target = (rng.random(3000) < np.array([0.5, 0.9, 0.1])[levels.astype(int)]).astype(np.float32)
    made = Coding.of(LEVELS, levels)
    places = coding.places(made, made.encode(levels), target[:, None])
    assert places.dtype == np.int32
    assert places.shape == (4,)
    assert places[:3].argsort().tolist() in ([2, 0, 1], [1, 0, 2])


def test_a_level_without_rows_is_placed_with_the_average() -> None:
    levels = np.repeat([0.0, 1.0], 200)
    made = Coding.of(LEVELS, levels)
    target = (levels[:, None] == 0).astype(np.float32)
    places = coding.places(made, made.encode(levels), target)
    assert places.tolist() in ([0, 2, 1, 1], [2, 0, 1, 1])


# Samples


@given(st.integers(1, 5_000), st.integers(1, 300))
def test_a_sample_is_spread_evenly(rows: int, at_most: int) -> None:
    chosen = coding.sample(rows, at_most)
    assert len(chosen) == len(np.unique(chosen)) == min(rows, at_most)
    assert chosen[0] == 0
    assert chosen[-1] == rows - 1 or at_most == 1
    if len(chosen) > 1:
        assert np.ptp(np.diff(chosen)) <= 1
