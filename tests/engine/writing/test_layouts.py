"""Rows with the columns of the study's file, and several answers in a cell as it has them."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import simulacra
from simulacra.engine import limits
from simulacra.engine.cleaning import clean, separators
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.reading import source
from simulacra.engine.writing import layouts

ROWS = 200
OPTIONS = ["Phone", "App, new", "Yes, often", "Fax (old, slow)", "Post"]
AGE = np.random.default_rng(1).integers(18, 80, ROWS)

WRITTEN: dict[str, Callable[[Sequence[str]], object]] = {
    "google": ", ".join,
    "microsoft": lambda answers: "".join(f"{answer};" for answer in answers),
    "bar": "|".join,
    "lines": "\n".join,
    "json": json.dumps,
    "python": repr,
    "list": list,
}


def cleaned(cells: Sequence[object]) -> Study:
    table = pa.table({"age": AGE, "Which channels?": cells, "age again": AGE // 10})
    return clean.clean(source.read(table, limits.DEFAULT), limits.DEFAULT)


def laid_out(study: Study) -> pa.Table:
    columns = zip(study.schema.columns, study.values.T, strict=True)
    table = pa.table({column.name: column.decode(values) for column, values in columns})
    return layouts.lay_out(table, study.schema, layouts.FILE)


@settings(max_examples=30)
@given(st.sampled_from([*WRITTEN]), st.integers(0, 2**32 - 1))
def test_cells_are_written_as_they_were_read(form: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    chosen = rng.random((ROWS, len(OPTIONS))) < 0.45
    chosen[np.arange(ROWS), rng.integers(len(OPTIONS), size=ROWS)] = True
    rows = [[OPTIONS[index] for index in np.flatnonzero(row)] for row in chosen]
    cells = [None, *(WRITTEN[form](row) for row in rows[1:])]
    table = laid_out(cleaned(cells))
    assert table.column_names == ["age", "Which channels?", "age again"]
    assert table["Which channels?"].to_pylist() == cells


def test_codes_and_rankings_are_written_as_they_were_read() -> None:
    rng = np.random.default_rng(0)
    codes = [sorted(rng.choice(9, rng.integers(1, 5), replace=False).tolist()) for _ in AGE]
    assert laid_out(cleaned(codes))["Which channels?"].to_pylist() == codes
    bare = [str(row) for row in codes]
    assert laid_out(cleaned(bare))["Which channels?"].to_pylist() == bare
    spaced = [" ".join(map(str, row)) for row in codes]
    assert laid_out(cleaned(spaced))["Which channels?"].to_pylist() == spaced
    orders = [";".join(rng.permutation(["A", "B", "C", "D"])) for _ in AGE]
    assert laid_out(cleaned(orders))["Which channels?"].to_pylist() == orders


def test_nothing_chosen_is_an_empty_cell() -> None:
    cells = [["a", "b"], ["b", "c"], ["a"], ["c", "a", "b"], []] * (ROWS // 5)
    table = laid_out(cleaned(cells))
    assert table["Which channels?"].to_pylist()[4] == []
    written = layouts.texts_of_lists(table)["Which channels?"].to_pylist()
    assert written[:2] == ['["a", "b"]', '["b", "c"]']


def test_rows_of_a_model_are_written_and_read_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    cells = [";".join(it for it in "abcd" if rng.random() < 0.5) or "a" for _ in AGE]
    model = simulacra.fit(pa.table({"Which?": cells, "Your age": AGE}))
    model.save(tmp_path / "model")
    out = simulacra.load(tmp_path / "model").generate(300, seed=1)
    for name in ("rows.csv", "rows.parquet"):
        out.write(tmp_path / name, layout="file")
    rows = pa.csv.read_csv(tmp_path / "rows.csv")
    assert rows.column_names == ["Which?", "Your age"]
    again = clean.clean(source.read(tmp_path / "rows.parquet", limits.DEFAULT), limits.DEFAULT)
    assert again.schema.sets == model.schema.sets
    assert pq.read_table(tmp_path / "rows.parquet")["Which?"].to_pylist() == [
        cell or None for cell in rows["Which?"].to_pylist()
    ]
    assert out.write(tmp_path / "plain.csv") is out
    assert pa.csv.read_csv(tmp_path / "plain.csv").column_names == out.table.column_names


def test_a_layout_that_is_unknown_is_refused() -> None:
    study = cleaned(["a", "b"] * (ROWS // 2))
    table = pa.table({})
    assert layouts.lay_out(table, study.schema, layouts.SCHEMA) is table
    with pytest.raises(ValueError, match="'wide' is unknown; use one of schema, file"):
        layouts.lay_out(table, study.schema, "wide")


def test_all_forms_of_lists_can_be_written() -> None:
    assert {separators.JSON_LIST, separators.PYTHON_LIST, separators.BARE_LIST} == {
        *separators.LISTS
    }
