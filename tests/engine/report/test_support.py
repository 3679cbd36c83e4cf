import numpy as np
import pytest

import simulacra
from simulacra.engine.report import report, support
from simulacra.engine.report.report import Support


def test_everyone_stands_behind_rows_without_conditions(meal_kit_model: simulacra.Model) -> None:
    rows = meal_kit_model.schema.row_count
    assert support.of_everyone(meal_kit_model._pool) == Support(rows, rows)


def test_the_support_of_weights_is_their_effective_sample_size() -> None:
    assert support.of_weights(np.array([3.0, 1.0, 0.0]), np.ones(3)) == Support(1.6, 2)
    assert support.of_weights(np.zeros(3), np.ones(3)) == Support(0, 0)


def test_a_respondent_of_a_weighted_study_counts_by_both_weights() -> None:
    importance, survey = np.array([1.0, 3.0, 0.0]), np.array([3.0, 1.0, 5.0])
    assert support.of_weights(importance, survey) == Support(2.0, 2)


@pytest.mark.parametrize(
    ("size", "is_thin"), [(report.THIN_SUPPORT, False), (report.THIN_SUPPORT - 0.1, True)]
)
def test_support_below_the_threshold_is_thin(
    size: float,
    is_thin: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    warnings = support.thin(Support(size, 100), [])
    assert [warning.code for warning in warnings] == ["thin_support"] * is_thin


def test_a_group_with_thin_support_is_named_once_however_many_conditions_it_has() -> None:
    few, many = Support(1.0, 1), Support(500, 500)
    warnings = support.thin(many, [("age 79 to 80", few), ("age 79 to 80", few), (None, few)])
    (warning,) = warnings
    assert warning.detail.startswith("Only about 1 respondent effectively stands behind the rows")
    assert "age 79 to 80" in warning.detail
