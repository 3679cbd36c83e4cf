"""Generated rows lie within the ranges of a scenario; missing values follow the study."""

import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.columns.facts import Bound


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [
        ("satisfaction", 4, 5),
        ("satisfaction", 3, 3),
        ("visits", 3, 5),
        ("visits", 5, 5),
        ("spend", 20.5, 40.25),
        ("spend", 33.33, 33.33),
        ("spend", 33.333, 33.333),
        ("spend", 33.331, 33.339),
        ("joined", "2021-01-01", "2021-03-31"),
        ("joined", "2021-05-17", "2021-05-17"),
        ("seen", "2024-03-02", "2024-03-03T12:00"),
        ("seen", "2024-03-02T01:02:03", "2024-03-02T01:02:03"),
    ],
)
def test_a_range_is_never_left_and_never_missing(
    mixed_model: simulacra.Model, column: str, low: Bound, high: Bound
) -> None:
    out = mixed_model.generate(400, seed=2, numeric={column: {"min": low, "max": high}})
    assert out.rows_generated == 400
    assert out.table[column].null_count == 0
    kind = mixed_model.schema[column].type
    values = mixed_model.schema[column].encode(out.table[column])
    assert kind.to_number(low) <= values.min()
    assert values.max() <= kind.to_number(high)


def test_a_range_wider_than_the_schema_stays_within_the_published_bounds(
    mixed_model: simulacra.Model,
) -> None:
    out = mixed_model.generate(3_000, seed=2, numeric={"spend": {"min": -1000, "max": 1000}})
    column = mixed_model.schema["spend"]
    values = out.table["spend"].to_pylist()
    assert column.min <= min(values)
    assert max(values) <= column.max


def test_conditioned_columns_are_never_missing_and_others_as_often_as_in_the_study(
    mixed_model: simulacra.Model, mixed_table: pa.Table
) -> None:
    free = mixed_model.generate(10_000, seed=1).table
    conditioned = mixed_model.generate(
        2_000, seed=1, numeric={"spend": {"min": 0, "max": 500}, "visits": {"min": 0, "max": 9}}
    ).table
    for column in ("spend", "visits"):
        in_study = mixed_table[column].null_count / mixed_table.num_rows
        assert free[column].null_count / 10_000 == pytest.approx(in_study, abs=0.04)
        assert conditioned[column].null_count == 0


def test_a_skip_pattern_is_mostly_kept(mixed_model: simulacra.Model) -> None:
    table = mixed_model.generate(5_000, seed=1).table
    owns, visits = table["owns"].to_pylist(), table["visits"].to_pylist()
    broken = sum(owner == (answer is None) for owner, answer in zip(owns, visits, strict=True))
    assert broken <= 0.02 * len(owns)
