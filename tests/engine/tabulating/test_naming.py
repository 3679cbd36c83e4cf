import pytest

import simulacra
from simulacra.engine import errors
from simulacra.engine.columns.schema import Schema
from simulacra.engine.tabulating import naming
from tests.engine.tabulating.test_variables import BRANDS, QUESTION


def faults(call: object, *arguments: object) -> list[tuple[str, str, str]]:
    with pytest.raises(errors.TableError) as raised:
        call(*arguments)  # type: ignore[operator]
    assert isinstance(raised.value, ValueError)  # which callers of the library may expect
    return [(it.pointer, it.code, it.detail) for it in raised.value.fields]


def test_every_name_that_does_not_fit_is_said_where_it_stands(schema: Schema) -> None:
    found = faults(naming.check, schema, ["segment", "ag"], ["segment", "age"], "nothing")
    assert [(pointer, code) for pointer, code, _ in found] == [
        ("/rows/1", "unknown_condition_column"),
        ("/banner/1", "invalid_field"),
        ("/weight", "unknown_condition_column"),
    ]
    details = [detail for _, _, detail in found]
    assert details[0] == (
        "The schema has no column or multiple-response set 'ag'; 'age' may be meant."
    )
    assert "'age' is integer" in details[1]


def test_it_is_looked_for_few_unknown_names_what_may_be_meant(schema: Schema) -> None:
    """Each is compared with every column, in a process that answers others meanwhile."""
    found = faults(naming.check, schema, ["segmen"] * 100, ["segmen"] * 20)
    hinted = [at for at, (_, _, detail) in enumerate(found) if "may be meant" in detail]
    assert (len(found), hinted) == (120, [*range(naming.MOST_HINTS)])


def test_a_table_has_rows(schema: Schema) -> None:
    ((pointer, _, detail),) = faults(naming.check, schema, [])
    assert (pointer, "at least one" in detail) == ("/rows", True)


@pytest.mark.parametrize("column", ["plan", "joined"])
def test_a_weight_is_a_column_of_numbers(mixed_model: simulacra.Model, column: str) -> None:
    ((pointer, _, detail),) = faults(naming.check, mixed_model.schema, "plan", None, column)
    assert (pointer, "column of numbers" in detail) == ("/weight", True)


def test_samples_are_compared_by_what_both_have(mixed_model: simulacra.Model) -> None:
    schema = mixed_model.schema
    found = faults(naming.check_columns, schema, QUESTION, ["q1", "plan"])
    assert [pointer for pointer, _, _ in found] == ["/columns/0", "/columns/1"]
    assert naming.shared(schema, schema) == schema.names
    assert naming.shared(schema, QUESTION) == []


def test_figures_of_two_kinds_are_not_compared(mixed_model: simulacra.Model) -> None:
    first = mixed_model.schema
    spent = first["spend"].to_json() | {"name": "joined"}
    second = Schema((type(first["spend"]).from_json(spent),), (), 9)
    ((_, code, detail),) = faults(naming.check_columns, first, second, "joined")
    assert (code, "different kinds" in detail) == ("invalid_field", True)
    assert naming.shared(first, second) == []


def test_cells_are_counted_before_they_are_made(meal_kit_model: simulacra.Model) -> None:
    rows, banner = ["segment", "age"], ["region", "channel"]
    table = meal_kit_model.crosstab(rows, banner)
    assert naming.count_cells(meal_kit_model.schema, rows, banner) == table.table.num_rows
    assert naming.count_cells(QUESTION, "Q", "Q") == 3 * 4
    assert naming.count_cells(BRANDS, "B") == 3
