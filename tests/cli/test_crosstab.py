"""`simulacra crosstab`: the table of the library, at a terminal."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import simulacra
from simulacra.cli.main import main

CONDITIONS = ["--share", "segment=Premium:0.55", "--range", "age=25:44"]
SCENARIO: dict[str, Any] = {
    "categorical": {"segment": {"Premium": 0.55}},
    "numeric": {"age": {"min": 25, "max": 44}},
}
MADE = ["--rows", "400", "--seed", "7", *CONDITIONS]
SHOWN = ["--show", "channel", "monthly_spend", "--banner", "segment"]


def generated(model: str, **more: Any) -> simulacra.Generation:  # noqa: ANN401 - arguments of `generate`
    asked = SCENARIO | more
    return simulacra.load(model).generate(400, seed=7, **asked)


def refusal(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 1
    return capsys.readouterr().err


def test_without_a_scenario_the_study_is_tabulated(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["crosstab", model, *SHOWN]) == 0
    table = simulacra.load(model).crosstab(["channel", "monthly_spend"], "segment")
    assert capsys.readouterr().out == f"{table}\n"


def test_rows_of_a_scenario_are_tabulated_and_written(
    model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    table = generated(model).crosstab(["channel", "monthly_spend"], "segment")
    for name in ("cells.parquet", "table.json"):
        file = str(tmp_path / name)
        assert main(["crosstab", model, *SHOWN, *MADE, "--output", file]) == 0
        assert capsys.readouterr().out == f"{table}\nWrote {file}.\n"
    assert pq.read_table(tmp_path / "cells.parquet").equals(table.table)
    written = json.loads((tmp_path / "table.json").read_text())
    assert written == json.loads(json.dumps(table.to_json()))


def test_a_workbook_is_written(
    model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "tables.XLSX"
    assert main(["crosstab", model, *SHOWN, "--output", str(file)]) == 0
    assert capsys.readouterr().out.endswith(f"\nWrote {file}.\n")
    table = simulacra.load(model).crosstab(["channel", "monthly_spend"], "segment")
    table.write(tmp_path / "expected.xlsx")
    assert file.read_bytes() == (tmp_path / "expected.xlsx").read_bytes()


def test_a_scenario_is_not_ignored(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["crosstab", model, "--show", "channel", *CONDITIONS]
    assert "--rows: give the number of rows" in refusal(asked, capsys)


def test_names_that_do_not_fit_are_named_with_their_options(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--show", "chanel", "--banner", "age", "--weight", "segment"]
    printed = refusal(["crosstab", model, *asked], capsys)
    assert (
        "simulacra: --show: The schema has no column or multiple-response set 'chanel'" in printed
    )
    assert "simulacra: --banner: Column 'age' is integer" in printed
    assert "simulacra: --weight: Rows cannot count by 'segment'" in printed
