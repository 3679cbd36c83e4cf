import dataclasses
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import simulacra
from simulacra.engine.codebook import Coding
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.writing import files
from simulacra.engine.writing.codebook import Codebook, Entry
from tests.engine.writing.test_spss import column

TABLE = pa.table(
    {
        "coded": ["Yes", None, "No"],
        "text": ["North", "s", None],
        "part": ["low", "high", None],
        "free": ["b", "a", None],
        "flag": [True, False, None],
        "age": [1, 2, None],
    }
)
CODEBOOK = Codebook(
    {
        "coded": Entry(column("coded", NOMINAL, levels=("Yes", "No")), Coding((7.0, None))),
        "text": Entry(
            column("text", NOMINAL, levels=("North", "s")), Coding(("n", "s"), is_text=True)
        ),
        "part": Entry(column("part", NOMINAL, levels=("low", "high")), Coding((0.5, 1.5))),
        "free": Entry(column("free", NOMINAL, levels=("a", "b"))),
        "flag": Entry(column("flag", BOOLEAN, levels=("false", "true"))),
        "age": Entry(column("age")),
    }
)


def test_cells_are_the_codes_of_the_studys_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    files.write(TABLE, path, codebook=CODEBOOK, values="codes")
    assert pq.read_table(path).to_pydict() == {
        "coded": [7, None, None],
        "text": ["n", "s", None],
        "part": [0.5, 1.5, None],
        "free": [2, 1, None],
        "flag": [1, 0, None],
        "age": [1, 2, None],
    }


@pytest.mark.parametrize("name", ["sav", "dta", "triple-s"])
def test_files_of_codes_are_the_same_either_way(tmp_path: Path, name: str) -> None:
    for values in ("labels", "codes"):
        files.write(TABLE, tmp_path / values, name, CODEBOOK, values)
    assert (tmp_path / "labels").read_bytes() == (tmp_path / "codes").read_bytes()


def test_other_values_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'texts' are unknown; use one of labels, codes"):
        files.write(TABLE, tmp_path / "rows.csv", codebook=CODEBOOK, values="texts")


def test_generated_rows_are_written_as_codes(mixed_model: simulacra.Model, tmp_path: Path) -> None:
    out = mixed_model.generate(20, seed=1)
    out.write(tmp_path / "rows.csv", values="codes")
    lines = (tmp_path / "rows.csv").read_text().splitlines()
    names = lines[0].replace('"', "").split(",")
    codes = {line.split(",")[names.index("agreement")] for line in lines[1:]}
    assert codes <= {"1", "2", "3", "4"}
    assert dataclasses.replace(out).table.equals(out.table)
