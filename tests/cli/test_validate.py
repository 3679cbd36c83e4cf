"""`simulacra validate`: an account of how far predictions are off, and the figures in a file."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from examples import study
from simulacra.cli.main import main


@pytest.fixture
def seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    study.write(Path("meal-kits.csv"))
    return Path("meal-kits.csv")


def test_segments_are_chosen_if_none_is_named(
    seed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["validate", str(seed), "--repeats", "1", "--output", "figures.parquet"]) == 0
    printed = capsys.readouterr()
    assert printed.err.split() == ["reading", "cleaning", "validating"]
    assert printed.out.startswith("800 respondents, 7 columns.\nA random half of them was hidden")
    assert "segment = Premium" in printed.out
    assert printed.out.endswith("Wrote figures.parquet.\n")
    assert "all respondents" in pq.read_table("figures.parquet")["segment"].to_pylist()


def test_a_named_segment_is_predicted_alone(seed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--segment", "region=North", "region=East", "--segment-range", "age=18:44"]
    assert main(["validate", str(seed), *options, "--repeats", "1", "--output", "all.json"]) == 0
    assert "half of region = North or East and age 18 to 44" in capsys.readouterr().out
    (one,) = json.loads(Path("all.json").read_text())["comparisons"]
    assert one["segment"] == "region = North or East and age 18 to 44"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--segment", "region=Nrth"], "simulacra: --segment: Column 'region' has no level"),
        (["--segment", "age=30", "--segment-range", "age=18:44"], "name it in one"),
        (["--segment-range", "age=79:80"], "at least 20 are needed"),
    ],
)
def test_a_segment_that_does_not_fit_is_refused(
    seed: Path, capsys: pytest.CaptureFixture[str], options: list[str], reason: str
) -> None:
    assert main(["validate", str(seed), *options]) == 1
    assert reason in capsys.readouterr().err


def test_an_unknown_format_is_refused(seed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["validate", str(seed), "--output", "figures.docx"])
    assert "names no format" in capsys.readouterr().err
