"""A study with times of day, durations and months, read from texts as survey tools write them."""

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine import errors
from simulacra.engine.columns.time_of_day import TIME

ROWS = 300


@pytest.fixture(scope="module")
def model() -> simulacra.Model:
    rng = np.random.default_rng(5)
    begins = rng.integers(8 * 60, 20 * 60, ROWS) * 60
    lengths = rng.integers(300, 3_000, ROWS)
    months = rng.choice(12, ROWS, p=[0.004] * 4 + [0.123] * 8) + 1
    return simulacra.fit(
        pa.table({
            "begin": [_clock(it)[:-3] for it in begins],
            "end": [_clock(it) for it in begins + lengths],
            "length": [_clock(it)[1:] for it in lengths],
            "month": [f"2022-{month:02}" for month in months],
            "moment": [f"2022-03-{it:02}T{it:02}:30:00+01:00" for it in rng.integers(1, 20, ROWS)],
            "age": rng.integers(18, 80, ROWS),
        })
    )  # fmt: skip


def _clock(seconds: int) -> str:
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def test_types_are_told_apart(model: simulacra.Model) -> None:
    types = {column.name: str(column.type) for column in model.schema.columns}
    assert types == {"begin": "time", "end": "time", "length": "duration", "month": "date",
                     "moment": "datetime", "age": "integer"}  # fmt: skip
    assert "begin < end" in str(model.rules)


def test_conditions_on_them_are_met(model: simulacra.Model) -> None:
    out = model.generate(
        400,
        seed=1,
        numeric={"begin": {"min": "09:00", "max": "17:30:00"}},
        means={"length": 1_500},
        bands={"end": [{"min": "09:00:00", "max": "12:00:00", "share": 0.5}]},
        margins="quick",
    )
    table = out.table
    begins, ends = table["begin"].to_pylist(), table["end"].to_pylist()
    assert dt.time(9) <= min(begins)
    assert max(begins) <= dt.time(17, 30)
    assert all(begin < end for begin, end in zip(begins, ends, strict=True))
    assert sum(end <= dt.time(12) for end in ends) == 200
    lengths = [length.total_seconds() for length in table["length"].to_pylist()]
    assert np.mean(lengths) == pytest.approx(1_500, rel=0.01)
    margins = out.report.margins
    assert margins is not None
    (moment,) = (it for it in margins.figures if (it.column, it.kind) == ("moment", "mean"))
    most = 20 * 86_400
    assert -most < float(moment.change.low or 0) < float(moment.change.high or 0) < most


def test_made_months_are_first_days(model: simulacra.Model) -> None:
    """Few respondents share the first months, so days between them are drawn."""
    assert model.schema["month"].grid == "month"
    made = model.generate(3_000, seed=2).table["month"].to_pylist()
    assert {day.day for day in made} == {1}


def test_files_have_them_as_arrow_has(model: simulacra.Model, tmp_path: Path) -> None:
    out = model.generate(100, seed=1)
    for name in ("rows.parquet", "rows.arrow", "rows.csv"):
        out.write(tmp_path / name)
    table = pa.parquet.read_table(tmp_path / "rows.parquet")
    assert table.schema.field("begin").type == pa.time64("us")
    assert table.schema.field("length").type == pa.duration("s")
    first = (tmp_path / "rows.csv").read_text().splitlines()[1].split(",")
    assert first[0] == f"{out.table['begin'][0].as_py()}.000000"
    assert first[2] == str(int(out.table["length"][0].as_py().total_seconds()))
    again = simulacra.fit(tmp_path / "rows.parquet").schema
    assert [str(column.type) for column in again.columns] == [
        str(column.type) for column in model.schema.columns
    ]


@pytest.mark.parametrize(
    ("column", "ends", "expected"),
    [
        ("begin", (9, 10), "an ISO 8601 time such as"),
        ("begin", ("09:00+01:00", "10:00"), "an ISO 8601 time such as"),
        ("length", ("00:10:00", "00:20:00"), "a finite number of seconds"),
    ],
)
def test_a_wrong_bound_says_what_would_be_right(
    model: simulacra.Model, column: str, ends: tuple[object, object], expected: str
) -> None:
    with pytest.raises(errors.ConditionError, match=expected):
        model.generate(10, numeric={column: {"min": ends[0], "max": ends[1]}})


def test_an_override_tells_durations_from_times() -> None:
    rng = np.random.default_rng(6)
    slept = rng.integers(5 * 60, 10 * 60, 60) * 60
    table = pa.table({"slept": [_clock(it)[:-3] for it in slept], "age": rng.integers(18, 80, 60)})
    guessed = simulacra.fit(table)
    stated = simulacra.fit(table, types={"slept": "duration"})
    assert str(guessed.schema["slept"].type) == "time"
    assert any("times of day, not durations" in str(it) for it in guessed.schema.cleaning)
    assert str(stated.schema["slept"].type) == "duration"
    seconds = [length.total_seconds() for length in stated.study["slept"].to_pylist()]
    assert seconds == slept.tolist()


def test_a_time_ends_with_the_day() -> None:
    assert TIME.to_bound(TIME.to_number("23:59:59")) == "23:59:59"
    assert TIME.to_number("09:00") == 9 * 3_600 * 1e6
    with pytest.raises(ValueError, match="hour"):
        TIME.to_number("24:30")
