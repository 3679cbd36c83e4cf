import numpy as np
import numpy.typing as npt
import pytest

from simulacra.engine.columns.schema import Schema
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.rules import ruleset

ROWS = 60


@pytest.fixture
def values() -> npt.NDArray[np.float64]:
    """Rows of the schema by hand, with missing values."""
    rng = np.random.default_rng(0)
    rows = np.column_stack(
        [
            rng.integers(0, 3, ROWS),
            rng.integers(0, 2, ROWS),
            rng.integers(18, 80, ROWS),
            rng.uniform(2, 90, ROWS).round(2),
            rng.integers(18_300, 19_000, ROWS),
            rng.integers(1_709_300_000, 1_709_700_000, ROWS) * 1e6,
        ]
    ).astype(np.float64)
    rows[rng.random(rows.shape) < 0.1] = np.nan
    return rows


def test_every_column_is_coded_on_its_own_scale(
    schema: Schema, values: npt.NDArray[np.float64]
) -> None:
    pool = DonorPool.of(schema, values, ruleset.learn(schema, values))
    assert pool.codes.shape == (len(schema.columns), ROWS)
    assert pool.codes.dtype == np.int32
    assert len(pool.codings) == len(schema.columns)
    for position, coding in enumerate(pool.codings):
        assert coding.is_ordered == schema.columns[position].type.is_ordered
        np.testing.assert_array_equal(pool.codes[position], coding.codes(values[:, position]))
        assert 0 <= pool.codes[position].min() <= pool.codes[position].max() < coding.size


def test_numeric_columns_alone_have_cells(schema: Schema, values: npt.NDArray[np.float64]) -> None:
    pool = DonorPool.of(schema, values, ruleset.learn(schema, values))
    assert sorted(pool.cells) == [2, 3, 4, 5]
    for position, cells in pool.cells.items():
        missing = np.isnan(values[:, position])
        np.testing.assert_array_equal(np.isnan(cells.low), missing)
        np.testing.assert_array_equal(np.isnan(cells.high), missing)


def test_rows_are_taken_across_all_columns() -> None:
    draws = Draws()
    for position in (4, 1):
        numbers = np.arange(5) + 10 * position
        draws.add(
            position,
            numbers.astype(np.float64),
            (numbers + 100).astype(np.int32),
            (numbers + 200).astype(np.int32),
        )
    taken = draws.take(np.array([3, 3, 0]))
    assert list(taken.values) == list(taken.codes) == list(taken.donors) == [4, 1]
    assert taken.values[1].tolist() == [13, 13, 10]
    assert taken.codes[4].tolist() == [143, 143, 140]
    assert taken.donors[4].tolist() == [243, 243, 240]
    assert draws.values[1].tolist() == [10, 11, 12, 13, 14]


def one_column(position: int, first: int) -> Draws:
    draws = Draws()
    numbers = np.arange(first, first + 4)
    draws.add(
        position,
        numbers.astype(np.float64),
        (numbers + 100).astype(np.int32),
        (numbers + 200).astype(np.int32),
    )
    return draws


def test_draws_begin_empty_each_time() -> None:
    Draws().add(0, np.zeros(1), np.zeros(1, np.int32), np.zeros(1, np.int32))
    assert not Draws().values
