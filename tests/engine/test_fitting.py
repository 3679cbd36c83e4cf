"""What can be fitted: frames and odd columns; what is refused; how cleaning is reported."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import simulacra
from tests.engine import generations


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_give_the_same_model(
    make: Callable[[dict[str, Any]], Any], mixed_table: pa.Table, mixed_model: simulacra.Model
) -> None:
    plain = mixed_table.drop_columns(["agreement", "visits", "spend"])
    model = simulacra.fit(make(plain.to_pydict()))
    expected = simulacra.fit(plain)
    assert (
        model.schema.names
        == expected.schema.names
        == [name for name in mixed_model.schema.names if name in plain.column_names]
    )
    assert generations.digest(model.generate(50, seed=1)) == generations.digest(
        expected.generate(50, seed=1)
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a,b", *["1,2"] * 3], "3 rows; at least 30"),
        (["a,b", *["SECRET,SECRET"] * 60], "0 column"),
        (["a,b", *[f"{i % 5},SECRET" for i in range(60)]], "1 column"),
        (["a,b", *[","] * 60], "0 rows"),
    ],
)
def test_too_little_to_model_is_refused(
    write_file: Callable[[str], Path], rows: list[str], message: str
) -> None:
    with pytest.raises(simulacra.StudyError, match=message) as caught:
        simulacra.fit(write_file("\n".join(rows)))
    assert "SECRET" not in str(caught.value)


def test_cleaning_is_accounted_for(meal_kit_model: simulacra.Model) -> None:
    assert "respondent" not in meal_kit_model.schema.names
    assert "Would.recommend.0.10" in meal_kit_model.schema.names
    assert meal_kit_model.schema["Would.recommend.0.10"].source_name == "Would recommend (0-10)"
    actions = {(action.column, action.action) for action in meal_kit_model.schema.cleaning}
    assert {("respondent", "dropped"), ("Would.recommend.0.10", "renamed")} <= actions


@pytest.mark.parametrize(
    "values",
    [
        pa.array([5.0, None] * 100),
        pa.array([True, None] * 100),
        pa.array([True] * 100 + [False] * 4 + [None] * 96),
        pa.array([2**63 + i % 50 for i in range(200)], pa.uint64()),
        pa.array([1e-12 * (i % 60 + 1) for i in range(200)]),
        pa.array([1e90 * (i % 60 + 1) for i in range(200)]),
        pa.array([float("inf")] * 20 + [float(i) for i in range(180)]),
        pa.array([dt.date(1, 1, 1) if i % 2 else dt.date(9999, 12, 31) for i in range(200)]),
        pa.array(np.repeat(np.arange(2), 100).astype("datetime64[s]")),
        pa.array(["x", "y", None, "z"] * 50).dictionary_encode(),
        pa.array([None if i % 40 else i for i in range(200)]),
    ],
    ids=[
        *("constant number", "constant boolean", "rare false", "uint64", "tiny", "huge"),
        *("infinite", "all dates", "two seconds", "dictionary", "rarely known"),
    ],
)
def test_odd_columns_are_modelled_or_dropped(values: pa.Array) -> None:
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b", "c"], len(values))
    table = pa.table({"group": group, "odd": values, "score": rng.integers(0, 10, len(values))})
    model = simulacra.fit(table)
    out = model.generate(300, seed=1, categorical={"group": {"a": 0.5}})
    assert out.rows_generated == 300
    if "odd" in model.schema.names:
        known = set(out.table["odd"].drop_null().to_pylist())
        assert known
        if pa.types.is_boolean(values.type):
            assert known <= set(values.drop_null().to_pylist())
