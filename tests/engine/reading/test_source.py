from collections.abc import Callable
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.reading import source

COLUMNS = {"a": [1, 2, 3], "b": ["x", None, "z"]}


@pytest.mark.parametrize("make", [pa.table, pd.DataFrame, pl.DataFrame])
def test_any_table_comes_out_as_arrow(make: Callable[[object], object]) -> None:
    table = source.read(make(COLUMNS), limits.DEFAULT).table
    assert isinstance(table, pa.Table)
    assert table.to_pydict() == COLUMNS


def test_the_index_of_a_filtered_frame_is_not_a_column() -> None:
    frame = pd.DataFrame(COLUMNS).iloc[[0, 2]]
    assert source.read(frame, limits.DEFAULT).table.column_names == ["a", "b"]


def test_a_frame_that_mixes_types_is_refused_without_quoting_it() -> None:
    frame = pd.DataFrame({"a": [1, "SECRET", object()], "b": [1, 2, 3]})
    with pytest.raises(errors.StudyError, match="Column") as caught:
        source.read(frame, limits.DEFAULT)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", "a,b\n1,2\n".encode("utf-16")])
def test_the_suffix_means_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "study.parquet"
    path.write_bytes(content)
    assert source.read(str(path), limits.DEFAULT).table.column_names == ["a", "b"]


def test_an_image_named_csv_is_refused(write_file: Callable[[bytes], Path]) -> None:
    with pytest.raises(errors.StudyError, match="PNG"):
        source.read(write_file(b"\x89PNG\r\n\x1a\n" + bytes(100)), limits.DEFAULT)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_path_that_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.StudyError, match="cannot be opened"):
        source.read(tmp_path / name, limits.DEFAULT)


@pytest.mark.parametrize("thing", [None, 7, [1, 2], {"a": [1]}, b"a,b\n1,2\n"])
def test_anything_else_is_a_type_error(thing: object) -> None:
    with pytest.raises(TypeError, match="a path or a table"):
        source.read(thing, limits.DEFAULT)


@pytest.mark.parametrize(
    "bounds",
    [limits.StudyBounds(max_columns=1), limits.StudyBounds(max_rows=2)],
    ids=["columns", "rows"],
)
def test_a_table_beyond_the_bounds_is_refused(bounds: limits.StudyBounds) -> None:
    with pytest.raises(errors.StudyError, match="can be modelled"):
        source.read(pa.table(COLUMNS), bounds)
