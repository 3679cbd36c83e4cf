from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulacra.engine import errors, limits
from simulacra.engine.codebook import RawStudy
from simulacra.engine.options import FileOptions
from simulacra.engine.reading import workbook
from tests.studies import workbooks

WriteFile = Callable[[bytes], Path]
ROWS: list[list[workbooks.Cell]] = [["age", "owns", "city"], [31, True, "Köln"], [4.5, False, None]]
SMALL = limits.StudyBounds(min_rows=1)


def read(path: Path, sheet: str | None = None) -> RawStudy:
    return workbook.read(path, SMALL, FileOptions(sheet=sheet))


def test_cells_come_back_as_text(write_file: WriteFile) -> None:
    study = read(write_file(workbooks.workbook(Data=ROWS)))
    assert study.actions == ()
    assert study.table.to_pylist() == [
        {"age": "31", "owns": "true", "city": "Köln"},
        {"age": "4.5", "owns": "false", "city": None},
    ]


def test_the_first_sheet_with_a_table_is_read_and_reported(write_file: WriteFile) -> None:
    path = write_file(workbooks.workbook(Cover=[["Our study"]], Data=ROWS, More=ROWS))
    study = read(path)
    assert study.table.column_names == ["age", "owns", "city"]
    assert [str(action) for action in study.actions] == [
        "read 'file': sheet 'Data' was read, 2 other sheet(s) were not: 'Cover'; 'More'"
    ]


def test_a_sheet_can_be_chosen(write_file: WriteFile) -> None:
    path = write_file(workbooks.workbook(Data=ROWS, More=[["x", "y"], [1, 2]]))
    assert read(path, "More").table.column_names == ["x", "y"]
    with pytest.raises(errors.StudyError, match="no sheet 'MORE'; it has 'More'"):
        read(path, "MORE")


def test_titles_and_merged_headers(write_file: WriteFile) -> None:
    rows: list[list[workbooks.Cell]] = [
        ["Crime by region"],
        [],
        ["Area", "Robbery", None, "Burglary", None],
        [None, None, "Rate", None, "Rate"],
    ]
    rows += [[f"Area {n}", n, n / 3, n * 2, n / 5] for n in range(40)]
    rows += [["Source: police"]]
    study = read(write_file(workbooks.workbook(Data=rows)))
    assert study.table.column_names == [
        *("Area", "Robbery", "Robbery - Rate", "Burglary", "Burglary - Rate")
    ]


@pytest.mark.parametrize("rows", [[], [["a"]], [["a", "b"]], [["a"], [1], [2]]])
def test_a_workbook_without_a_table_is_refused(
    write_file: WriteFile, rows: list[list[workbooks.Cell]]
) -> None:
    with pytest.raises(errors.StudyError, match="holds a table of at least two"):
        read(write_file(workbooks.workbook(Data=rows)))


def test_a_cell_in_the_last_corner_is_refused_before_it_is_parsed(write_file: WriteFile) -> None:
    content = workbooks.cell_in_last_corner()
    assert len(content) < 5_000
    with pytest.raises(errors.StudyError, match="column 16,384 and row 1,048,576"):
        read(write_file(content))


def test_a_sheet_that_unpacks_to_more_than_the_bounds_is_refused(write_file: WriteFile) -> None:
    content = workbooks.large_when_unpacked(megabytes=20)
    assert len(content) < 100_000
    with pytest.raises(errors.StudyError, match="unpacks to"):
        workbook.read(write_file(content), limits.StudyBounds(max_cell_bytes=40 * 1024**2))


def test_a_declared_dimension_alone_does_no_harm(write_file: WriteFile) -> None:
    pieces = [
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="B{n}"><v>{n / 2}</v></c></row>'
        for n in range(1, 5)
    ]
    content = workbooks.from_xml({"Data": pieces}, above='<dimension ref="A1:XFD1048576"/>')
    assert read(write_file(content)).table.num_columns == 2


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 1200), flip=st.integers(1, 255))
def test_a_damaged_workbook_is_read_or_refused(
    write_file: WriteFile, place: int, flip: int
) -> None:
    content = bytearray(workbooks.workbook(Data=ROWS))
    content[place % len(content)] ^= flip
    try:
        read(write_file(bytes(content)))
    except errors.StudyError as error:
        assert error.detail


CELLS = st.text(alphabet="abcXYZ äöü€,;\"'<>&", min_size=1, max_size=8).filter(
    lambda text: bool(text.strip())
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=2, max_size=6))
def test_a_table_of_texts_comes_back(write_file: WriteFile, rows: list[tuple[str, str]]) -> None:
    content = workbooks.workbook(Data=[["first name", "second name"], *map(list, rows)])
    table = read(write_file(content)).table
    assert table.column_names == ["first name", "second name"]
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        (first.strip(), second.strip()) for first, second in rows
    ]
