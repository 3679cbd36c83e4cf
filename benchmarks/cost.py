"""Seconds and memory, each case in a process of its own, and how they grow."""

import dataclasses
import importlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import simulacra
from benchmarks import page, studies, tables
from benchmarks.options import Options

GIBIBYTE = 2**30
TIMEOUT = 600
"""Seconds after which a case counts as too slow for any goal."""
SCENARIO = {"education": {"Bachelors": 0.4, "Masters": 0.2}, "sex": {"Female": 0.6}}
RANGES = {"age": {"min": 25, "max": 44}}
PREVIEWED = {"occupation": {"Sales": 0.3, "Tech-support": 0.2}, "race": {"Black": 0.4}}

NOTES = """\
Each case runs in a new process that may use both cores. Memory is the peak of the whole process,
about 0.2 GiB of which are the libraries; loading them is not part of the seconds. The goals
assume two cores without other load. On a shared machine wall-clock seconds vary with the load, so
the processor seconds of all threads are beside them. A *fresh* scenario is the first on its
columns, *repeated* the next on the same columns. A preview of a scenario that hardly any
respondent meets takes longer: it draws up to two million particles, as its generation does."""

LADDERS = """\
The tables are defined in code: half of the columns are numbers, half are categories, and all
depend on common factors. Each line doubles one dimension. The exponent is the slope of log
seconds over the larger half of the sizes: 1 is linear."""


@dataclasses.dataclass(frozen=True)
class Goal:
    """A limit on a figure of a case, in GiB or seconds."""

    case: str
    figure: str
    limit: float
    text: str


GOALS = (
    Goal("adult", "fit", 10, "fit Adult, s"),
    Goal("bfi", "fit", 1, "fit bfi (2,800 x 28), s"),
    Goal("burger", "fit", 60, "fit the burger tracker (4,853 x 500), s"),
    Goal("million", "fit", 300, "fit 1,000,000 x 30, s"),
    Goal("million", "memory", 4, "fit 1,000,000 x 30, GiB"),
    Goal("adult", "generate", 5, "generate 1,000,000 rows of Adult, s"),
    Goal("adult", "fresh", 2, "5,000 rows of Adult under a fresh scenario, s"),
    Goal("adult", "repeated", 0.3, "the same, repeated, s"),
    Goal("adult", "preview", 1, "a fresh preview on other columns of Adult, s"),
    Goal("burger", "fresh", 2, "5,000 rows of the tracker under a fresh scenario, s"),
    Goal("burger", "repeated", 0.8, "the same, repeated, s"),
    Goal("burger", "preview", 2, "a fresh preview on another column of the tracker, s"),
)
LADDER_FIGURES = ("fit", "fit processor", "generate", "generate processor", "memory")
ROWS = [2_000 * 2**rung for rung in range(7)]
COLUMNS = [10 * 2**rung for rung in range(5)]
LEVELS = [5 * 2**rung for rung in range(5)]


def run(options: Options) -> None:
    """Measure everything and write the page."""
    names = [name for name in dict.fromkeys(goal.case for goal in GOALS) if options.includes(name)]
    if options.quick:
        names = [name for name in names if name != "million"]
    figures_by_case = {name: measured(name, options.data) for name in names}
    parts = [goals(figures_by_case), NOTES]
    if options.includes("ladders"):
        rungs = 3 if options.quick else None
        parts += ["## Growth", LADDERS, ladder("rows", ROWS[:rungs], "rows-{}-20-6")]
        parts += [ladder("columns", COLUMNS[:rungs], "rows-2000-{}-6")]
        parts += [ladder("levels", LEVELS[:rungs], "rows-10000-10-{}")]
    page.write("cost", "Cost", parts, save=options.is_complete)


def measured(case: str, data: Path) -> dict[str, float]:
    """Return the figures of a case, measured by a process of its own; empty if it failed."""
    command = [sys.executable, "-m", "benchmarks.cost", case, str(data)]
    try:
        process = subprocess.run(  # noqa: S603 - this very module
            command, cwd=page.ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"{case}: {type(error).__name__}", flush=True)
        return {}
    figures: dict[str, float] = json.loads(process.stdout)
    print(case, {name: round(value, 2) for name, value in figures.items()}, flush=True)
    return figures


def goals(figures_by_case: Mapping[str, Mapping[str, float]]) -> str:
    """Return the table of figures beside their goals."""
    lines = []
    for goal in GOALS:
        if goal.case in figures_by_case and not figures_by_case[goal.case]:
            lines.append([goal.text, f"none within {TIMEOUT} s ✗", "", ""])
        elif figures := figures_by_case.get(goal.case):
            digits = 1 if goal.limit >= 5 else 2
            memory = f"{figures['memory']:.2f}"
            figure = page.at_most(figures[goal.figure], goal.limit, digits)
            seconds = figures.get(f"{goal.figure} processor")
            lines.append([goal.text, figure, f"{seconds:.1f}" if seconds else "", memory])
    return page.table(["what", "figure (goal)", "processor s", "peak GiB"], lines)


def ladder(dimension: str, rungs: Sequence[int], case: str) -> str:
    """Return a table of seconds and memory by the size of one dimension."""
    figures_by_case = {rung: measured(case.format(rung), Path()) for rung in rungs}
    lines = [
        [f"{rung:,}", *(f"{figures[name]:.2f}" for name in LADDER_FIGURES)]
        for rung, figures in figures_by_case.items()
        if figures
    ]
    done = {rung: figures for rung, figures in figures_by_case.items() if figures}
    slopes = [_exponent(done, name) for name in LADDER_FIGURES[:-1]]
    lines.append(["exponent", *slopes, ""])
    head = [dimension, "fit s", "processor s", "100,000 rows s", "processor s", "peak GiB"]
    return page.table(head, lines)


def _exponent(figures_by_case: Mapping[int, Mapping[str, float]], figure: str) -> str:
    upper = list(figures_by_case)[len(figures_by_case) // 2 - 1 :]
    if len(upper) < 2:
        return ""
    seconds = [figures_by_case[rung][figure] for rung in upper]
    return f"{np.polyfit(np.log(upper), np.log(seconds), 1)[0]:.2f}"


def coded_table(rows: int, columns: int, levels: int) -> pa.Table:
    """Return a table defined in code: odd columns are numbers, even ones categories."""
    rng = np.random.default_rng(0)
    factors = rng.normal(0, 1, (rows, 3))
    values = {}
    for position in range(columns):
        score = factors @ rng.normal(0, 0.6, 3) + rng.normal(0, 1, rows)
        if position % 2:
            values[f"number_{position}"] = np.round(np.exp(0.5 * score) * 100, 1)
        else:
            cuts = np.quantile(score[:10_000], np.linspace(0, 1, levels + 1)[1:-1])
            values[f"category_{position}"] = np.char.add(
                "level ", np.searchsorted(cuts, score).astype(str)
            )
    return pa.table(values)


def fit_only(table: pa.Table) -> dict[str, float]:
    """Fit a table."""
    return _timed("fit", lambda: simulacra.fit(table))[1]


def adult(data: Path) -> dict[str, float]:
    """Fit Adult, generate, ask for a scenario twice, and preview another one."""
    table = tables.load("adult", data).train
    model, figures = _timed("fit", lambda: simulacra.fit(table))
    for name in ("fresh", "repeated"):
        figures |= _timed(
            name, lambda: model.generate(5_000, seed=1, categorical=SCENARIO, numeric=RANGES)
        )[1]
    figures |= _timed(
        "preview", lambda: model.preview(5_000, seed=1, categorical=PREVIEWED, numeric=RANGES)
    )[1]
    return figures | _timed("generate", lambda: model.generate(1_000_000, seed=1))[1]


def burger(data: Path) -> dict[str, float]:
    """Fit the tracker, ask for a scenario on a late column twice, and preview another one.

    A scenario puts its column first, so the later it comes in the study, the more is refitted.
    """
    table = studies.load("burger", data)
    model, figures = _timed("fit", lambda: simulacra.fit(table))
    late, before = [one for one in reversed(model.schema.columns) if one.levels][:2]
    shares = {late.name: {late.levels[0]: 0.5}}
    for name in ("fresh", "repeated"):
        figures |= _timed(name, lambda: model.generate(5_000, seed=1, categorical=shares))[1]
    others = {before.name: {before.levels[0]: 0.5}}
    return figures | _timed("preview", lambda: model.preview(5_000, seed=1, categorical=others))[1]


def rung(rows: int, columns: int, levels: int) -> dict[str, float]:
    """Fit a table defined in code and generate from it."""
    table = coded_table(rows, columns, levels)
    model, figures = _timed("fit", lambda: simulacra.fit(table))
    return figures | _timed("generate", lambda: model.generate(100_000, seed=1))[1]


def _timed(name: str, work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Return the result of `work`, its wall-clock seconds and its processor seconds."""
    started, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, {
        name: time.perf_counter() - started,
        f"{name} processor": time.process_time() - processor,
    }


def main(case: str, data: Path) -> None:
    """Measure one case in this process and print its figures as JSON."""
    importlib.import_module("simulacra.engine.pipeline")  # loading the libraries is not fitting
    if case == "adult":
        figures = adult(data)
    elif case == "burger":
        figures = burger(data)
    elif case == "million":
        figures = fit_only(coded_table(1_000_000, 30, 6))
    elif case.startswith("rows-"):
        figures = rung(*map(int, case.split("-")[1:]))
    else:
        figures = fit_only(studies.load(case, data))
    figures["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIBIBYTE
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
