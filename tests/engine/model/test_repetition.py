"""Numbers that repeat another column's."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.model import repetition

ROWS = 1_200


def bills(seed: int, paid: float) -> pa.Table:
    """Bills of which some are paid in full, the others by a tenth."""
    rng = np.random.default_rng(seed)
    bill = np.round(rng.gamma(2, 300, ROWS), 2)
    full = rng.random(ROWS) < paid
    return pa.table(
        {
            "rich": np.where(full ^ (rng.random(ROWS) < 0.1), "yes", "no"),
            "bill": bill,
            "payment": np.where(full, bill, np.round(bill / 10, 2)),
        }
    )


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    return simulacra.fit(bills(0, 0.3))


def test_repetition_depends_on_the_columns_that_it_depends_on_in_the_study(
    model: simulacra.Model,
) -> None:
    """30% of 5,000 rows: a standard error of 0.0065, and as much of the respondents' own 0.013."""
    rows = model.generate(5_000, seed=1).table.to_pandas()
    same = rows["bill"] == rows["payment"]
    assert same.mean() == pytest.approx(0.3, abs=0.06)
    rich = rows["rich"] == "yes"
    assert same[rich].mean() > 0.6
    assert same[~rich].mean() < 0.15


def test_a_repetition_is_saved_with_the_model(model: simulacra.Model, tmp_path: Path) -> None:
    assert [conditional.repetition is not None for conditional in model._models] == [
        False,
        False,
        True,
    ]
    model.save(tmp_path / "bills.model")
    again = simulacra.load(tmp_path / "bills.model")
    assert again.generate(500, seed=2).table.equals(model.generate(500, seed=2).table)


def test_a_condition_on_a_column_with_a_repetition_is_met(model: simulacra.Model) -> None:
    out = model.generate(500, seed=3, numeric={"payment": {"min": 200, "max": 400}})
    values = out.table["payment"].to_numpy()
    assert ((values >= 200) & (values <= 400)).all()


def test_equal_numbers_that_are_common_are_no_repetition() -> None:
    rng = np.random.default_rng(4)
    first, second = (
        np.where(rng.random(ROWS) < 0.5, 0.0, rng.random(ROWS) * 100) for _ in range(2)
    )
    model = simulacra.fit(pa.table({"first": first, "second": second}))
    assert model._models[1].repetition is None


def test_a_repeated_number_stays_on_the_grid_and_inside_the_bounds() -> None:
    rng = np.random.default_rng(5)
    price = np.where(rng.random(ROWS) < 0.9, rng.integers(1, 1000, ROWS) / 10, 300.5)
    bill = np.where((price < 100) & (price == np.floor(price)), price, rng.integers(1, 90, ROWS))
    model = simulacra.fit(pa.table({"price": price, "bill": bill}))
    column = model.schema["bill"]
    values = model.generate(5_000, seed=6).table["bill"].to_numpy()
    assert (values == np.floor(values)).all()
    assert values.min() >= float(column.min or 0)
    assert values.max() <= float(column.max or 0)


def test_a_column_that_always_repeats_has_no_repetition() -> None:
    model = simulacra.fit(bills(7, 1.0), keep=["payment"])
    rows = model.generate(200, seed=8).table
    assert rows.num_rows == 200
    assert all(conditional.repetition is None for conditional in model._models)


def test_the_source_is_the_column_that_is_repeated_most(model: simulacra.Model) -> None:
    assert repetition.source_of(model._pool, 2, [0, 1]) == 1
    assert repetition.source_of(model._pool, 2, [0]) is None
