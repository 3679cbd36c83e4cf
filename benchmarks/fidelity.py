"""Unconditional rows of the five standard tables, next to the best published figures."""

import dataclasses
import time
from collections.abc import Mapping, Sequence

import classifier
import numpy as np
import page
import tables
from options import Options
from tables import Table

import simulacra
from simulacra.engine import judging
from simulacra.engine.encoding import Floats

DRAWS = 3
NEAREST_ROWS = 5_000
UNSEEN_GOAL, NEARER_GOAL = 0.95, 0.54

PUBLISHED: Mapping[str, tuple[float, float, float]] = {
    "adult": (0.6, 1.4, 0.855),
    "default": (0.5, 2.55, 0.591),
    "shoppers": (0.9, 1.74, 0.894),
    "magic": (0.78, 0.76, 0.860),
    "beijing": (0.6, 2.2, 0.772),
}
"""Best known figure of each cell: Shape and Trend error in percent, XGB-C2ST; from the papers of
TabSyn (Zhang et al. 2024), TabDiff (Shi et al. 2025) and TabPC."""

NOTES = """\
Shape and Trend: error in percent against the train rows, as SDMetrics QualityReport 0.11.1
computes them, every pair counted (`check_sdmetrics.py` compares). XGB-C2ST:
`1 - (2 max(AUC, 1/2) - 1)` of XGBoost, five folds, copies of a row in one fold; 1 is
indistinguishable. *Nearer*: share of made rows nearer to a train row than to an equally large
unseen sample. Shape, Trend, *unseen* and *nearer* are means over {draws} draws. Adult has an
official test part; of the others a fixed tenth is unseen, as in the papers. *Unseen* compares
equally many rows; *unseen, all* sets all made rows against them, which makes the judge stronger:
a stricter figure without a goal.

Goals: Shape and Trend at most the best published figure, or the error of a bootstrap of the train
rows where that is larger; XGB-C2ST against train at least the best published one, against unseen
rows at least 0.95 of what train rows reach; nearer at most 0.54."""


@dataclasses.dataclass(frozen=True)
class Figures:
    """Of rows that somebody made: the columns of the page, as fractions."""

    shape: float
    trend: float
    versus_train: float
    versus_unseen: float
    versus_all_unseen: float
    nearer: float
    copies: float


@dataclasses.dataclass(frozen=True)
class Result:
    """Of one table: `rows` by kind; the generated ones first."""

    name: str
    rows: Mapping[str, Figures]
    fit_seconds: float
    rows_per_second: float


def run(options: Options) -> None:
    """Judge the engine on the tables and write the page."""
    results = []
    for name in filter(options.wants, tables.SOURCES):
        started = time.perf_counter()
        results.append(
            measure(tables.load(name, options.data), draws=1 if options.quick else DRAWS)
        )
        print(f"{name}: {time.perf_counter() - started:.0f} s", flush=True)
    parts = [reached(results), NOTES.format(draws=DRAWS), "## Baselines", baselines(results)]
    page.write("fidelity", "Fidelity on the five standard tables", parts, keep=options.is_whole)


def measure(table: Table, draws: int) -> Result:
    """Fit a table, draw from it, and judge the draws and the baselines."""
    rng = np.random.default_rng(0)
    started = time.perf_counter()
    model = simulacra.fit(table.train)
    fit_seconds = time.perf_counter() - started
    rows = table.train.num_rows
    started = time.perf_counter()
    made = [model.generate(rows, seed=draw).table for draw in range(draws)]
    speed = draws * rows / (time.perf_counter() - started)
    train = table.coded(table.train)
    samples = {
        "generated": [table.coded(one, model.schema) for one in made],
        "independent columns": [judging.independent(train, rng) for _ in range(draws)],
        "bootstrap of train": [train[rng.integers(rows, size=rows)] for _ in range(draws)],
        "train rows": [rng.permutation(train) for _ in range(draws)],
    }
    judged = {name: judge(table, train, some) for name, some in samples.items()}
    return Result(table.name, judged, fit_seconds, speed)


def judge(table: Table, train: Floats, made: Sequence[Floats]) -> Figures:
    """Return the figures of rows; `made` holds draws of one kind."""
    rng, schema = np.random.default_rng(1), table.schema
    unseen = table.coded(table.unseen)
    size = min(len(train), len(unseen))
    versus, nearer = [], []
    for draw, rows in enumerate(made):
        some = rng.permutation(rows)
        versus.append(classifier.two_sample(schema, unseen[:size], some[:size], seed=draw))
        reference = rng.permutation(train)
        nearer.append(
            judging.nearer_to_train(schema, reference, unseen[:size], some[:NEAREST_ROWS])
        )
    return Figures(
        shape=float(np.mean([judging.shape(schema, train, rows) for rows in made])),
        trend=float(np.mean([judging.trend(schema, train, rows) for rows in made])),
        versus_train=classifier.two_sample(schema, train, made[0]),
        versus_unseen=float(np.mean(versus)),
        versus_all_unseen=classifier.two_sample(schema, unseen, made[0]),
        nearer=float(np.mean(nearer)),
        copies=judging.copies(train, made[0]),
    )


def reached(results: Sequence[Result]) -> str:
    """Return the table of figures beside their goals."""
    head = ["table", "Shape", "Trend", "XGB-C2ST train", "unseen", "nearer", "copies %"]
    return page.table([*head, "fit s", "rows/s"], [_goals(result) for result in results])


def _goals(result: Result) -> list[str]:
    made, floor = result.rows["generated"], result.rows["bootstrap of train"]
    shape, trend, versus_train = PUBLISHED[result.name]
    limits = [
        (100 * (1 - made.shape), max(shape, 100 * (1 - floor.shape)), 2),
        (100 * (1 - made.trend), max(trend, 100 * (1 - floor.trend)), 2),
    ]
    unseen_goal = UNSEEN_GOAL * result.rows["train rows"].versus_unseen
    return [
        result.name,
        *(page.at_most(*limit) for limit in limits),
        page.at_least(made.versus_train, versus_train, 3),
        page.at_least(made.versus_unseen, unseen_goal, 3),
        page.at_most(made.nearer, NEARER_GOAL, 3),
        f"{100 * made.copies:.2f}",
        f"{result.fit_seconds:.1f}",
        f"{result.rows_per_second:,.0f}",
    ]


def baselines(results: Sequence[Result]) -> str:
    """Return the table of all kinds of rows, and of what was published."""
    head = ["table", "rows", "Shape", "Trend", "XGB-C2ST train", "unseen", "unseen, all", "nearer"]
    lines = []
    for result in results:
        lines += [[result.name, kind, *_plain(made)] for kind, made in result.rows.items()]
        shape, trend, versus = PUBLISHED[result.name]
        lines.append(
            [result.name, "best published", f"{shape:.2f}", f"{trend:.2f}", f"{versus:.3f}"]
            + 4 * [""]
        )
    return page.table([*head, "copies %"], lines)


def _plain(made: Figures) -> list[str]:
    return [
        f"{100 * (1 - made.shape):.2f}",
        f"{100 * (1 - made.trend):.2f}",
        f"{made.versus_train:.3f}",
        f"{made.versus_unseen:.3f}",
        f"{made.versus_all_unseen:.3f}",
        f"{made.nearer:.3f}",
        f"{100 * made.copies:.2f}",
    ]
