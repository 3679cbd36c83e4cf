from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.reading import parquet


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "study.parquet"
    pq.write_table(pa.table({"a": np.arange(200), "b": ["yes", "no"] * 100}), path)
    return path


def test_a_table_comes_back(path: Path) -> None:
    table = parquet.read(path, limits.DEFAULT).table
    assert table.column_names == ["a", "b"]
    assert table.num_rows == 200


@pytest.mark.parametrize(
    "bounds",
    [limits.StudyBounds(max_columns=1), limits.StudyBounds(max_rows=199)],
    ids=["columns", "rows"],
)
def test_more_than_the_bounds_is_refused(path: Path, bounds: limits.StudyBounds) -> None:
    with pytest.raises(errors.StudyError, match="2 columns and 200 rows"):
        parquet.read(path, bounds)


def test_few_bytes_that_unpack_to_many_are_refused_by_their_metadata(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"a": np.zeros(4_000_000), "b": np.zeros(4_000_000)}), bomb)
    assert bomb.stat().st_size < 100_000
    with pytest.raises(errors.StudyError, match="unpacks to"):
        parquet.read(bomb, limits.StudyBounds(max_cell_bytes=50_000_000))


@pytest.mark.parametrize("place", [10, 300, -10, -100, -400])
def test_a_damaged_file_is_refused_or_read(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)
    try:
        parquet.read(path, limits.DEFAULT)
    except errors.StudyError as error:
        assert "damaged" in error.detail


def test_a_truncated_file_is_refused(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(errors.StudyError, match="damaged"):
        parquet.read(path, limits.DEFAULT)


def test_text_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    odd = tmp_path / "odd.parquet"
    raw = pa.array([b"caf\xe9", b"x"] * 50, pa.binary())
    pq.write_table(pa.table({"a": raw.view(pa.string()), "b": np.arange(100)}), odd)
    with pytest.raises(errors.StudyError, match="damaged"):
        parquet.read(odd, limits.DEFAULT)
