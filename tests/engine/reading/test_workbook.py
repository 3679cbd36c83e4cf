import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy
from simulacra.engine.options import FileOptions
from simulacra.engine.reading import source, workbook
from tests.studies import old_workbooks, workbooks

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


def answers(rows: int) -> list[list[workbooks.Cell]]:
    """Names and answers, of which some occur again."""
    table: list[list[workbooks.Cell]] = [["age", "group"]]
    table += [[20 + number % 9, "AB"[number % 2]] for number in range(rows)]
    return table


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_passed_over_unless_it_is_named(
    write_file: WriteFile, state: str
) -> None:
    lists: list[list[workbooks.Cell]] = [["item", "n"]]
    lists += [[f"item {n}", n] for n in range(60)]
    path = write_file(workbooks.made({"Lists": lists, "Data": answers(40)}, {"Lists": state}))
    study = read(path)
    assert study.table.column_names == ["age", "group"]
    assert "'Lists' (hidden)" in study.actions[0].reason
    assert read(path, "Lists").table.column_names == ["item", "n"]


def test_a_workbook_with_a_hidden_table_alone_names_it(write_file: WriteFile) -> None:
    path = write_file(workbooks.made({"Note": [["x"]], "Data": ROWS}, {"Data": "hidden"}))
    with pytest.raises(errors.StudyError, match="Hidden sheets were passed over: 'Data'"):
        read(path)


CODEBOOK: dict[str, list[list[workbooks.Cell]]] = {
    "name and wording": [["variable", "label"], ["age", "How old?"], ["group", "Which group?"]],
    "names repeated for each code": [
        ["variable", "code"],
        ["age", 1],
        ["group", 1],
        ["group", 2],
    ],
}


@pytest.mark.parametrize("codebook", CODEBOOK.values(), ids=CODEBOOK)
def test_a_sheet_that_lists_the_columns_of_another_is_passed_over(
    write_file: WriteFile, codebook: list[list[workbooks.Cell]]
) -> None:
    study = read(write_file(workbooks.workbook(Codebook=codebook, Data=answers(40))))
    assert study.table.column_names == ["age", "group"]
    assert "which lists 2 of the 2 columns of 'Data'" in study.actions[0].reason


def test_a_sheet_of_texts_that_never_occur_again_is_passed_over(write_file: WriteFile) -> None:
    readme: list[list[workbooks.Cell]] = [[f"term {n}", f"its meaning {n}"] for n in range(40)]
    study = read(write_file(workbooks.workbook(Readme=readme, Data=answers(40))))
    assert study.table.column_names == ["age", "group"]
    assert "texts of which none occurs again" in study.actions[0].reason


def test_a_study_without_enough_rows_is_refused_with_its_sheet(write_file: WriteFile) -> None:
    path = write_file(workbooks.workbook(Data=answers(40), Other=answers(20)))
    with pytest.raises(errors.StudyError, match=r"Sheet 'Other' was read; .* 'Data'\."):
        clean.clean(read(path, "Other"), limits.DEFAULT)


def test_dates_times_and_durations_are_told_apart(write_file: WriteFile) -> None:
    day = dt.date(2023, 5, 4)
    rows: list[list[workbooks.Cell]] = [
        ["day", "visit", "at", "stay", "mixed"],
        [day, dt.datetime(2023, 5, 4, 9, 30), dt.time(13, 45), dt.timedelta(hours=26.5), day],  # noqa: DTZ001
        [day, dt.datetime(2023, 5, 5, 0, 0), dt.time(0, 0, 1), dt.timedelta(minutes=5), "x"],  # noqa: DTZ001
    ]
    table = read(write_file(workbooks.workbook(Data=rows))).table.to_pydict()
    assert table == {
        "day": ["2023-05-04", "2023-05-04"],
        "visit": ["2023-05-04 09:30:00", "2023-05-05 00:00:00"],
        "at": ["13:45:00", "00:00:01"],
        "stay": ["26:30:00", "00:05:00"],
        "mixed": ["2023-05-04", "x"],
    }


def test_dates_beside_texts_of_dates_stay_dates(write_file: WriteFile) -> None:
    days: list[list[workbooks.Cell]] = [[dt.date(2023, 5, 4), 1], ["25/07/2023", 2]]
    study = read(write_file(workbooks.workbook(Data=[["visit", "n"], *days])))
    assert study.table["visit"].to_pylist() == ["2023-05-04", "25/07/2023"]


def test_each_row_of_a_merged_region_has_its_value(write_file: WriteFile) -> None:
    rows: list[list[workbooks.Cell]] = [["region", "n"]]
    rows += [["North" if n == 0 else "South" if n == 3 else None, n] for n in range(6)]
    study = read(write_file(workbooks.made({"Data": rows}, merged=["A2:A4", "A5:A7"])))
    assert study.table["region"].to_pylist() == ["North"] * 3 + ["South"] * 3
    (action,) = study.actions
    assert (action.column, action.count) == ("region", 2)


def test_a_region_above_the_data_is_no_answer(write_file: WriteFile) -> None:
    rows: list[list[workbooks.Cell]] = [[], ["id", "Which?", None], [None, "A", "B"]]
    rows += [[n, n % 2, 1] for n in range(20)]
    study = read(write_file(workbooks.made({"Data": rows}, merged=["A2:A3", "B2:C2"])))
    assert study.table.column_names == ["id", "Which? - A", "Which? - B"]
    assert study.table["id"].to_pylist() == [str(n) for n in range(20)]


@pytest.mark.parametrize("folder", ["", "office/"])
def test_the_parts_of_a_workbook_may_be_in_any_folder(write_file: WriteFile, folder: str) -> None:
    study = source.read(write_file(workbooks.made({"Data": ROWS}, folder=folder)), SMALL)
    assert study.table.column_names == ["age", "owns", "city"]


def test_an_old_workbook_is_read(write_file: WriteFile) -> None:
    rows: list[list[str | float | None]] = [["age", "group"]]
    rows += [[n + 0.5, "é"] for n in range(40)]
    content = old_workbooks.workbook(hidden=["Lists"], Lists=rows, Data=[["x", "y"], *rows[1:]])
    study = source.read(write_file(content), limits.DEFAULT)
    assert study.table.to_pylist()[0] == {"x": "0.5", "y": "é"}
    assert study.overrides == {"sheet": "Data", "header_rows": 1}
    with pytest.raises(errors.StudyError, match="bytes"):
        source.read(write_file(content), limits.StudyBounds(max_cell_bytes=10_000))
