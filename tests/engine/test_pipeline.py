import datetime as dt
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine import pipeline, processors
from simulacra.engine.columns import encoding
from simulacra.engine.columns.schema import Bound, point
from simulacra.engine.model import drawing
from simulacra.engine.report.report import LevelOutcome, ShareOutcome

SCENARIO: dict[str, Any] = {
    "categorical": {"segment": {"Premium": 0.55, "Value": 0.10}, "channel": {"Online": 0.7}},
    "numeric": {"age": {"min": 18, "max": 34}},
}


def digest(out: simulacra.Generation) -> str:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, out.table.schema) as writer:
        writer.write_table(out.table)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def shares(column: pa.ChunkedArray) -> dict[Any, float]:
    values = column.to_pylist()
    return {value: values.count(value) / len(values) for value in set(values)}


def levels(out: simulacra.Generation, column: str) -> dict[str, LevelOutcome]:
    outcomes = {outcome.column: outcome for outcome in out.report.conditions}
    found = outcomes[column]
    assert isinstance(found, ShareOutcome)
    return {level.level: level for level in found.levels}


def codes(out: simulacra.Generation) -> set[str]:
    return {warning.code for warning in out.report.warnings}


# The same and not the same


def test_a_seed_gives_the_same_rows(kit: simulacra.Model, kit_file: Path) -> None:
    first = kit.generate(300, seed=7, **SCENARIO)
    kit.generate(50, seed=8, categorical={"region": {"North": 0.9}})
    assert digest(kit.generate(300, seed=7, **SCENARIO)) == digest(first)
    assert digest(simulacra.fit(kit_file).generate(300, seed=7, **SCENARIO)) == digest(first)


def test_another_seed_gives_other_rows(kit: simulacra.Model) -> None:
    assert digest(kit.generate(300, seed=1)) != digest(kit.generate(300, seed=2))


def test_a_seed_that_is_drawn_is_reported(kit: simulacra.Model) -> None:
    first = kit.generate(100)
    assert digest(kit.generate(100, seed=first.report.seed)) == digest(first)
    assert kit.generate(100).report.seed != first.report.seed


@pytest.mark.parametrize("asked", [{}, SCENARIO], ids=["free", "scenario"])
def test_a_saved_model_gives_the_same_rows(
    kit: simulacra.Model, tmp_path: Path, asked: Mapping[str, Any]
) -> None:
    kit.save(tmp_path / "model")
    loaded = simulacra.load(tmp_path / "model")
    assert loaded.schema == kit.schema
    assert digest(loaded.generate(200, seed=3, **asked)) == digest(
        kit.generate(200, seed=3, **asked)
    )


def test_the_number_of_threads_changes_nothing(kit_file: Path) -> None:
    program = (
        "import hashlib, sys, simulacra\n"
        f"out = simulacra.fit({str(kit_file)!r}).generate(500, seed=7, **{SCENARIO!r})\n"
        "print(hashlib.sha256(repr(out.table.to_pydict()).encode()).hexdigest())\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ
            | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for threads, salt in (("1", "1"), ("2", "99"))
    }
    assert len(found) == 1


def test_the_number_of_links_fitted_at_once_changes_nothing(
    kit_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set()
    for cores in (1, 4):
        monkeypatch.setattr(processors, "count", lambda cores=cores: cores)
        model = simulacra.fit(kit_file)
        free, asked = model.generate(500, seed=7), model.generate(500, seed=7, **SCENARIO)
        found.add((digest(free), digest(asked)))
    assert len(found) == 1


# Shares


@pytest.mark.parametrize("rows", [1, 7, 100, 1_003])
def test_shares_are_exact_to_one_row(kit: simulacra.Model, rows: int) -> None:
    out = kit.generate(
        rows,
        seed=4,
        categorical={
            "segment": {"Value": 0.2, "Mainstream": 0.25, "Premium": 0.55},
            "channel": {"Online": 0.6, "Club": 0.05},
            "region": {"West": 0.5},
        },
    )
    assert out.rows_generated == rows
    for column in ("segment", "channel", "region"):
        for level in levels(out, column).values():
            if level.target is not None:
                assert abs(level.rows - level.target * rows) < 1
                assert level.rows == out.table[column].to_pylist().count(level.level)


def test_unnamed_levels_keep_the_proportions_of_the_model(kit: simulacra.Model) -> None:
    # 20,000 draws: a standard error of at most 0.0035, so that 0.02 is nearly six of them.
    free = shares(kit.generate(20_000, seed=1).table["region"])
    asked = shares(
        kit.generate(20_000, seed=1, categorical={"region": {"North": 0.6}}).table["region"]
    )
    for level in ("East", "South", "West"):
        assert asked[level] == pytest.approx(free[level] * 0.4 / (1 - free["North"]), abs=0.02)


def test_unnamed_levels_follow_the_other_conditions(kit: simulacra.Model) -> None:
    young = {"age": {"min": 18, "max": 30}}
    free = shares(kit.generate(10_000, seed=1, numeric=young).table["channel"])
    out = kit.generate(10_000, seed=1, numeric=young, categorical={"channel": {"Club": 0.3}})
    asked = shares(out.table["channel"])
    assert asked["Online"] / asked["Retail"] == pytest.approx(
        free["Online"] / free["Retail"], rel=0.1
    )


def test_a_share_of_zero_excludes_a_level(kit: simulacra.Model) -> None:
    out = kit.generate(2_000, seed=1, categorical={"segment": {"Premium": 0}})
    assert "Premium" not in shares(out.table["segment"])
    assert out.rows_generated == 2_000


def test_a_share_of_one_leaves_only_that_level(kit: simulacra.Model) -> None:
    out = kit.generate(500, seed=1, categorical={"segment": {"Premium": 1}})
    assert shares(out.table["segment"]) == {"Premium": 1.0}


def test_a_boolean_takes_shares(mixed: simulacra.Model) -> None:
    out = mixed.generate(200, seed=1, categorical={"owns": {"true": 0.85}})
    assert sum(out.table["owns"].to_pylist()) == 170


def test_an_ordinal_takes_shares(mixed: simulacra.Model) -> None:
    out = mixed.generate(200, seed=1, categorical={"agreement": {"always": 0.5, "never": 0.5}})
    assert shares(out.table["agreement"]) == {"always": 0.5, "never": 0.5}


# Ranges


@pytest.mark.parametrize(
    ("column", "low", "high"),
    [
        ("satisfaction", 4, 5),
        ("satisfaction", 3, 3),
        ("visits", 3, 5),
        ("visits", 5, 5),
        ("spend", 20.5, 40.25),
        ("spend", 33.33, 33.33),
        ("spend", 33.333, 33.333),
        ("spend", 33.331, 33.339),
        ("joined", "2021-01-01", "2021-03-31"),
        ("joined", "2021-05-17", "2021-05-17"),
        ("seen", "2024-03-02", "2024-03-03T12:00"),
        ("seen", "2024-03-02T01:02:03", "2024-03-02T01:02:03"),
    ],
)
def test_a_range_is_never_left_and_never_missing(
    mixed: simulacra.Model, column: str, low: Bound, high: Bound
) -> None:
    out = mixed.generate(400, seed=2, numeric={column: {"min": low, "max": high}})
    assert out.rows_generated == 400
    assert out.table[column].null_count == 0
    kind = mixed.schema[column].type
    values = encoding.from_arrow(mixed.schema[column], out.table[column])
    assert point(kind, low) <= values.min()
    assert values.max() <= point(kind, high)


def test_a_range_wider_than_the_schema_stays_within_the_published_bounds(
    mixed: simulacra.Model,
) -> None:
    out = mixed.generate(3_000, seed=2, numeric={"spend": {"min": -1000, "max": 1000}})
    column = mixed.schema["spend"]
    values = out.table["spend"].to_pylist()
    assert column.min <= min(values)
    assert max(values) <= column.max


def test_conditioned_columns_are_never_missing_and_others_are_as_often_as_in_the_seed(
    mixed: simulacra.Model, mixed_table: pa.Table
) -> None:
    free = mixed.generate(10_000, seed=1).table
    asked = mixed.generate(
        2_000, seed=1, numeric={"spend": {"min": 0, "max": 500}, "visits": {"min": 0, "max": 9}}
    ).table
    for column in ("spend", "visits"):
        in_seed = mixed_table[column].null_count / mixed_table.num_rows
        assert free[column].null_count / 10_000 == pytest.approx(in_seed, abs=0.04)
        assert asked[column].null_count == 0


def test_a_skip_pattern_is_mostly_kept(mixed: simulacra.Model) -> None:
    table = mixed.generate(5_000, seed=1).table
    owns, visits = table["owns"].to_pylist(), table["visits"].to_pylist()
    broken = sum(owner == (answer is None) for owner, answer in zip(owns, visits, strict=True))
    assert broken <= 0.02 * len(owns)


# Feasibility


def test_a_tight_scenario_is_met_in_bounded_time(kit: simulacra.Model) -> None:
    begun = time.monotonic()
    out = kit.generate(
        1_000,
        seed=1,
        categorical={"segment": {"Premium": 1}, "channel": {"Club": 1}, "region": {"North": 1}},
        numeric={"age": {"min": 60, "max": 62}},
    )
    assert time.monotonic() - begun < 30
    assert out.rows_generated == 1_000
    assert out.table["age"].to_pylist().count(None) == 0
    assert codes(out) == {"thin_support"}
    assert out.report.support.seed_rows < 5


def exclusive(rows: int = 400) -> pa.Table:
    """Drivers alone have a licence; nobody under 30 answers 'late'."""
    rng = np.random.default_rng(1)
    drives = np.array(["no", "yes"])[np.arange(rows) % 2]
    return pa.table(
        {
            "drives": drives,
            "licence": np.where(drives == "yes", rng.choice(["B", "C"], rows), "none"),
            "income": rng.gamma(2, 900, rows).round(),
        }
    )


@pytest.fixture(scope="module")
def drivers() -> simulacra.Model:
    return simulacra.fit(exclusive())


def test_a_quota_that_cannot_be_met_is_left_out_and_named(drivers: simulacra.Model) -> None:
    out = drivers.generate(
        100,
        seed=1,
        categorical={"drives": {"no": 1}, "licence": {"none": 0.7, "B": 0.2, "C": 0.1}},
    )
    assert out.status == "partial"
    assert (out.rows_requested, out.rows_generated) == (100, 70)
    assert shares(out.table["licence"]) == {"none": 1.0}
    details = [w.detail for w in out.report.warnings if w.code == "quota_unmet"]
    assert any("'licence' = 'B'" in detail and "0 seed rows" in detail for detail in details)


def test_conditions_that_exclude_each_other_are_infeasible(drivers: simulacra.Model) -> None:
    begun = time.monotonic()
    with pytest.raises(simulacra.InfeasibleError, match="'drives'"):
        drivers.generate(100, seed=1, categorical={"drives": {"no": 1}, "licence": {"B": 1}})
    assert time.monotonic() - begun < 30


def test_less_than_one_row_is_infeasible(drivers: simulacra.Model) -> None:
    with pytest.raises(simulacra.InfeasibleError):
        drivers.generate(
            3, seed=1, categorical={"drives": {"no": 1}, "licence": {"none": 0.2, "B": 0.8}}
        )


def test_many_respondents_behind_a_scenario_are_no_warning(kit: simulacra.Model) -> None:
    out = kit.generate(500, seed=1, categorical={"segment": {"Premium": 0.3}})
    assert not out.report.warnings
    assert 100 < out.report.support.effective_sample_size <= 800


# Shapes of work


def test_conditions_are_checked_against_the_schema(kit: simulacra.Model) -> None:
    with pytest.raises(simulacra.ConditionError, match="Did you mean 'segment'"):
        kit.generate(10, categorical={"segmnt": {"Premium": 0.5}})


@pytest.mark.parametrize("rows", [0, -5])
def test_no_rows_are_refused(kit: simulacra.Model, rows: int) -> None:
    with pytest.raises(ValueError, match="row_count"):
        kit.generate(rows)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_out_of_bounds_is_refused(kit: simulacra.Model, seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        kit.generate(10, seed=seed)


def test_one_row(mixed: simulacra.Model) -> None:
    assert mixed.generate(1, seed=1).table.num_rows == 1


def test_a_million_rows(kit: simulacra.Model) -> None:
    begun = time.monotonic()
    out = kit.generate(1_000_000, seed=1)
    assert out.table.num_rows == 1_000_000
    assert time.monotonic() - begun < 40


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table])
def test_frames_give_the_same_model(
    make: Callable[[dict[str, Any]], Any], mixed_table: pa.Table, mixed: simulacra.Model
) -> None:
    plain = mixed_table.drop_columns(["agreement", "visits", "spend"])
    model = simulacra.fit(make(plain.to_pydict()))
    expected = simulacra.fit(plain)
    assert (
        model.schema.names
        == expected.schema.names
        == [name for name in mixed.schema.names if name in plain.column_names]
    )
    assert digest(model.generate(50, seed=1)) == digest(expected.generate(50, seed=1))


def test_rows_have_the_types_of_the_study(mixed: simulacra.Model, mixed_table: pa.Table) -> None:
    made = mixed.generate(10, seed=1).table
    assert made.column_names == mixed_table.column_names
    assert [str(kind) for kind in made.schema.types] == [
        "string", "bool", "string", "int64", "int64", "double", "date32[day]", "timestamp[us]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "stages"),
    [
        ({}, ["sampling", "writing"]),
        ({"categorical": {"owns": {"true": 0.6}}}, ["fitting", "sampling", "writing"]),
    ],
)
def test_progress_goes_forward_through_the_stages(
    mixed_table: pa.Table, asked: Mapping[str, Any], stages: list[str]
) -> None:
    told: list[simulacra.Progress] = []
    model = simulacra.fit(mixed_table, progress=told.append)
    assert_forward([*told, pipeline.SAVING], ["reading", "cleaning", "fitting", "writing"])
    links = [(one.step, one.steps) for one in told if one.steps]
    assert links == [(step, len(links)) for step in range(1, len(model.schema.columns) + 1)]
    told.clear()
    model.generate(20, seed=1, progress=told.append, **asked)
    assert_forward(told, stages)


def assert_forward(told: list[simulacra.Progress], stages: list[str]) -> None:
    """Stages come in their order, fractions never go back, and steps are counted to the last."""
    assert list(dict.fromkeys(one.stage for one in told)) == stages
    fractions = [one.fraction for one in told]
    assert fractions == sorted(fractions)
    for stage in stages:
        steps = [(one.step, one.steps) for one in told if one.stage == stage and one.steps]
        assert steps == [(step, len(steps)) for step in range(1, len(steps) + 1)]


def test_columns_are_counted_once_for_each_stretch_of_rows(
    mixed: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "ROWS_AT_ONCE", 40)
    told: list[simulacra.Progress] = []
    mixed.generate(100, seed=1, progress=told.append)
    assert_forward(told, ["sampling", "writing"])
    assert max(one.steps or 0 for one in told) == 3 * len(mixed.schema.columns)


def test_a_fault_of_the_one_who_is_told_is_raised(mixed: simulacra.Model) -> None:
    def fail(_: simulacra.Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        mixed.generate(20, seed=1, progress=fail)


def test_the_chains_of_a_few_scenarios_are_kept(
    mixed_table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "MAX_CHAINS", 2)
    model = simulacra.fit(mixed_table)
    for column, level in (("plan", "Pro"), ("owns", "true"), ("agreement", "often")):
        model.generate(5, seed=1, categorical={column: {level: 0.5}})
    assert len(model._chains) == 2
    told: list[simulacra.Progress] = []
    model.generate(5, seed=1, categorical={"agreement": {"never": 0.2}}, progress=told.append)
    assert "fitting" not in {one.stage for one in told}


# What fitting refuses


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["a,b", *["1,2"] * 3], "3 rows; at least 30"),
        (["a,b", *["SECRET,SECRET"] * 60], "0 column"),
        (["a,b", *[f"{i % 5},SECRET" for i in range(60)]], "1 column"),
        (["a,b", *[","] * 60], "0 rows"),
    ],
)
def test_too_little_to_model_is_refused(
    written: Callable[[str], Path], rows: list[str], said: str
) -> None:
    with pytest.raises(simulacra.StudyError, match=said) as caught:
        simulacra.fit(written("\n".join(rows)))
    assert "SECRET" not in str(caught.value)


def test_cleaning_is_accounted_for(kit: simulacra.Model) -> None:
    assert "respondent" not in kit.schema.names
    assert "Would.recommend.0.10" in kit.schema.names
    assert kit.schema["Would.recommend.0.10"].source_name == "Would recommend (0-10)"
    actions = {(action.column, action.action) for action in kit.schema.cleaning}
    assert {("respondent", "dropped"), ("Would.recommend.0.10", "renamed")} <= actions


@pytest.mark.parametrize(
    "values",
    [
        pa.array([5.0, None] * 100),
        pa.array([True, None] * 100),
        pa.array([True] * 100 + [False] * 4 + [None] * 96),
        pa.array([2**63 + i % 50 for i in range(200)], pa.uint64()),
        pa.array([1e-12 * (i % 60 + 1) for i in range(200)]),
        pa.array([1e90 * (i % 60 + 1) for i in range(200)]),
        pa.array([float("inf")] * 20 + [float(i) for i in range(180)]),
        pa.array([dt.date(1, 1, 1) if i % 2 else dt.date(9999, 12, 31) for i in range(200)]),
        pa.array(np.repeat(np.arange(2), 100).astype("datetime64[s]")),
        pa.array(["x", "y", None, "z"] * 50).dictionary_encode(),
        pa.array([None if i % 40 else i for i in range(200)]),
    ],
    ids=[
        *("constant number", "constant boolean", "rare false", "uint64", "tiny", "huge"),
        *("infinite", "all dates", "two seconds", "dictionary", "rarely known"),
    ],
)
def test_odd_columns_are_modelled_or_dropped(values: pa.Array) -> None:
    rng = np.random.default_rng(0)
    group = rng.choice(["a", "b", "c"], len(values))
    table = pa.table({"group": group, "odd": values, "score": rng.integers(0, 10, len(values))})
    model = simulacra.fit(table)
    out = model.generate(300, seed=1, categorical={"group": {"a": 0.5}})
    assert out.rows_generated == 300
    if "odd" in model.schema.names:
        known = set(out.table["odd"].drop_null().to_pylist())
        assert known
        if pa.types.is_boolean(values.type):
            assert known <= set(values.drop_null().to_pylist())
