"""`simulacra report`, and `simulacra generate --report`."""

import json
from pathlib import Path

import pytest

from simulacra.cli.main import main
from simulacra.engine.full_report.full_report import FullReport

CONDITIONS = ["--rows", "300", "--seed", "7", "--share", "segment=Premium:0.55"]


def test_a_page_and_its_figures(
    model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["report", model, *CONDITIONS, "--name", "Wave 3"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Wrote report.html."
    page = Path("report.html").read_text("utf-8")
    assert "<h1>Wave 3</h1>" in page
    assert "segment: 55% Premium" in page
    assert main(["report", model, *CONDITIONS, "--output", "report.json"]) == 0
    full = FullReport.from_json(json.loads(Path("report.json").read_text("utf-8")))
    assert full.to_html("Wave 3") == page
    assert sorted(it.name for it in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_it_is_written_beside_rows(
    model: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    rows, page = tmp_path / "rows.csv", tmp_path / "page.html"
    wanted = ["--output", str(rows), "--report", str(page)]
    assert main(["generate", model, *CONDITIONS, *wanted]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"Wrote {page}."
    assert f"<h1>{Path(model).stem}</h1>" in page.read_text("utf-8")
    assert rows.exists()


def test_another_ending_is_refused_before_any_work(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["report", model, *CONDITIONS, "--output", "report.pdf"])
    assert "end it in .html or .json" in capsys.readouterr().err
