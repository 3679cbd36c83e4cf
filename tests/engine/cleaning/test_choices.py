import numpy as np
import pytest

from simulacra.engine.cleaning import choices
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.ordinal import ORDINAL

NAN = np.nan


def nominal(values: list[float], *levels: str) -> Draft:
    return Draft(NOMINAL, np.array(values), levels)


@pytest.mark.parametrize(
    ("answer", "other"),
    [("Yes", "No"), ("YES", "NO"), ("ja", "nein"), ("X", "Not selected"), ("Pie", "Not selected")],
)
def test_blanks_beside_a_single_answer_are_levels(answer: str, other: str) -> None:
    filled = choices.fill(nominal([0, NAN, 0, NAN, NAN], answer))
    assert filled.levels == (other, answer)
    assert filled.values.tolist() == [1, 0, 1, 0, 0]
    assert [(note.action, note.count) for note in filled.notes] == [("filled", 3)]


def test_blanks_beside_ones_are_zeros() -> None:
    filled = choices.fill(Draft(INTEGER, np.array([1, NAN, 1])))
    assert filled.values.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    "draft",
    [
        nominal([0, 0, 0], "Yes"),
        nominal([0, 1, NAN], "No", "Yes"),
        nominal([NAN, NAN], "Yes"),
        Draft(INTEGER, np.array([3, NAN, 3])),
        Draft(ORDINAL, np.array([0, NAN]), ("low", "high")),
    ],
)
def test_other_columns_stay_as_they_are(draft: Draft) -> None:
    assert choices.fill(draft) is draft


def test_an_option_without_labels_is_chosen_or_not() -> None:
    option = choices.as_boolean(Draft(INTEGER, np.array([1, 0, NAN, 1])), 1)
    assert option.type is BOOLEAN
    np.testing.assert_array_equal(option.values, [1, 0, NAN, 1])
    alone = choices.as_boolean(Draft(INTEGER, np.array([2, NAN, 2])), 2)
    assert alone.values.tolist() == [1, 0, 1]
