"""Properties of a generation that tests compare, and the first half of one."""

import hashlib
from typing import Any

import pyarrow as pa

import simulacra
from simulacra.engine import progress
from simulacra.engine.report.report import LevelOutcome, ShareOutcome
from simulacra.engine.scenario import conditions, particles, plans
from simulacra.engine.scenario.conditions import Conditions
from simulacra.engine.scenario.particles import Particles
from simulacra.engine.scenario.plans import Plan


def digest(out: simulacra.Generation) -> str:
    """Return a hash of the rows and their types."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, out.table.schema) as writer:
        writer.write_table(out.table)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def shares(column: pa.ChunkedArray) -> dict[Any, float]:
    """Return how often each value occurs, as a share of all rows."""
    values = column.to_pylist()
    return {value: values.count(value) / len(values) for value in set(values)}


def levels(out: simulacra.Generation, column: str) -> dict[str, LevelOutcome]:
    """Return what the report says of each level of a conditioned column."""
    outcomes = {condition.column: condition for condition in out.report.conditions}
    outcome = outcomes[column]
    assert isinstance(outcome, ShareOutcome)
    return {level.level: level for level in outcome.levels}


def warning_codes(out: simulacra.Generation) -> set[str]:
    """Return the codes of the warnings in the report."""
    return {warning.code for warning in out.report.warnings}


def conditioned(
    model: simulacra.Model,
    rows: int,
    categorical: Conditions | None = None,
    numeric: Conditions | None = None,
) -> tuple[Plan, Particles]:
    """Return the plan of a scenario, and the particles that its rows would be picked from."""
    asked = {"categorical": categorical, "numeric": numeric}
    plan = plans.of(model._pool, conditions.parse(model.schema, asked))
    count = len(plan.order)
    (fitting,) = progress.phases(None, [("fitting", 1)])
    sequence = model._sequence(plan.order)
    models = model._fit_missing(sequence, model._fitted(sequence, count), count, fitting)
    return plan, particles.draw(model._pool, models[:count], plan, rows, 1)
