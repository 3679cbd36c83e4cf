"""`simulacra compare`: the comparison of the library, at a terminal."""

import json
from pathlib import Path
from typing import Any

import pytest

import simulacra
from simulacra.cli.main import main
from tests.cli.test_crosstab import MADE, generated, refusal


def test_columns_that_do_not_fit_are_named(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    printed = refusal(["compare", model, *MADE, "--columns", "chanel"], capsys)
    assert "--columns: The schema has no column" in printed


def test_a_scenario_is_compared_with_the_study(
    model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "figures.json"
    asked = ["--margins", "quick", "--columns", "channel", "--output", str(file)]
    assert main(["compare", model, *MADE, *asked]) == 0
    out = generated(model, margins="quick")
    found = simulacra.compare(simulacra.load(model), out, columns="channel")
    assert capsys.readouterr().out == f"{found}\nWrote {file}.\n"
    assert {each["interval"] for each in json.loads(file.read_text())["figures"]} == {"margins"}


def test_two_scenarios_are_compared(
    model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other: dict[str, Any] = {"categorical": {"segment": {"Value": 0.5}}}
    file = tmp_path / "other.json"
    file.write_text(json.dumps({"conditions": other}))
    assert main(["compare", model, *MADE, "--against", str(file)]) == 0
    first = simulacra.load(model).generate(400, seed=7, **other)
    assert capsys.readouterr().out == f"{simulacra.compare(first, generated(model))}\n"
    wrong = {"categorical": {"segmnt": {"Value": 0.5}}}
    file.write_text(json.dumps(wrong))
    printed = refusal(["compare", model, *MADE, "--against", str(file)], capsys)
    assert "--against /categorical/segmnt: The schema has no column" in printed
    printed = refusal(["compare", model, *MADE, "--against", str(file), "--margins"], capsys)
    assert "leave out --against" in printed
