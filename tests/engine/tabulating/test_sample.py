from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.tabulating import comparing, sample, tabulation
from simulacra.engine.tabulating.sample import Behind, Group, Sample, Values, Weighting
from simulacra.engine.writing import registry


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


def members(position: int) -> Group:
    return lambda values: np.asarray(values[position] == 1)


@given(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.floats(1, 9)), min_size=4, max_size=40
    ).filter(lambda people: all(any(one[at] for one in people) for at in (0, 1)))
)
def test_means_of_groups_vary_together_as_far_as_they_share_rows(
    people: list[tuple[bool, bool, float]],
) -> None:
    first, second, weights = (np.array(column, dtype=float) for column in zip(*people, strict=True))
    rows = {0: first, 1: second}
    counting = Weighting(Sample(Schema((), (), len(people)), rows, weights))
    overlap = counting.overlap([members(0), members(1)])
    # The means are sums of independent values of variance 1, by these coefficients.
    one, other = (weights * own / (weights * own).sum() for own in (first, second))
    assert overlap.shared[0, 1] == pytest.approx((one * other).sum())
    assert overlap.shared[0, 0] == pytest.approx(1 / counting.effective(members(0)))
    alone = weights[first != second]
    expected = alone.sum() ** 2 / (alone**2).sum() if len(alone) else 0
    assert overlap.apart[0, 1] == pytest.approx(expected, abs=1e-6)


def test_respondents_and_rows_both_make_means_vary_together(schema: Schema) -> None:
    rows = {0: np.array([1.0, 1, 0, 0]), 1: np.array([1.0, 0, 1, 1])}
    behind = Behind({0: np.array([1.0, 1, 1]), 1: np.array([1.0, 1, 0])}, np.ones(3))
    counting = Weighting(Sample(schema, rows, None, behind))
    overlap = counting.overlap([members(0), members(1)])
    assert overlap.shared[0, 1] == pytest.approx(1 / (2 * 3) + 2 / (3 * 2))
    assert overlap.shared[0, 0] == pytest.approx(1 / counting.effective(members(0)))
    assert overlap.apart[0, 1] == pytest.approx(sample.both(3, 1))


def test_a_scenario_may_weigh_a_group_very_little(schema: Schema) -> None:
    nobody = Behind({0: np.ones(3)}, np.full(3, 1e-200))
    assert nobody.effective(members(0), plain) == pytest.approx(3)
    few = Sample(schema, {0: np.ones(2)}, np.full(2, 1e-300))
    assert Weighting(few).effective(members(0)) == 2


@pytest.mark.parametrize("conditions", [{}, {"categorical": {"plan": {"Pro": 0.6}}}])
@pytest.mark.parametrize("form", registry.FORMATS)
def test_rows_that_were_written_are_tabulated_as_when_they_were_made(
    mixed_model: simulacra.Model, tmp_path: Path, form: str, conditions: dict[str, Any]
) -> None:
    out = mixed_model.generate(400, seed=3, **conditions).write(tmp_path / "rows", form)
    names = mixed_model.schema.names
    again = mixed_model.sample_of(
        tmp_path / "rows", form, names, row_count=400, seed=3, asked=conditions
    )
    assert tabulation.tabulate(again, names, "plan") == out.crosstab(names, "plan")
    assert comparing.compare(mixed_model.sample, again) == simulacra.compare(mixed_model, out)
    some = mixed_model.sample_of(
        tmp_path / "rows", form, ["visits", "owns"], row_count=400, seed=3, asked=conditions
    )
    assert tabulation.tabulate(some, "visits", "owns") == out.crosstab("visits", "owns")
