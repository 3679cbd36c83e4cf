"""Cross tables as workbooks, read by openpyxl."""

import dataclasses
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import simulacra
from simulacra.engine.tabulating.crosstab import Block, Cell, Column, Crosstab, Line

COLUMNS = (
    Column(None, "Total", ""),
    Column("segment", "Families", "A"),
    Column("segment", "Retired", "B"),
)


def block(name: str, figure: str, levels: dict[str | None, tuple[Any, ...]]) -> Block:
    lines = tuple(
        Line(level, tuple(Cell(value, "B" if at == 1 else "") for at, value in enumerate(values)))
        for level, values in levels.items()
    )
    return Block(name, figure, lines, (90, 70, 20), (81.5, 60.0, 12.4))


LABELS = {
    "own": "Which do you own?",
    "like_1": "How do you like it? - Tea",
    "like_2": "How do you like it? - Milk: cold",
    "spend": "=1+1",
    "segment": "Household",
}
TABLE = Crosstab(
    columns=COLUMNS,
    blocks=(
        block(
            "own", "share", {"Which do you own? - Car": (0.5, 0.6, 0.25), "Bike": (0.1, None, 1)}
        ),
        block("like_1", "mean", {None: (3.25, 4.5, 1.0)}),
        block("like_2", "mean", {None: (2.0, 2.5, None)}),
        block("spend", "mean", {None: (30.0, 31.0, 32.0)}),
        block("joined", "mean", {None: ("2024-02-29", "2024-03-01", None)}),
        block("a/b:c [x]", "share", {"yes": (0.5, 0.5, 0.5)}),
    ),
    level=0.95,
    compared=5,
    unit="rows",
    notes=("A letter names the smaller one.", "=note"),
    labels=LABELS,
)


@pytest.fixture
def book(tmp_path: Path) -> Any:  # noqa: ANN401
    path = tmp_path / "tables.xlsx"
    assert TABLE.write(path, "=Wave 3") is TABLE
    return openpyxl.load_workbook(path)


def rows(sheet: Any) -> list[list[Any]]:  # noqa: ANN401
    """Return the rows of a sheet from the heads on, without empty ends."""
    lines = sheet.iter_rows(min_row=5, values_only=True)
    found = [[None if it == "" else it for it in line] for line in lines]
    return [row for row in found if any(it is not None for it in row)]


def test_questions_have_sheets_and_the_contents_lead_to_them(book: Any) -> None:  # noqa: ANN401
    assert book.sheetnames == [
        "Contents", "1 Which do you own", "2 How do you like it", "3 Means", "4 a b c x", "Notes",
    ]  # fmt: skip
    contents = book["Contents"]
    assert contents["A1"].value == "=Wave 3"
    assert contents["A2"].value == "Columns: Total, Household"
    listed = [[cell.value for cell in row] for row in contents.iter_rows(min_row=5, max_row=8)]
    assert listed == [
        [1, "Which do you own?", "own", 90],
        [2, "How do you like it?", "like_1, like_2", 90],
        [3, "Means", "spend, joined", 90],
        [4, "a/b:c [x]", "a/b:c [x]", 90],
    ]
    links = [contents.cell(row, 2).hyperlink.location for row in range(5, 9)]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[1:5]]
    for sheet in book.worksheets[1:]:
        (back,) = [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]
        assert back.hyperlink.location == "'Contents'!A1"


def test_a_sheet_has_figures_letters_and_bases(book: Any) -> None:  # noqa: ANN401
    sheet = book["1 Which do you own"]
    assert sheet["A1"].value == "Which do you own?"
    assert sheet["A2"].value == "Shares within each column. Variables: own."
    assert rows(sheet) == [
        [None, None, None, "Household", None, None, None],
        [None, "Total", None, "Families", None, "Retired", None],
        [None, None, None, "A", None, "B", None],
        ["Car", 0.5, None, 0.6, "B", 0.25, None],
        ["Bike", 0.1, None, "–", "B", 1, None],  # noqa: RUF001 - as there
        ["Base (rows)", 90, None, 70, None, 20, None],
        ["Effective base", 81.5, None, 60, None, 12.4, "*"],
    ]
    assert sheet["B8"].number_format == "0.0%"
    assert sheet.freeze_panes == "B8"
    assert sheet.page_setup.orientation == "landscape"


def test_items_of_a_question_share_a_sheet_and_their_bases(book: Any) -> None:  # noqa: ANN401
    names = [row[0] for row in rows(book["2 How do you like it"])[3:]]
    assert names == ["Tea", "Milk: cold", "Base (rows)", "Effective base"]
    means = rows(book["3 Means"])[3:]
    assert [row[:2] for row in means[:2]] == [["=1+1", 30], ["joined", "2024-02-29"]]


def test_items_of_other_bases_have_them_each(tmp_path: Path) -> None:
    other = dataclasses.replace(TABLE.blocks[2], bases=(80, 60, 20))
    blocks = (TABLE.blocks[1], other)
    dataclasses.replace(TABLE, blocks=blocks).write(tmp_path / "t.xlsx")
    names = [row[0] for row in rows(openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[1])[3:]]
    assert names == [
        "Tea", "Base (rows)", "Effective base", "Milk: cold", "Base (rows)", "Effective base",
    ]  # fmt: skip


def test_a_wide_banner_is_printed_on_several_pages(tmp_path: Path) -> None:
    columns = (COLUMNS[0], *(Column("segment", f"S{it}", "ABCDEFGHIJKL"[it]) for it in range(12)))
    cells = tuple(Cell(0.5, "ABCDEFGH") for _ in columns)
    wide = Block("own", "share", (Line("yes", cells),), (90,) * 13, (81.5,) * 13)
    made = dataclasses.replace(TABLE, columns=columns, blocks=(wide,))
    made.write(tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[1]
    breaks = [it.id for it in sheet.col_breaks.brk]
    assert len(breaks) > 1
    assert all(it % 2 for it in breaks)  # before figures, and not before their letters
    assert sheet.column_dimensions["E"].width > 10


def test_notes_say_that_rows_are_synthetic_and_nothing_is_a_formula(book: Any) -> None:  # noqa: ANN401
    notes = [cell.value for (cell,) in book["Notes"].iter_rows() if cell.value]
    assert notes[:2] == ["How to read the tables", "Contents"]
    assert "synthetic" in notes[2]
    assert notes[3:] == list(TABLE.notes)
    types = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert types <= {"s", "n"}


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.xlsx", "other.XLSX"):
        Crosstab.from_json(TABLE.to_json()).write(tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "other.XLSX").read_bytes()


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"'t.csv' does not end in .xlsx; .* `table`"):
        TABLE.write(tmp_path / "t.csv")


def test_a_table_of_a_model_is_written(meal_kit_model: simulacra.Model, tmp_path: Path) -> None:
    table = meal_kit_model.crosstab(["channel", "monthly_spend"], ["segment", "region"])
    table.write(tmp_path / "t.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "t.xlsx").worksheets[1]
    figures = [row[1] for row in rows(sheet)[3:6]]
    assert figures == [line.cells[0].value for line in table.blocks[0].lines]
