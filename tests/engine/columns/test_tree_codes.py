import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.columns import tree_codes
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import Column
from simulacra.engine.columns.tree_codes import TreeCoding

THREE_LEVELS = Column("x", "x", "x", NOMINAL, 0.0, levels=("a", "b", "c"))
AMOUNT = Column("x", "x", "x", NUMBER, 0.0, min=-50, max=50, decimals=2)

hundredths = st.lists(st.integers(-5000, 5000), min_size=1, max_size=80)


def of_amounts(values: Floats) -> TreeCoding:
    return AMOUNT.tree_coding(values)


@given(hundredths)
def test_a_value_of_the_study_has_its_rank_as_code(cents: list[int]) -> None:
    values = np.array(cents) / 100
    coding = of_amounts(values)
    codes = coding.codes(values)
    np.testing.assert_array_equal(codes, np.unique(values, return_inverse=True)[1] + 1)
    assert codes.dtype == np.int32
    assert coding.size == codes.max() + 1


@given(hundredths, st.lists(st.floats(-80, 80), min_size=1, max_size=40))
def test_a_value_between_has_the_code_of_the_nearest(cents: list[int], others: list[float]) -> None:
    values, between = np.array(cents) / 100, np.array(others)
    distinct = np.unique(values)
    chosen = distinct[of_amounts(values).codes(between) - 1]
    nearest = np.abs(distinct[:, None] - between).min(axis=0)
    np.testing.assert_allclose(np.abs(chosen - between), nearest, atol=1e-9)


def test_a_missing_number_comes_before_all_others() -> None:
    values = np.array([2.5, np.nan, -1.0])
    assert of_amounts(values).codes(values).tolist() == [2, 0, 1]
    assert of_amounts(values).size == 3


def test_a_number_that_is_always_missing_has_one_code() -> None:
    coding = of_amounts(np.full(3, np.nan))
    assert coding.size == 1
    assert coding.codes(np.full(2, np.nan)).tolist() == [0, 0]


def test_a_level_keeps_its_position_and_missing_comes_last() -> None:
    coding = THREE_LEVELS.tree_coding(np.array([0.0, 2.0]))
    codes = coding.codes(np.array([2.0, np.nan, 0.0, 1.0]))
    assert codes.tolist() == [2, 3, 0, 1]
    assert codes.dtype == np.int32
    assert coding.size == 4


@pytest.mark.parametrize(
    ("column_type", "is_ordered"),
    [
        (NOMINAL, False),
        (BOOLEAN, False),
        (ORDINAL, True),
        (INTEGER, True),
        (DATE, True),
    ],
)
def test_codes_of_nominal_and_boolean_levels_have_no_order(
    column_type: ColumnType,
    is_ordered: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    levels = ("a", "b") if column_type.is_categorical else ()
    column = Column("x", "x", "x", column_type, 0.0, levels=levels)
    assert column.tree_coding(np.array([0.0, 1.0])).is_ordered == is_ordered


def test_a_number_of_many_values_is_fine() -> None:
    assert not of_amounts(np.arange(tree_codes.MAX_COARSE - 1.0)).is_fine
    assert of_amounts(np.arange(tree_codes.MAX_COARSE + 0.0)).is_fine
    many = tuple(str(level) for level in range(2 * tree_codes.MAX_COARSE))
    column = Column("x", "x", "x", ORDINAL, 0.0, levels=many)
    assert not column.tree_coding(np.arange(80.0)).is_fine
