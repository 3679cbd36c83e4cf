"""Scenario rows against real rows that no model has seen, raked to the same targets."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

import simulacra
from benchmarks import judging, page, studies, tables, truth
from benchmarks.options import Options
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

SPLITS, ROWS = 10, 5_000
RESPONDENTS = {"beps": 762, "adult": 1_000}

NOTES = """\
{splits} random splits: BEPS 762 rows to learn from and 763 held out, Adult 1,000 and all others.
The held-out rows, raked to the scenario's targets, represent the truth. They are a sample
themselves, so *second sample* shows the error that another such sample would have: a bootstrap of
the held-out rows. Pairs and means of columns without a condition, as on the page on scenarios;
medians. The ratio is the geometric mean of the errors of generated rows over those of the raked
study."""


@dataclasses.dataclass(frozen=True)
class HoldoutScenario:
    """Conditions on a study."""

    study: str
    name: str
    shares: truth.Shares
    ranges: truth.Ranges = dataclasses.field(default_factory=dict)


SCENARIOS = (
    HoldoutScenario("beps", "swing to Labour", {"vote": {"Labour": 0.6, "Conservative": 0.2}}),
    HoldoutScenario("beps", "Liberal surge", {"vote": {"Liberal Democrat": 0.6}}),
    HoldoutScenario(
        "beps", "young women", {"gender": {"female": 0.8}}, {"age": {"min": 24, "max": 40}}
    ),
    HoldoutScenario("beps", "sceptics", {}, {"Europe": {"min": 10, "max": 11}}),
    HoldoutScenario(
        "beps",
        "pro-European Conservatives",
        {"vote": {"Conservative": 0.9, "Labour": 0.1}},
        {"Europe": {"min": 1, "max": 4}},
    ),
    HoldoutScenario("adult", "half are rich", {"income": {">50K": 0.5, "<=50K": 0.5}}),
    HoldoutScenario(
        "adult",
        "women, part time",
        {"sex": {"Female": 0.9}},
        {"hours_per_week": {"min": 15, "max": 25}},
    ),
    HoldoutScenario(
        "adult", "graduates", {"education": {"Bachelors": 0.5, "Masters": 0.3, "HS-grad": 0.2}}
    ),
    HoldoutScenario(
        "adult",
        "young, rich, single",
        {"income": {">50K": 0.8}, "marital_status": {"Never-married": 0.9}},
        {"age": {"min": 22, "max": 32}},
    ),
)


@dataclasses.dataclass(frozen=True)
class HoldoutTrial:
    """Errors of (pairs, means) by kind of rows."""

    scenario: HoldoutScenario
    errors: Mapping[str, tuple[float, float]]


def run(options: Options) -> None:
    """Try all scenarios and write the page."""
    splits = 2 if options.quick else SPLITS
    trials: list[HoldoutTrial] = []
    for study in filter(options.includes, RESPONDENTS):
        rows = _rows(study, options)
        for split in range(splits):
            trials += _try(study, rows, split)
        print(f"{study} done", flush=True)
    parts = [_table(trials, 0), _table(trials, 1), NOTES.format(splits=splits)]
    parts.insert(0, "## Pairs")
    parts.insert(2, "## Means")
    page.write("holdout", "Scenarios against held-out respondents", parts, save=options.is_complete)


def _rows(study: str, options: Options) -> pa.Table:
    if study == "beps":
        return studies.load(study, options.data)
    table = tables.load(study, options.data)
    return pa.concat_tables([table.train, table.unseen]).unify_dictionaries()


def _try(study: str, rows: pa.Table, split: int) -> list[HoldoutTrial]:
    rng = np.random.default_rng((5, split))
    order = rng.permutation(rows.num_rows)
    sample, held_out = (
        rows.take(order[: RESPONDENTS[study]]),
        rows.take(order[RESPONDENTS[study] :]),
    )
    again = held_out.take(rng.integers(held_out.num_rows, size=held_out.num_rows))
    model, schema = simulacra.fit(sample), tables.raw_schema(rows)
    trials = []
    for scenario in SCENARIOS:
        if scenario.study != study:
            continue
        out = model.generate(ROWS, seed=1, categorical=scenario.shares, numeric=scenario.ranges)
        true = truth.condition(held_out, scenario.shares, scenario.ranges)
        kinds = {
            "synthetic": (out.table, np.ones(out.rows_generated)),
            "raked study": truth.condition(sample, scenario.shares, scenario.ranges),
            "second sample": truth.condition(again, scenario.shares, scenario.ranges),
        }
        errors = {
            kind: _errors(
                schema, scenario, true, synthetic, model.schema if kind == "synthetic" else None
            )
            for kind, synthetic in kinds.items()
        }
        trials.append(HoldoutTrial(scenario, errors))
    return trials


def _errors(
    schema: Schema,
    scenario: HoldoutScenario,
    true: tuple[pa.Table, Floats],
    synthetic: tuple[pa.Table, Floats],
    model_schema: Schema | None,
) -> tuple[float, float]:
    if not synthetic[1].sum():
        return np.nan, np.nan
    given = {*scenario.shares, *scenario.ranges}
    coded = (
        tables.encode(schema, true[0]),
        tables.encode(schema, synthetic[0], model_schema),
        true[1],
        synthetic[1],
    )
    return (
        judging.pair_error(schema, *coded, given=given),
        judging.mean_error(schema, *coded, given=given),
    )


def _table(trials: Sequence[HoldoutTrial], position: int) -> str:
    lines = []
    for scenario in SCENARIOS:
        some = [trial.errors for trial in trials if trial.scenario is scenario]
        if not some:
            continue
        kinds = {kind: np.array([errors[kind][position] for errors in some]) for kind in some[0]}
        ratio = np.exp(np.nanmean(np.log(kinds["synthetic"] / kinds["raked study"])))
        figures = [f"{np.nanmedian(values):.3f}" for values in kinds.values()]
        lines.append([f"{scenario.study}: {scenario.name}", *figures, f"{ratio:.2f}"])
    return page.table(["scenario", "synthetic", "raked study", "second sample", "ratio"], lines)
