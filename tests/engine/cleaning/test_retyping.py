from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import errors
from simulacra.engine.cleaning import columns, retyping
from simulacra.engine.columns import drafts, registry
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.ordinal import ORDINAL

NAN = np.nan


def draft_of(cells: Sequence[object]) -> Draft:
    drafted = columns.draft(pa.chunked_array([pa.array(cells)]))
    assert drafted is not None
    return drafted


@pytest.mark.parametrize(
    ("cells", "type_name", "values", "levels"),
    [
        ([3, 1, None, 10], "ordinal", [1, 0, NAN, 2], ("1", "3", "10")),
        ([1.5, 2.0], "nominal", [0, 1], ("1.5", "2.0")),
        (["b", "a"], "ordinal", [1, 0], ("a", "b")),
        ([1, 2], "number", [1, 2], ()),
        ([1.5, 2.0, None], "integer", [2, 2, NAN], ()),
        (["01", "02"], "integer", [1, 2], ()),
        ([True, False], "integer", [1, 0], ()),
        (["Yes", "No", None], "boolean", [1, 0, NAN], ("false", "true")),
        ([1, 0], "boolean", [1, 0], ("false", "true")),
        (["chosen", "Not selected"], "boolean", [0, 0], None),
    ],
)
def test_a_column_becomes_the_type_that_is_asked_for(
    cells: list[object], type_name: str, values: list[float], levels: tuple[str, ...] | None
) -> None:
    if levels is None:
        with pytest.raises(errors.StudyError, match="yes and a no"):
            retyping.retype("x", draft_of(cells), registry.named(type_name))
        return
    retyped = retyping.retype("x", draft_of(cells), registry.named(type_name))
    assert retyped.type == type_name
    np.testing.assert_array_equal(retyped.values, values)
    assert retyped.levels == levels
    assert retyped.notes[-1].action == "typed"


def test_labelled_codes_become_their_numbers() -> None:
    draft = Draft(ORDINAL, np.array([2.0, 0, NAN]), ("low", "mid", "high"),
                  label_values=(1.0, 5.0, 10.0))  # fmt: skip
    retyped = retyping.retype("x", draft, INTEGER)
    np.testing.assert_array_equal(retyped.values, [10, 1, NAN])


def test_dates_and_times_turn_into_each_other() -> None:
    day = draft_of(["2024-02-29", "2024-03-01"])
    moment = retyping.retype("x", day, DATETIME)
    assert moment.type.to_bound(moment.values[0]) == "2024-02-29T00:00:00"
    again = retyping.retype("x", moment, DATE)
    assert again.values.tolist() == day.values.tolist()
    digits = retyping.retype("x", draft_of([20240229, 20240301]), DATE)
    assert digits.values.tolist() == day.values.tolist()


@pytest.mark.parametrize(
    ("cells", "type_name"),
    [(["red", "blue"], "number"), (["red", "blue"], "date"), (["a", "b"], "boolean"),
     ([1, 2, 3], "boolean"), (["2024-01-01"], "integer"), ([1.5, 2.5], "date")],
)  # fmt: skip
def test_values_that_do_not_fit_a_type_are_refused_without_quoting_them(
    cells: list[object], type_name: str
) -> None:
    with pytest.raises(errors.StudyError, match=f"'x' cannot be read as {type_name}") as caught:
        retyping.retype("x", draft_of(cells), registry.named(type_name))
    assert "red" not in caught.value.detail


def test_cells_that_are_no_numbers_are_blanked_and_reported() -> None:
    retyped = retyping.retype("x", draft_of(["1", "2", "30 or so"]), INTEGER)
    np.testing.assert_array_equal(retyped.values, [1, 2, NAN])
    assert drafts.Note("blanked", "1 cells in a column of numbers are none", 1) in retyped.notes


def test_levels_in_the_order_given() -> None:
    retyped = retyping.order_levels(
        "x", draft_of(["mid", "low", "high", None]), ("low", "mid", "high", "top")
    )
    assert retyped.type is ORDINAL
    np.testing.assert_array_equal(retyped.values, [1, 0, 2, NAN])


def test_an_order_must_name_every_level_and_a_rare_one_is_not_quoted() -> None:
    draft = draft_of(["low"] * 6 + ["mid"] * 6 + ["SECRET"])
    with pytest.raises(errors.StudyError, match="leaves out 2 of its levels: 'mid'") as caught:
        retyping.order_levels("x", draft, ("low", "high"))
    assert "SECRET" not in caught.value.detail


def texts_as(name: str, *cells: str) -> Draft:
    draft = columns.draft(pa.chunked_array([[*cells]]))
    assert draft is not None
    return retyping.retype("x", draft, registry.named(name))


def test_numbers_with_a_unit_become_durations_in_it() -> None:
    read = texts_as("duration", *(f"{number} min" for number in range(2, 42)))
    assert read.values.tolist() == [60 * number for number in range(2, 42)]
    with pytest.raises(errors.StudyError, match="the unit kg"):
        texts_as("duration", *(f"{number} kg" for number in range(2, 42)))


def test_few_numbers_with_a_unit_can_be_read_as_numbers() -> None:
    read = texts_as("integer", *["5 min", "10 min", "15 min"] * 12)
    assert read.values[:3].tolist() == [5, 10, 15]
    assert read.unit == "min"
