"""`simulacra generate`: rows and their account, or what would be right."""

import argparse
import json
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

import simulacra
from examples import study
from simulacra.cli import generate, option_types, scenario_options
from simulacra.cli.main import main
from simulacra.engine.scenario.kinds import registry


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model of the example study."""
    folder = tmp_path_factory.mktemp("model")
    study.write(folder / "study.csv")
    simulacra.fit(folder / "study.csv").save(folder / "study.model")
    return str(folder / "study.model")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_rows_come_with_their_account(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    conditions = ["--share", "segment=Premium:0.55", "channel=Online:0.7", "--range", "age=25:44"]
    assert main(["generate", model, "--rows", "500", "--seed", "7", *conditions]) == 0
    printed = capsys.readouterr()
    assert printed.err.split() == ["reading", "fitting", "sampling", "writing"]
    lines = printed.out.splitlines()
    assert lines[0].startswith("500 of 500 rows (ready), seed 7; ")
    assert ["segment", "=", "Premium", "55.00%", "55.00%"] in [line.split()[:5] for line in lines]
    assert lines[-1] == "Wrote synthetic.parquet: 500 rows, 7 columns."
    rows = pyarrow.parquet.read_table("synthetic.parquet")
    assert rows["segment"].to_pylist().count("Premium") == 275
    assert all(25 <= age <= 44 for age in rows["age"].to_pylist())


def test_formats_go_by_suffix_and_a_seed_repeats(model: str) -> None:
    for name in ("rows.csv", "rows.arrow", "rows.parquet"):
        assert main(["generate", model, "--rows", "50", "--seed", "1", "--output", name]) == 0
    rows = pyarrow.parquet.read_table("rows.parquet")
    assert rows.num_rows == 50
    assert pyarrow.feather.read_table("rows.arrow").equals(rows)
    assert pyarrow.csv.read_csv("rows.csv").to_pylist() == rows.to_pylist()


def test_rows_may_have_the_columns_of_the_file(tmp_path: Path) -> None:
    lines = [
        "Your age,Which?",
        *(f"{row % 9},{['a;b', 'b;c', 'a;c', 'a;b;c', 'b'][row % 5]}" for row in range(90)),
    ]
    (tmp_path / "own.csv").write_text("\n".join(lines))
    simulacra.fit(tmp_path / "own.csv").save(tmp_path / "own.model")
    options = ["--rows", "40", "--seed", "1", "--output", "rows.csv", "--layout", "file"]
    assert main(["generate", str(tmp_path / "own.model"), *options]) == 0
    rows = pyarrow.csv.read_csv("rows.csv")
    assert rows.column_names == ["Your age", "Which?"]
    assert {part for cell in rows["Which?"].to_pylist() for part in cell.split(";")} == {*"abc"}


def test_rows_may_carry_their_support(model: str) -> None:
    options = ["--rows", "4000", "--seed", "1", "--support-weight"]
    assert main(["generate", model, *options]) == 0
    weight = pyarrow.parquet.read_table("synthetic.parquet")["support_weight"].to_numpy()
    assert weight.sum() == pytest.approx(1 / (1 / 4000 + 1 / 800))


def test_a_support_weight_of_the_study_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["support_weight,owns", *(f"{row % 7},{row % 2}" for row in range(60))]
    (tmp_path / "own.csv").write_text("\n".join(lines))
    simulacra.fit(tmp_path / "own.csv").save(tmp_path / "own.model")
    assert main(["generate", "own.model", "--rows", "9", "--support-weight"]) == 1
    assert "has a column 'support_weight' of its own" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rows", "0"], "argument --rows: 0 is out of bounds; give 1 or more"),
        (["--rows", "many"], "argument --rows: 'many' is not a whole number, 1 or more"),
        (["--rows", "5", "--seed", "-1"], "argument --seed: -1 is out of bounds"),
        (["--rows", "5", "--share", "segment=Premium"], "such as segment=Premium:0.55"),
        (["--rows", "5", "--share", "segment=Premium:55%"], "the share is '55%'; write a fraction"),
        (["--rows", "5", "--range", "age=25"], "such as age=25:44"),
        (["--rows", "5", "--range", "age=1:2:3"], "such as age=25:44"),
        (["--rows", "5", "--mean", "age"], "such as monthly_spend=45"),
        (["--rows", "5", "--band", "age=18:34"], "such as age=18:34:0.4"),
        (["--rows", "5", "--band", "age=18:34:40%"], "the share is '40%'; write a fraction"),
        (["--rows", "5", "--option", "brands=Acme"], "such as brands=Acme:0.6"),
        (["--rows", "5", "--conditions", "none.json"], "there is no file 'none.json'"),
        (["--rows", "5", "--output", "x.txt"], "end it in .parquet, .csv, .arrow"),
    ],
)
def test_an_option_that_cannot_be_is_named(
    model: str, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["generate", model, *options])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


def test_every_condition_that_does_not_fit_is_said_with_its_option(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    conditions = ["--share", "segmnt=Premium:0.5", "channel=Onlin:0.5", "--range", "age=90:95"]
    assert main(["generate", model, "--rows", "5", *conditions]) == 1
    messages = [line for line in capsys.readouterr().err.splitlines() if "simulacra" in line]
    assert len(messages) == 3
    assert "--share: The schema has no column 'segmnt'. Did you mean 'segment'" in messages[0]
    assert "--share: Column 'channel' has no level 'Onlin'. Did you mean 'Online'" in messages[1]
    assert "--range: Range of column 'age': nothing lies in 90 to 95" in messages[2]


def test_a_share_that_is_given_twice_is_refused(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = ["--share", "segment=Premium:0.5", "--share", "segment=Premium:0.6"]
    assert main(["generate", model, "--rows", "5", *twice]) == 1
    assert "--share: segment=Premium is given twice" in capsys.readouterr().err


KINDS = [
    *["--mean", "monthly_spend=45", "--band", "age=18:34:0.4", "age=35:49:0.3"],
    *["--cell", "segment=Premium", "channel=Online", "share=0.2"],
    *["--cell", "channel=Retail", "segment=Value", "share=0.1"],
]


def test_means_bands_and_cells_are_met(model: str) -> None:
    assert main(["generate", model, "--rows", "200", "--seed", "1", *KINDS]) == 0
    rows = pyarrow.parquet.read_table("synthetic.parquet").to_pylist()
    assert sum(row["monthly_spend"] for row in rows) / 200 == pytest.approx(45, abs=1e-3)
    assert sum(18 <= row["age"] <= 34 for row in rows) == 80
    assert sum(35 <= row["age"] <= 49 for row in rows) == 60
    pairs = [(row["segment"], row["channel"]) for row in rows]
    assert pairs.count(("Premium", "Online")) == 40
    assert pairs.count(("Value", "Retail")) == 20


def asked(*options: str) -> dict[str, Any]:
    """Return the conditions that options come down to."""
    parser = argparse.ArgumentParser()
    generate.register(parser.add_subparsers())
    Path("study.model").touch()
    line = ["generate", "study.model", "--rows", "5", *options]
    return scenario_options.conditions_of(parser.parse_args(line))


def test_options_come_down_to_the_conditions_of_the_service() -> None:
    assert asked(*KINDS, "--option", "brands=Acme: the first:0.6", "--share", "rating=5:0.3") == {
        "categorical": {"rating": {"5": 0.3}},
        "means": {"monthly_spend": 45},
        "bands": {
            "age": [{"min": 18, "max": 34, "share": 0.4}, {"min": 35, "max": 49, "share": 0.3}]
        },
        "joint": [
            {
                "columns": ["segment", "channel"],
                "shares": [
                    {"cell": ["Premium", "Online"], "share": 0.2},
                    {"cell": ["Value", "Retail"], "share": 0.1},
                ],
            }
        ],
        "multiple_response": {"brands": {"Acme: the first": 0.6}},
    }


def test_a_cell_has_ranges_of_numbers_and_dates_and_levels_with_colons() -> None:
    cell = ["--cell", "age=18:34", "joined=2024-01-01:2024-06-30", "film=Alien: Covenant"]
    (one,) = asked(*cell, "share=0.2")["joint"]
    assert one["shares"][0]["cell"] == [
        {"min": 18, "max": 34},
        {"min": "2024-01-01", "max": "2024-06-30"},
        "Alien: Covenant",
    ]


WHOLE = {
    "means": {"monthly_spend": 45},
    "groups": [{"where": {"channel": "Online"}, "categorical": {"segment": {"Premium": 0.5}}}],
}


@pytest.mark.parametrize("content", [WHOLE, {"row_count": 7, "conditions": WHOLE}])
def test_a_file_holds_the_conditions_of_the_service(model: str, content: object) -> None:
    Path("conditions.json").write_text(json.dumps(content))
    options = ["--rows", "200", "--seed", "1", "--conditions", "conditions.json"]
    assert main(["generate", model, *options, "--share", "channel=Online:0.5"]) == 0
    rows = pyarrow.parquet.read_table("synthetic.parquet").to_pylist()
    online = [row["segment"] for row in rows if row["channel"] == "Online"]
    assert (len(rows), len(online), online.count("Premium")) == (200, 100, 50)


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("{", [], "--conditions: 'conditions.json' is not JSON"),
        ("[]", [], "--conditions: 'conditions.json' holds no object"),
        ('{"mean": {}}', [], "--conditions: there are no conditions 'mean'; there are"),
        (
            '{"means": {"age": 40}}',
            ["--mean", "age=41"],
            "--conditions: the file has 'means', which --mean gives too",
        ),
        (
            '{"groups": [{"where": {"channel": "Onlin"}, "means": {"age": 40}}]}',
            [],
            "--conditions /groups/0/where/channel: Column 'channel' has no level 'Onlin'",
        ),
        ("{}", ["--cell", "segment=Premium", "channel=Online"], "--cell: in "),
        ("{}", ["--cell", "segment", "share=0.2"], "'segment' is not of the form COLUMN=PART"),
        (
            "{}",
            ["--cell", "segment=Premium", "segment=Value", "share=0.2"],
            "--cell: segment is given twice",
        ),
        ("{}", ["--mean", "age=40", "age=41"], "--mean: age is given twice"),
        ("{}", ["--mean", "segment=2"], "--mean: Column 'segment' is nominal and has no mean"),
        ("{}", ["--band", "age=90:99:0.4"], "--band: Band of column 'age': nothing lies in 90"),
        ("{}", ["--option", "brands=Acme:0.4"], "--option: The schema has no multiple-response"),
    ],
)
def test_what_is_wrong_is_said_with_its_option(
    model: str,
    capsys: pytest.CaptureFixture[str],
    content: str,
    options: list[str],
    message: str,
) -> None:
    Path("conditions.json").write_text(content)
    line = ["--rows", "5", "--conditions", "conditions.json", *options]
    assert main(["generate", model, *line]) == 1
    assert f"simulacra: {message}" in capsys.readouterr().err.replace("--cell: 'seg", "'seg")


def test_every_kind_of_condition_has_an_option_or_a_file() -> None:
    assert {*scenario_options.OPTIONS, "groups"} == set(registry.KINDS)


def test_what_is_no_model_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    study.write(Path("study.csv"))
    assert main(["generate", "study.csv", "--rows", "5"]) == 1
    assert "The saved model is damaged" in capsys.readouterr().err


NAMES = st.text(min_size=1).filter(lambda name: "=" not in name)


@given(NAMES, st.text(min_size=1), st.floats(0, 1))
def test_a_share_is_read_whatever_the_names(column: str, level: str, share: float) -> None:
    assert scenario_options._share(f"{column}={level}:{share}") == ((column, level), share)


ENDS = (
    st.tuples(st.integers(), st.integers())
    | st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
    | st.tuples(st.dates(), st.dates())
    | st.tuples(st.datetimes(), st.datetimes())
)


@given(ENDS)
def test_a_range_is_read_of_numbers_dates_and_times(ends: tuple[object, object]) -> None:
    low, high = (
        end if isinstance(end, int | float) else str(end).replace(" ", "T") for end in ends
    )
    assert option_types.span(f"x={low}:{high}") == ("x", {"min": low, "max": high})
