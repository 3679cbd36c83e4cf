"""Progress of fitting and generating, as a caller is informed of it."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

import simulacra
from simulacra.engine import pipeline
from simulacra.engine.model import drawing


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
    mixed_model: simulacra.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "ROWS_AT_ONCE", 40)
    told: list[simulacra.Progress] = []
    mixed_model.generate(100, seed=1, progress=told.append)
    assert_forward(told, ["sampling", "writing"])
    assert max(one.steps or 0 for one in told) == 3 * len(mixed_model.schema.columns)


def test_a_fault_of_the_one_who_is_told_is_raised(mixed_model: simulacra.Model) -> None:
    def fail(_: simulacra.Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        mixed_model.generate(20, seed=1, progress=fail)


def test_the_by_conditions_of_a_few_scenarios_are_kept(
    mixed_table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "MAX_KEPT_SEQUENCES", 2)
    model = simulacra.fit(mixed_table)
    for column, level in (("plan", "Pro"), ("owns", "true"), ("agreement", "often")):
        model.generate(5, seed=1, categorical={column: {level: 0.5}})
    assert len(model._by_conditions) == 2
    told: list[simulacra.Progress] = []
    model.generate(5, seed=1, categorical={"agreement": {"never": 0.2}}, progress=told.append)
    assert "fitting" not in {one.stage for one in told}
