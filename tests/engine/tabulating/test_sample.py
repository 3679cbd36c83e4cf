import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.tabulating import sample
from simulacra.engine.tabulating.sample import Behind, Sample, Values, Weighting


def plain(values: Values) -> Floats:
    return np.ones(len(values[0]))


def in_group(values: Values) -> Flags:
    return np.asarray(values[0] == 1)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0, 1)), min_size=1, max_size=40))
def test_no_group_has_more_effective_respondents_than_respondents(
    respondents: list[tuple[float, float]],
) -> None:
    answers, weights = (np.array(column) for column in zip(*respondents, strict=True))
    found = Behind({0: answers}, weights).effective(in_group, plain)
    assert found <= np.count_nonzero(weights[answers == 1]) + 1e-9


@given(st.floats(1, 1e6), st.floats(1, 1e6))
def test_an_effective_base_is_below_the_rows_and_the_respondents(rows: float, size: float) -> None:
    found = sample.both(rows, size)
    assert found < min(rows, size)
    # Twice the rows add no more than the part of the variance that is due to drawing them.
    assert found < sample.both(2 * rows, size) <= found * (1 + size / (rows + size))


def test_a_group_without_rows_or_respondents_has_no_base(schema: Schema) -> None:
    rows, nobody = {0: np.array([1.0, 1.0])}, Behind({0: np.array([0.0])}, np.ones(1))
    assert Weighting(Sample(schema, rows, None, nobody)).effective(in_group) == 0
    assert sample.both(0, 10) == 0


def test_equal_weights_count_the_respondents_of_a_group() -> None:
    answers, near = np.array([1.0, 1.0, 0.0, 1.0]), pytest.approx(1.6)
    assert Behind({0: answers}, np.full(4, 0.3)).effective(in_group, plain) == pytest.approx(3)
    assert Behind({0: answers}, np.array([3.0, 1, 9, 0])).effective(in_group, plain) == near


@pytest.mark.parametrize(
    ("column", "message"),
    [("nothing", "no such column"), ("region", "a column of numbers"), ("joined", "of numbers")],
)
def test_a_weight_is_a_column_of_numbers(
    meal_kit_model: simulacra.Model, mixed_model: simulacra.Model, column: str, message: str
) -> None:
    model = mixed_model if column == "joined" else meal_kit_model
    with pytest.raises(ValueError, match=message):
        Weighting(model.sample, column)
