"""`simulacra fit`: a model file and an account, or what would be right."""

import shlex
from pathlib import Path

import pytest

import simulacra
from examples import study
from simulacra.cli.main import main

HEADING = "Options with which the study is read in the same way:"


@pytest.fixture
def seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example study; what is written goes into a directory of its own."""
    monkeypatch.chdir(tmp_path)
    study.write(Path("meal-kits.csv"))
    return Path("meal-kits.csv")


def test_a_study_becomes_a_model_and_an_account(
    seed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", str(seed)]) == 0
    printed = capsys.readouterr()
    assert printed.err.split() == ["reading", "cleaning", "fitting", "writing"]
    lines = printed.out.splitlines()
    assert lines[0] == "meal-kits.csv: 800 rows, 7 columns"
    assert "  age                              integer   18 to 80" in lines
    assert any(line.startswith("  dropped 'respondent': ") for line in lines)
    assert lines[-1] == "Wrote meal-kits.model."
    assert simulacra.load("meal-kits.model").schema.row_count == 800


def test_what_is_said_of_columns_is_kept_to(seed: Path) -> None:
    levels = ",".join(map(str, range(11)))
    options = ["--types", f"Would recommend (0-10)={levels}", "age=number", "--drop", "channel"]
    assert main(["fit", str(seed), *options, "--keep", "respondent", "--model", "x.model"]) == 0
    schema = simulacra.load("x.model").schema
    assert schema["Would.recommend.0.10"].levels == tuple(map(str, range(1, 11)))
    assert schema["age"].type == "number"
    assert "respondent" in schema
    assert "channel" not in schema


def test_a_study_is_weighted_by_one_of_its_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"{20 + n % 50},{'abc'[n % 3]},{1 + n % 4}" for n in range(100)]
    (tmp_path / "study.csv").write_text("\n".join(["age,mood,wgt", *lines]))
    options = ["--weight", "wgt", "--model", str(tmp_path / "m")]
    assert main(["fit", str(tmp_path / "study.csv"), *options]) == 0
    printed = capsys.readouterr().out
    assert "weighted 'wgt': 100 respondents stand for people by this weight" in printed
    assert simulacra.load(tmp_path / "m").schema.weight is not None


def test_a_long_account_is_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = tmp_path / "wide.csv"
    rows = [",".join(f"v{(n * k) % 7}" for k in range(1, 31)) for n in range(200)]
    wide.write_text("\n".join([",".join(f"c{k}\x1b" for k in range(30)), *rows]))
    assert main(["fit", str(wide), "--model", str(tmp_path / "m")]) == 0
    printed = capsys.readouterr().out
    assert " more\n" in printed
    assert len(printed.splitlines()) < 46
    assert "\x1b" not in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nope.csv"], "argument STUDY: there is no file 'nope.csv'"),
        (["meal-kits.csv", "--types", "age"], "argument --types: 'age' is not of the form"),
        (["meal-kits.csv", "--model", "no/x.model"], "argument --model: there is no directory"),
        (["meal-kits.csv", "--model", "."], "argument --model: '.' is a directory"),
    ],
)
def test_an_option_that_cannot_be_is_named(
    seed: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert seed.exists()
    with pytest.raises(SystemExit) as ended:
        main(["fit", *options])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--types", "age=foo"], "'foo' is not a type of columns, as given for 'age'"),
        (["--types", "age=number", "age=integer"], "--types: age is given twice"),
        (["--keep", "nope"], "keep names a column 'nope'"),
        (["--sheet", "Wave 2"], "sheet"),
    ],
)
def test_what_the_study_does_not_have_is_said(
    seed: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["fit", str(seed), *options]) == 1
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.out == ""
    assert not Path("meal-kits.model").exists()


def test_ctrl_c_is_no_fault(seed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulacra.engine.pipeline.fit_with", interrupt)
    assert main(["fit", str(seed)]) == 130


def test_the_options_that_are_shown_read_the_study_in_the_same_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        f"{20 + n % 50 if n % 4 else 'keine Angabe'}\t{n % 90},{n % 9}5\t{'ab'[n % 2]}, c\t{n}"
        for n in range(120)
    ]
    Path("study.csv").write_text("\n".join(["age\tamount spent\tmood\tid", *rows]), "utf-8")
    assert main(["fit", "study.csv", "--show-options", "--model", "one"]) == 0
    shown = capsys.readouterr().out.splitlines()
    options = shlex.split(shown[shown.index(HEADING) + 1])
    assert {"--delimiter", "--decimal", "--types", "--missing", "--drop"} <= {*options}
    assert main(["fit", "study.csv", *options, "--model", "two"]) == 0
    one, two = simulacra.load("one").schema, simulacra.load("two").schema
    assert (one.columns, one.overrides) == (two.columns, two.overrides)
    assert one["age"].missing_share == 0.25


def test_options_that_do_not_fit_each_other_are_refused(
    seed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", str(seed), "--missing", "-99", "age=98"]) == 1
    assert "give one of both" in capsys.readouterr().err


def test_the_validation_of_a_model_goes_with_it(
    seed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fit", str(seed), "--validate", "--drop", "region", "channel"]) == 0
    validation = simulacra.load("meal-kits.model").validation
    assert validation is not None
    assert str(validation) in capsys.readouterr().out
