"""Studies in triple-S: what is in the archive, and that our reader finds the study again."""

import csv
import datetime as dt
import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, given, settings

from simulacra.engine import limits
from simulacra.engine.codebook import Coding, RawStudy
from simulacra.engine.columns import registry
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import MultipleResponseSet
from simulacra.engine.reading import source
from simulacra.engine.writing import files
from simulacra.engine.writing.codebook import Codebook, Entry
from tests.engine.writing.test_spss import column, tables


def written(
    path: Path, table: pa.Table, codebook: Codebook | None = None
) -> tuple[ET.Element, list[list[str]]]:
    """Write a table, and return the definition and the rows below the names."""
    files.write(table, path, codebook=codebook)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["synthetic.xml", "synthetic.csv"]
        root = ET.fromstring(archive.read("synthetic.xml"))  # noqa: S314 - written a line above
        lines = [*csv.reader(io.StringIO(archive.read("synthetic.csv").decode(), newline=""))]
    assert root.get("version") == "2.0"
    assert lines[0] == [it.text or "" for it in root.iter("name")]
    return root, lines[1:]


def read(path: Path) -> RawStudy:
    return source.read(path, limits.DEFAULT)


def variables(root: ET.Element) -> dict[str, ET.Element]:
    return {it.findtext("name") or "": it for it in root.iter("variable")}


def as_field(cell: Any) -> Any:  # noqa: ANN401
    """Return a cell as a field of triple-S says it: a number, or a text in one form."""
    if isinstance(cell, bool | int | float):
        return float(cell)
    if isinstance(cell, dt.datetime):
        return cell
    if isinstance(cell, dt.date):
        return cell.isoformat().replace("-", "")
    if isinstance(cell, dt.time):
        return cell.isoformat().replace(":", "")
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds()
    return cell or ""


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_any_table_is_in_the_fields(tmp_path: Path, table: pa.Table) -> None:
    _, lines = written(tmp_path / "rows.zip", table)
    fields = [*zip(*lines, strict=True)] or [()] * table.num_columns
    for found, expected in zip(fields, table.columns, strict=True):
        wanted = [as_field(cell) for cell in expected.to_pylist()]
        shown: list[Any] = [*found]
        if any(isinstance(cell, float) for cell in wanted):
            shown = [float(cell) if cell else "" for cell in found]
        elif pa.types.is_timestamp(expected.type):
            shown = [dt.datetime.fromisoformat(cell) if cell else "" for cell in found]
        assert shown == wanted


def test_questions_have_their_types_codes_and_labels(tmp_path: Path) -> None:
    described = {
        "gender": column("gender", NOMINAL, levels=("Male", "Female")),
        "agree": column("agree", ORDINAL, levels=("never", "often", "always")),
        "region": column("region", NOMINAL, levels=("North", "s")),
        "owns": column("owns", BOOLEAN, levels=("false", "true")),
        "age": column("age", registry.named("integer")),
        "spend": column("spend", decimals=2),
        "seen": column("seen", registry.named("date")),
        "at": column("at", registry.named("time")),
        "note": column("note", NOMINAL, levels=("a -- b",), label="<Why> & how?\n"),
    }
    codings = {
        "gender": Coding((2.0, 1.0), {1.0: "Female", 2.0: "Male", 9.0: "Refused"}),
        "region": Coding(("n", "s"), {"n": "North"}, is_text=True),
    }
    table = pa.table(
        {
            "gender": ["Male", None],
            "agree": ["always", None],
            "region": ["North", None],
            "owns": [True, None],
            "age": [41, None],
            "spend": [2.5, None],
            "seen": [dt.date(2024, 2, 29), None],
            "at": [dt.time(9, 5), None],
            "note": ["a -- b", None],
            "support_weight": [0.25, 0.25],
        }
    )
    codebook = Codebook(
        {name: Entry(it, codings.get(name)) for name, it in described.items()},
        weight="support_weight",
        title="Made rows",
        card=[("Seed", "7 -- 8")],
    )
    path = tmp_path / "rows.zip"
    root, lines = written(path, table, codebook)
    assert lines == [
        ["2", "3", "n", "1", "41", "2.50", "20240229", "090500", "1", "0.25"],
        [""] * 9 + ["0.25"],
    ]
    found = variables(root)
    kinds = {name: it.get("type") for name, it in found.items()}
    assert kinds == {
        **dict.fromkeys(("gender", "agree", "region", "note"), "single"),
        "owns": "logical", "age": "quantity", "spend": "quantity", "seen": "date", "at": "time",
        "support_weight": "quantity",
    }  # fmt: skip
    values = {it.get("code"): it.text for it in found["gender"].iter("value")}
    assert values == {"1": "Female", "2": "Male", "9": "Refused"}
    assert [it.get("score") for it in found["agree"].iter("value")] == ["1", "2", "3"]
    assert found["region"].get("format") == "literal"
    assert found["support_weight"].get("use") == "weight"
    assert found["note"].findtext("label") == "<Why> & how?"
    assert "Seed: 7 - - 8" in zipfile.ZipFile(path).read("synthetic.xml").decode()
    study = read(path)
    assert study.table["gender"].to_pylist() == ["Male", None]
    assert study.table["region"].to_pylist() == ["North", None]
    assert study.table["seen"].to_pylist() == [dt.date(2024, 2, 29), None]
    assert study.variables["gender"].label == "What about gender?"


def of_options(path: Path, rows: Sequence[tuple[bool | None, ...]]) -> tuple[ET.Element, RawStudy]:
    labels = {"own_3": "Which? - Car", "own_1": "Which? - Bike", "own_12": "Which? - Bus"}
    entries = {
        name: Entry(column(name, BOOLEAN, levels=("false", "true"), label=label))
        for name, label in labels.items()
    }
    cells = [pa.array(it) for it in zip(*rows, strict=True)]
    table = pa.table([*cells, [1] * len(rows)], names=[*labels, "age"])
    one = MultipleResponseSet("own", "Which?", "dichotomy", tuple(labels), "true")
    root, _ = written(path, table, Codebook(entries, [one]))
    return root, read(path)


def test_a_set_of_options_is_a_multiple(tmp_path: Path) -> None:
    rows = [(True, False, True), (None, None, None), (False, False, False)]
    root, study = of_options(tmp_path / "rows.zip", rows)
    assert [it.get("type") for it in root.iter("variable")] == ["multiple", "quantity"]
    variable = variables(root)["own"]
    values = {it.get("code"): it.text for it in variable.iter("value")}
    assert values == {"1": "Bike", "3": "Car", "12": "Bus"}
    assert {name: [*it.to_pylist()] for name, it in
            zip(study.table.column_names, study.table.columns, strict=True)} == {
        "own_1": [False, None, False], "own_3": [True, None, False], "own_12": [True, None, False],
        "age": [1.0, 1.0, 1.0],
    }  # fmt: skip
    assert study.variables["own_3"].label == "Which? - Car"
    assert [one.columns for one in study.sets] == [("own_1", "own_3", "own_12")]


def test_options_that_some_rows_answer_in_part_stay_apart(tmp_path: Path) -> None:
    root, study = of_options(tmp_path / "rows.zip", [(True, None, True), (False, True, None)])
    assert [it.get("type") for it in root.iter("variable")] == [*["logical"] * 3, "quantity"]
    assert study.table["own_1"].to_pylist() == [None, True]


def test_a_set_of_answers_is_a_multiple_in_their_order(tmp_path: Path) -> None:
    brands = tuple(f"Brand {it}" for it in range(1, 13))
    entries = {
        name: Entry(column(name, NOMINAL, levels=brands)) for name in ("first", "second", "third")
    }
    table = pa.table(
        {
            "first": ["Brand 12", None, "Brand 2"],
            "second": ["Brand 1", None, None],
            "third": [None, None, "Brand 3"],
            "age": [30, 40, 50],
        }
    )
    one = MultipleResponseSet("named", "Which brands?", "category", tuple(entries))
    path = tmp_path / "rows.zip"
    root, lines = written(path, table, Codebook(entries, [one]))
    assert lines == [["120100", "30"], ["", "40"], ["020003", "50"]]
    spread = root.find(".//spread")
    assert spread is not None
    assert (spread.get("subfields"), spread.get("width")) == ("3", "2")
    found = read(path).table
    chosen = [
        [name for name in found.column_names[:-1] if found[name][row].as_py()] for row in range(3)
    ]
    assert chosen == [["named_1", "named_12"], [], ["named_2", "named_3"]]


def test_names_differ_in_more_than_case(tmp_path: Path) -> None:
    root, _ = written(tmp_path / "rows.zip", pa.table({"a": [1], "A": [2], " ": [3]}))
    assert [*variables(root)] == ["a", "A_2", "variable"]
