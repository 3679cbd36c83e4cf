"""`simulacra preview`: the figures of `simulacra generate` without its rows."""

from pathlib import Path

import pytest

import simulacra
from simulacra.cli.main import main
from tests.engine.test_feasibility import exclusive

CONDITIONS = ["--share", "segment=Premium:0.55", "channel=Online:0.7", "--range", "age=25:44"]


def test_a_preview_prints_the_table_of_the_library_and_writes_no_file(
    model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["preview", model, "--rows", "500", "--seed", "7", *CONDITIONS]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("500 of 500 rows (ready), seed 7; ")
    assert lines[1].split() == ["condition", "target", "expected", "respondents"]
    assert ["segment", "=", "Premium", "55.00%", "55.00%", "71"] in [line.split() for line in lines]
    assert [*tmp_path.iterdir()] == []


def test_conditions_that_do_not_fit_are_named_with_their_options(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["--share", "segmnt=Premium:0.5", "--range", "segment=1:2"]
    assert main(["preview", model, "--rows", "5", *wrong]) == 1
    printed = capsys.readouterr().err
    assert "simulacra: --share: The schema has no column 'segmnt'." in printed
    assert "simulacra: --range: Column 'segment' is nominal" in printed


def test_that_no_row_can_be_had_is_an_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "drivers.model"
    simulacra.fit(exclusive()).save(file)  # who does not drive has no licence
    asked = ["--share", "drives=no:1", "licence=B:1"]
    assert main(["preview", str(file), "--rows", "50", *asked]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("0 of 50 rows (infeasible)")
    assert "infeasible: The model has no row that meets the conditions on" in printed
