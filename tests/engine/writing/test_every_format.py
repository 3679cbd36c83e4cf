import codecs
import csv
import datetime as dt
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import simulacra
from simulacra.engine import outputs
from simulacra.engine.report.report import Report
from simulacra.engine.writing import files
from simulacra.engine.writing.registry import FORMATS

TABLE = pa.table(
    {
        "text": ['say "hi"', "a,b", None, "line\nbreak"],
        "blank": ["", "NA", None, " null "],
        "whole": [1, None, 3, -4],
        "number": [0.1, 2.5, None, 1e-9],
        "flag": [True, False, None, True],
        "day": [dt.date(2024, 2, 29), None, dt.date(1969, 1, 1), dt.date(2030, 1, 1)],
        "time": pa.array([0, None, 1_700_000_000_000_000, -1_000_000], pa.timestamp("us")),
    }
)


@pytest.mark.parametrize("name", FORMATS)
def test_a_written_table_is_read_again(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"rows.{name}"
    files.write(TABLE, path)
    if FORMATS[name].read is None:
        with pytest.raises(ValueError, match=f"{name!r} are not read as rows"):
            files.read(path, name, TABLE.schema)
        return
    assert files.read(path, name, TABLE.schema).to_pydict() == TABLE.to_pydict()
    some = TABLE.select(["day", "text"])
    assert files.read(path, name, some.schema).to_pydict() == some.to_pydict()


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_table_gives_the_same_bytes(tmp_path: Path, name: str) -> None:
    first, second = tmp_path / "one", tmp_path / "other"
    files.write(TABLE, first, name)
    files.write(pa.concat_tables([TABLE[:2], TABLE[2:]]).combine_chunks(), second, name)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("suffix", "chosen"), [("ODS", None), ("csv", "excel"), ("", None)])
def test_an_unknown_format_is_refused(tmp_path: Path, suffix: str, chosen: str | None) -> None:
    with pytest.raises(ValueError, match="parquet, csv, arrow"):
        files.write(TABLE, tmp_path / f"rows.{suffix}", chosen)


def test_the_case_of_a_suffix_means_nothing(tmp_path: Path) -> None:
    files.write(TABLE, tmp_path / "rows.CSV")
    assert (tmp_path / "rows.CSV").read_text().startswith('"text"')


@pytest.mark.parametrize("name", FORMATS)
def test_generated_rows_are_written(
    mixed_model: simulacra.Model, tmp_path: Path, name: str
) -> None:
    out = mixed_model.generate(50, seed=1)
    other = tmp_path / f"other.{outputs.suffix_of(name)}"
    out.write(tmp_path / "one", name).write(other, None if name != "csv-excel" else name)
    assert (tmp_path / "one").read_bytes() == other.read_bytes()


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "arrow"])  # not read as study
def test_generated_rows_can_be_a_study_themselves(
    mixed_model: simulacra.Model, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "rows"
    mixed_model.generate(300, seed=1).write(path, name)
    again = simulacra.fit(path).schema
    assert again.names == mixed_model.schema.names
    types = {column.name: column.type for column in mixed_model.schema.columns}
    if name not in ("sav", "zsav", "triple-s"):
        del types["agreement"]  # the order of its levels is not in the file
    assert {name: again[name].type for name in types} == types


def test_csv_holds_what_a_spreadsheet_would_take_for_a_formula_as_it_is(tmp_path: Path) -> None:
    """The file is data: what a program would read back must be what was made."""
    levels = [
        "=cmd|' /C calc'!A0",
        "@SUM(1,2)",
        "+49 30 1",
        "-1+2",
        "\t=1+1",
        '=HYPERLINK("x","y")',
    ]
    table = pa.table({"=1+1": levels, "change": [-4, -3, -2, -1, 0, 1]})
    path = tmp_path / "rows.csv"
    files.write(table, path)
    assert files.read(path, "csv", table.schema).equals(table)
    with path.open(newline="") as file:
        assert [row[0] for row in csv.reader(file)] == ["=1+1", *levels]  # one cell each


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_the_schema_of_a_file_says_what_the_rows_are(
    mixed_model: simulacra.Model, tmp_path: Path, name: str
) -> None:
    path = tmp_path / f"rows.{name}"
    plans = {mixed_model.schema["plan"].levels[0]: 0.5}
    out = mixed_model.generate(50, seed=1, categorical={"plan": plans}).write(path)
    found = pq.read_schema(path) if name == "parquet" else pa.ipc.open_file(path).schema
    texts = {key.decode(): text.decode() for key, text in (found.metadata or {}).items()}
    assert texts["simulacra.title"].startswith("Synthetic rows")
    assert [tuple(it) for it in json.loads(texts["simulacra.card"])] == out.card.items()
    assert Report.from_json(json.loads(texts["simulacra.report"])) == out.report


@pytest.mark.parametrize("name", ["sav", "dta", "xlsx", "triple-s"])
def test_files_for_other_tools_have_the_card(
    mixed_model: simulacra.Model, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "rows"
    out = mixed_model.generate(50, seed=1)
    out.write(path, name)
    if name in ("xlsx", "triple-s"):
        with zipfile.ZipFile(path) as archive:
            content = b"".join(archive.read(it) for it in archive.namelist())
    else:
        content = path.read_bytes()
    told = b" ".join(content.split())  # lines are broken differently
    for heading, text in out.card.items():
        first = text.split("\n")[0].split(". ")[0]
        assert heading.encode() in told
        if heading in ("Rows", "Seed", "Study size"):
            assert first.encode() in told


def test_csv_for_excel_has_no_formulas_and_is_the_same_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    levels: list[str | None] = ["=1+1", "+49 30 1", "-", "@a", "\t=1", "\r=1", "\n=1", "\uff1d1"]
    levels += ["a=b", "né", None]
    table = pa.table({"=1+1": levels, "change": range(-4, 7)})
    files.write(table, path, "csv-excel")
    with path.open(encoding="utf-8-sig", newline="") as file:
        read = [*csv.reader(file)]
    assert path.read_bytes().startswith(codecs.BOM_UTF8)
    assert read[0] == ["'=1+1", "change"]
    escaped = [f"'{it}" if it and it not in ("a=b", "né") else it or "" for it in levels]
    assert [row[0] for row in read[1:]] == escaped
    assert [int(row[1]) for row in read[1:]] == [*range(-4, 7)]
    files.write(TABLE, tmp_path / "plain", "csv")
    files.write(TABLE, tmp_path / "excel", "csv-excel")
    with (tmp_path / "plain").open(newline="") as file:
        plain = [*csv.reader(file)]
    with (tmp_path / "excel").open(encoding="utf-8-sig", newline="") as file:
        assert [*csv.reader(file)] == plain
