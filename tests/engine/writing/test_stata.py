"""Stata files, read by programs that are not ours: pyreadstat and pandas."""

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyreadstat
import pytest
from hypothesis import HealthCheck, given, settings

import simulacra
from simulacra.engine.codebook import Coding
from simulacra.engine.columns import registry
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.schema import MultipleResponseSet
from simulacra.engine.writing import files
from simulacra.engine.writing.codebook import Codebook, Entry
from simulacra.engine.writing.stata_file import names
from tests.engine.writing.test_spss import column, tables

EPOCH = dt.datetime(1960, 1, 1)  # noqa: DTZ001 - Stata knows no zones


def written(
    path: Path, table: pa.Table, codebook: Codebook | None = None
) -> tuple[dict[str, list[Any]], Any]:
    """Write a table, and return what pyreadstat reads."""
    files.write(table, path, "dta", codebook)
    cells, meta = pyreadstat.read_dta(
        path, output_format="dict", user_missing=True, disable_datetime_conversion=True
    )
    return {name: [*values] for name, values in cells.items()}, meta


def as_stata(cell: Any) -> Any:  # noqa: ANN401
    """Return a cell as Stata has it: texts, days, and numbers of milliseconds or seconds."""
    if isinstance(cell, bool | int):
        return float(cell)
    if isinstance(cell, dt.datetime):
        return (cell - EPOCH) / dt.timedelta(milliseconds=1)
    if isinstance(cell, dt.date):
        return float((cell - EPOCH.date()).days)
    if isinstance(cell, dt.time):
        return 1000.0 * ((cell.hour * 60 + cell.minute) * 60 + cell.second)
    if isinstance(cell, dt.timedelta):
        return cell.total_seconds()
    return cell


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables())
def test_any_table_is_read_alike(tmp_path: Path, table: pa.Table) -> None:
    cells, meta = written(tmp_path / "rows.dta", table)
    assert meta.column_names == names.valid(table.column_names)
    assert meta.number_rows == table.num_rows
    for name, expected in zip(meta.column_names, table.columns, strict=True):
        found = [None if cell != cell else cell for cell in cells.get(name, [])]  # noqa: PLR0124
        if pa.types.is_string(expected.type):
            assert found == [cell or "" for cell in expected.to_pylist()]
        else:
            assert found == [as_stata(cell) for cell in expected.to_pylist()]


def test_labels_codes_and_characteristics(tmp_path: Path) -> None:
    described = {
        "gender": column("gender", NOMINAL, levels=("Male", "Female"), source_name="q#1"),
        "region": column("region", NOMINAL, levels=("North", "s")),
        "score": column("score", NOMINAL, levels=("low", "high"), label="Why? " * 30),
        "spend": column("spend", decimals=2),
    }
    codings = {
        "gender": Coding((2.0, 1.0), {1.0: "Female", 2.0: "Male", 9.0: "Refused"}, ((9.0, 9.0),)),
        "region": Coding(("n", "s"), {"n": "North"}, is_text=True),
        "score": Coding((0.5, 1.5), {0.5: "low", 1.5: "high"}),
        "spend": Coding((), {98.0: "Unsure", 99.0: "Refused"}, ((98.0, 99.0),)),
    }
    table = pa.table(
        {
            "gender": ["Male", None, "Female"],
            "region": ["North", "s", None],
            "score": ["high", "low", None],
            "spend": [1.25, 99.0, None],
        }
    )
    codebook = Codebook(
        {name: Entry(described[name], codings[name]) for name in described},
        [MultipleResponseSet("both", "Which?", "category", ("gender", "region"))],
        title="Made rows",
        card=[("Seed", "7")],
        figures="gender = Male   50%",
    )
    cells, meta = written(tmp_path / "rows.dta", table, codebook)
    assert cells["gender"] == [2.0, None, 1.0]
    assert cells["region"] == [1.0, 2.0, None]
    assert cells["score"] == [2.0, 1.0, None]
    assert cells["spend"] == [1.25, 99.0, None]
    assert meta.variable_value_labels == {
        "gender": {1: "Female", 2: "Male", 9: "Refused"},
        "region": {1: "North", 2: "s"},
        "score": {1: "low", 2: "high"},
        "spend": {98: "Unsure"},  # 99 is an amount of these rows, and so is no refusal in them
    }
    assert meta.column_names_to_labels["gender"] == "What about gender?"
    assert meta.column_names_to_labels["score"] == ("Why? " * 30)[:79] + "…"
    assert meta.file_label == "Made rows"
    assert [note.strip() for note in meta.notes] == [
        "Made rows.",
        "Seed: 7",
        "gender = Male   50%",
        "Multiple-response set both (category): Which?: gender region",
    ]
    content = (tmp_path / "rows.dta").read_bytes()
    assert b"q#1\0" in content
    assert b"1 = 0.5; 2 = 1.5\0" in content
    assert ("Why? " * 30).encode() in content


def test_pandas_reads_dates_texts_and_labels(tmp_path: Path) -> None:
    long = "x" * 3_000
    table = pa.table(
        {
            "answer": ["yes", None, "no"],
            "day": [dt.date(2024, 2, 29), None, dt.date(1950, 1, 1)],
            "moment": [dt.datetime(2024, 2, 29, 12, 30), None, EPOCH],  # noqa: DTZ001
            "text": [long, None, "né"],
            "other": ["", long + "y", ""],
        }
    )
    entry = Entry(column("answer", NOMINAL, levels=("yes", "no")))
    path = tmp_path / "rows.dta"
    files.write(table, path, codebook=Codebook({"answer": entry}))
    frame = pd.read_stata(path)
    assert frame["answer"].tolist()[::2] == ["yes", "no"]
    assert frame["answer"].isna().tolist() == [False, True, False]
    assert frame["day"].tolist()[::2] == [pd.Timestamp(2024, 2, 29), pd.Timestamp(1950, 1, 1)]
    assert frame["moment"][0] == pd.Timestamp(2024, 2, 29, 12, 30)
    assert frame["text"].tolist() == [long, "", "né"]
    assert frame["other"].tolist() == ["", long + "y", ""]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("age", "age"),
        ("Größe", "Größe"),
        ("q.1 a", "q_1_a"),
        ("1st", "_1st"),
        ("if", "_if"),
        ("str12", "_str12"),
        ("", "_"),
        ("x" * 40, "x" * 32),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert names.valid([name]) == [expected]


def test_names_are_unique() -> None:
    assert names.valid(["a.b", "a_b", "a b", "A_b"]) == ["a_b_2", "a_b", "a_b_3", "A_b"]


def test_a_study_has_its_levels_and_types_again(
    mixed_model: simulacra.Model, tmp_path: Path
) -> None:
    path = tmp_path / "rows.dta"
    mixed_model.generate(200, seed=1).write(path)
    again = simulacra.fit(path).schema
    for known in mixed_model.schema.columns:
        assert {*again[known.name].levels} <= {*known.levels}
        assert again[known.name].label == known.label


def test_months_and_durations_say_what_they_are(tmp_path: Path) -> None:
    month = column("month", registry.named("date"), grid="month")
    table = pa.table(
        {
            "month": [dt.date(2024, 5, 1)],
            "waited": pa.array([dt.timedelta(0, 90)]),
            "at": [dt.time(12, 30)],
        }
    )
    cells, meta = written(tmp_path / "rows.dta", table, Codebook({"month": Entry(month)}))
    assert cells["waited"] == [90.0]
    assert meta.original_variable_types["month"] == "%tdMon_CCYY"
    assert meta.original_variable_types["at"] == "%tcHH:MM:SS"
