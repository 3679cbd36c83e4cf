"""Generating: its arguments, and the shape of what it returns."""

import time

import pyarrow as pa
import pytest

import simulacra


def test_conditions_are_checked_against_the_schema(meal_kit_model: simulacra.Model) -> None:
    with pytest.raises(simulacra.ConditionError, match="Did you mean 'segment'"):
        meal_kit_model.generate(10, categorical={"segmnt": {"Premium": 0.5}})


@pytest.mark.parametrize("rows", [0, -5])
def test_no_rows_are_refused(meal_kit_model: simulacra.Model, rows: int) -> None:
    with pytest.raises(ValueError, match="row_count"):
        meal_kit_model.generate(rows)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_out_of_bounds_is_refused(meal_kit_model: simulacra.Model, seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        meal_kit_model.generate(10, seed=seed)


def test_one_row(mixed_model: simulacra.Model) -> None:
    assert mixed_model.generate(1, seed=1).table.num_rows == 1


def test_a_million_rows(meal_kit_model: simulacra.Model) -> None:
    begun = time.monotonic()
    out = meal_kit_model.generate(1_000_000, seed=1)
    assert out.table.num_rows == 1_000_000
    assert time.monotonic() - begun < 40


def test_rows_have_the_types_of_the_study(
    mixed_model: simulacra.Model, mixed_table: pa.Table
) -> None:
    made = mixed_model.generate(10, seed=1).table
    assert made.column_names == mixed_table.column_names
    assert [str(kind) for kind in made.schema.types] == [
        "string", "bool", "string", "int64", "int64", "double", "date32[day]", "timestamp[us]",
    ]  # fmt: skip
