"""Excel workbooks, read by openpyxl, which shares no code with what writes them."""

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
import python_calamine as calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulacra.engine import outputs
from simulacra.engine.codebook import Coding
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.schema import MultipleResponseSet
from simulacra.engine.writing import excel, files
from simulacra.engine.writing.codebook import Codebook, Entry
from simulacra.engine.writing.workbook_file import rows
from tests.engine.writing.test_spss import column

CONTROLS = {*map(chr, range(32)), "\ufffe", "\uffff"} - {"\t", "\n", "\r"}


def written(path: Path, table: pa.Table, codebook: Codebook | None = None) -> Any:  # noqa: ANN401
    files.write(table, path, codebook=codebook)
    return openpyxl.load_workbook(path)


def cells(sheet: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401
    return [*sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("part", [2_000, 1])
def test_cells_are_what_values_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(rows, "PART_ROWS", part)
    table = pa.table(
        {
            "text": ["a", None, "né"],
            "whole": [1, None, -3],
            "beyond": [2**60, None, 1],
            "number": [0.5, None, float("inf")],
            "flag": [True, None, False],
            "day": [dt.date(2024, 2, 29), None, dt.date(1900, 3, 1)],
            "old": [dt.date(1899, 2, 1), None, dt.date(2024, 2, 29)],
            "moment": [dt.datetime(2024, 2, 29, 12, 30), None, None],  # noqa: DTZ001
            "time": [dt.time(12, 30), None, None],
            "waited": [dt.timedelta(hours=30), None, None],
            "early": [dt.timedelta(seconds=-90), None, dt.timedelta(hours=30)],
            "list": [["a", "b"], None, []],
        }
    )
    found = cells(written(tmp_path / "rows.xlsx", table)["Rows"])
    assert found[0] == tuple(table.column_names)
    assert found[1] == (
        *("a", 1, str(2**60), 0.5, True, dt.datetime(2024, 2, 29), "1899-02-01"),  # noqa: DTZ001
        *(dt.datetime(2024, 2, 29, 12, 30), dt.time(12, 30), dt.timedelta(hours=30)),  # noqa: DTZ001
        *("-00:01:30", '["a", "b"]'),
    )
    assert found[2] == (None,) * 12
    assert found[3] == (
        *("né", -3, "1", None, False, dt.datetime(1900, 3, 1), "2024-02-29"),  # noqa: DTZ001
        *(None, None, None, "30:00:00", "[]"),
    )


def test_no_cell_becomes_a_formula_or_a_link(tmp_path: Path) -> None:
    texts = [
        "=1+1",
        "+1",
        "-1+2",
        "@SUM(1,2)",
        "{=1}",
        "http://example.org",
        "mailto:a@b.c",
        "\t=1",
    ]
    table = pa.table({"=1+1": texts})
    entry = Entry(column("=1+1", NOMINAL, levels=tuple(texts), label="=2+2"))
    codebook = Codebook({"=1+1": entry}, title="=3", card=[("=4", "=5")], figures="=6\n=7")
    book = written(tmp_path / "rows.xlsx", table, codebook)
    assert [row[0] for row in cells(book["Rows"])] == ["=1+1", *texts]
    found = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in found if cell.value is not None} <= {"s", "n"}
    assert not [cell for cell in found if cell.hyperlink is not None]
    assert {"=2+2", "=3", "=4", "=5", "=6", "=7"} <= {cell.value for cell in found}


def test_sheets_say_what_columns_and_rows_are(tmp_path: Path) -> None:
    described = {
        "q1": column("q1", NOMINAL, levels=("Yes", "No"), shares=(0.25, 0.75), label="Do you?"),
        "rating": column("rating", NOMINAL, levels=("1", "2")),
        "spend": column("spend", decimals=2, min=1.5, max=9.0, unit="€", source_name="spend (€)"),
    }
    coding = Coding((1.0, 2.0), {1.0: "Yes", 2.0: "No", 9.0: "Refused"}, ((8.0, 9.0),))
    codebook = Codebook(
        {name: Entry(it, coding if name == "q1" else None) for name, it in described.items()},
        [MultipleResponseSet("set", "Which?", "category", ("q1", "rating"))],
        title="Made rows",
        card=[("Seed", "7")],
        figures="q1 = Yes   25%",
    )
    table = pa.table({"q1": ["Yes"], "rating": ["2"], "spend": [2.5], "weight": [0.5]})
    book = written(tmp_path / "rows.xlsx", table, codebook)
    assert book.sheetnames == ["Rows", "Codebook", "Value labels", "About these rows"]
    assert cells(book["Rows"])[1] == ("Yes", 2, 2.5, 0.5)
    assert book["Rows"]["C2"].number_format == "0.00"
    assert book["Rows"].freeze_panes == "A2"
    assert book["Rows"].auto_filter.ref == "A1:D2"
    lines = cells(book["Codebook"])[1:]
    assert lines[0] == (
        *("q1", "Do you?", "nominal", "1 = Yes\n2 = No", 0, "8 to 9", "Which?", None),
    )
    assert lines[1][:4] == ("rating", "What about rating?", "nominal", "1\n2")
    assert lines[2][2:4] == ("number", "1.5 to 9.0 €")
    assert lines[2][7] == "spend (€)"
    assert lines[3][:3] == ("weight", None, "number")
    assert cells(book["Value labels"])[1:4] == [
        ("q1", 1, "Yes", 0.25),
        ("q1", 2, "No", 0.75),
        ("q1", 9, "Refused", None),
    ]
    about = [value for row in cells(book["About these rows"]) for value in row if value]
    assert about == ["Made rows", "Seed", "7", "q1 = Yes   25%"]


TEXTS = st.text(max_size=12) | st.sampled_from(["<b>&amp;", "_x0041_", " a ", "]]>", '"', "\r\n"])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.none() | TEXTS, min_size=1), numbers=st.data())
def test_any_texts_and_numbers_are_read_alike(
    tmp_path: Path, texts: list[str | None], numbers: st.DataObject
) -> None:
    finite = st.none() | st.floats(allow_nan=False, allow_infinity=False)
    drawn = numbers.draw(st.lists(finite, min_size=len(texts), max_size=len(texts)))
    table = pa.table(
        {"number": pa.array(drawn, pa.float64()), "text": pa.array(texts, pa.string())}
    )
    files.write(table, tmp_path / "rows.xlsx")
    with calamine.CalamineWorkbook.from_path(tmp_path / "rows.xlsx") as book:
        found = [*book.get_sheet_by_name("Rows").iter_rows()][1:]
    found += [["", ""]] * (len(texts) - len(found))  # it leaves out empty rows at the end
    for row, number, text in zip(found, drawn, texts, strict=True):
        assert row[0] == ("" if number is None else number)
        told = "".join(" " if it in CONTROLS else it for it in text or "")
        assert str(row[1] if len(row) > 1 else "").splitlines() == told.splitlines()


def test_columns_beyond_z_have_their_letters(tmp_path: Path) -> None:
    table = pa.table({f"c{it}": [it] for it in range(800)})
    found = cells(written(tmp_path / "rows.xlsx", table)["Rows"])
    assert found == [tuple(table.column_names), tuple(range(800))]


def test_more_rows_than_a_sheet_has_are_refused_before_writing(tmp_path: Path) -> None:
    table = pa.table({"a": pa.nulls(outputs.MAX_ROWS["xlsx"] + 1, pa.int8())})
    with pytest.raises(ValueError, match="has 1,048,575 rows at most, and these are 1,048,576"):
        files.write(table, tmp_path / "rows.xlsx")
    assert not (tmp_path / "rows.xlsx").exists()


def test_more_columns_than_a_sheet_has_are_refused(tmp_path: Path) -> None:
    table = pa.table({str(it): [it] for it in range(excel.MAX_COLUMNS + 1)})
    with pytest.raises(ValueError, match=r"16,385 columns; a sheet of Excel has 16,384"):
        files.write(table, tmp_path / "rows.xlsx")
