from pathlib import Path

import pytest

import simulacra
from simulacra.cli import main


def test_the_sample_can_be_learned_from(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "study.csv"
    assert main.main(["sample", str(file)]) == 0
    assert f"Wrote {file}: 800 respondents" in capsys.readouterr().out
    model = simulacra.fit(file)
    assert model.study.num_rows == 800
    assert "Premium" in model.schema["segment"].levels


def test_a_file_that_is_there_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "study.csv"
    file.write_text("mine")
    assert main.main(["sample", str(file)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert file.read_text() == "mine"


def test_another_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(["sample", str(tmp_path / "study.sav")])
    assert ended.value.code == 2
    assert ".csv" in capsys.readouterr().err
