"""Progress of fitting and generating, as a caller is informed of it."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

import simulacra
from simulacra.engine import pipeline
from simulacra.engine.model import drawing


@pytest.mark.parametrize(
    ("scenario", "stages"),
    [
        ({}, ["sampling", "writing"]),
        ({"categorical": {"owns": {"true": 0.6}}}, ["fitting", "sampling", "writing"]),
    ],
)
def test_progress_goes_forward_through_the_stages(
    mixed_table: pa.Table, scenario: Mapping[str, Any], stages: list[str]
) -> None:
    reports: list[simulacra.Progress] = []
    model = simulacra.fit(mixed_table, progress=reports.append)
    assert_forward([*reports, pipeline.SAVING], ["reading", "cleaning", "fitting", "writing"])
    steps = [(report.step, report.steps) for report in reports if report.steps]
    assert steps == [(step, len(steps)) for step in range(1, len(model.schema.columns) + 1)]
    reports.clear()
    model.generate(20, seed=1, progress=reports.append, **scenario)
    assert_forward(reports, stages)


def assert_forward(reports: list[simulacra.Progress], stages: list[str]) -> None:
    """Stages come in their order, fractions never go back, and steps are counted to the last."""
    assert list(dict.fromkeys(report.stage for report in reports)) == stages
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    for stage in stages:
        steps = [
            (report.step, report.steps)
            for report in reports
            if report.stage == stage and report.steps
        ]
        assert steps == [(step, len(steps)) for step in range(1, len(steps) + 1)]


def test_columns_are_counted_once_whatever_the_stretches_of_rows(
    mixed_model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "ROWS_AT_ONCE", 30)
    reports: list[simulacra.Progress] = []
    mixed_model.generate(100, seed=1, progress=reports.append)
    assert_forward(reports, ["sampling", "writing"])
    columns = len(mixed_model.schema.columns)
    steps = [(report.step, report.steps) for report in reports if report.steps]
    assert steps == [(step, columns) for step in range(1, columns + 1)]


def test_an_error_of_the_progress_callback_is_raised(mixed_model: simulacra.Model) -> None:
    def fail(_: simulacra.Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        mixed_model.generate(20, seed=1, progress=fail)


def test_conditional_models_of_the_latest_scenarios_are_reused(
    mixed_table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "MAX_KEPT_SEQUENCES", 2)
    model = simulacra.fit(mixed_table)
    for column, level in (("plan", "Pro"), ("owns", "true"), ("agreement", "often")):
        model.generate(5, seed=1, categorical={column: {level: 0.5}})
    assert len(model._by_conditions) == 2
    reports: list[simulacra.Progress] = []
    model.generate(5, seed=1, categorical={"agreement": {"never": 0.2}}, progress=reports.append)
    assert "fitting" not in {report.stage for report in reports}
