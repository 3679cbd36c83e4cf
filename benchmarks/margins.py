"""Margins of error against known populations, beside what people would use instead."""

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import norm

import simulacra
from benchmarks import page, truth
from benchmarks.options import Options
from benchmarks.scenarios import CLASSES, LOW_INCIDENCE, SCENARIOS, PopulationScenario
from simulacra.engine import errors
from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.margins.figures import MEAN, SHARE, Layout
from simulacra.engine.margins.intervals import NORMAL
from simulacra.engine.margins.margins import Margins

STUDY_SIZES, STUDIES, ROWS = (400, 1_000), 3, 5_000
RESAMPLES = 40
"""Of the respondents, for the intervals of the raked study."""
PEOPLE = 200_000
UNCHANGED = 0.005
"""A share that differs by less, or a number by less of its standard deviation, has not changed."""
WAYS = ("margins", "naive", "raked study")
SUPPORT_ENDS, SUPPORTS = (5, 10, 30, 100), ("under 5", "5 to 10", "10 to 30", "30 to 100", "more")
NOTES = """\
From populations defined in code (`truth.py`), {studies} studies of each size are drawn; each
scenario is asked with `margins=True`, and the intervals of all columns without conditions are
compared with the truth. Nominal is 95 %. Classes of scenarios are those of
[scenarios](scenarios.md).

*Unsure*: the report has the warning `margins_unsure`.
*Held*: the truth under the scenario lies in the interval. *Change held*: so does the true change
from the population to the scenario. *False changes*: of the figures that do not change by more than
{unchanged} (of a share, or of a standard deviation), how many are claimed to have. *Changes found*:
of all others, how many are. *Half width*: median of half of the intervals, of shares in points and
of means in standard deviations.

*Naive*: what a spreadsheet says of 5,000 made rows, taken for 5,000 respondents. *Raked study*: the
respondents inside the ranges, raked to the shares, with intervals from {resamples} resamples.
The quartile of a rating jumps from one whole number to the next, and its interval ends at whole
numbers, so that it holds the truth more often than it says; shares and means show how well 95 %
are kept. The figures of one study move together, so that a class with few scenarios is uncertain by
a few points; that of extreme scenarios most of all.

The intervals were developed on other studies of the shoppers, spenders and drinkers, and held
against the battery, the buyers and the clients. The clients then showed what was wrong with shares
that none or few of the respondents have, so that other studies of them were used as well. None of
the studies on this page was used."""


@dataclasses.dataclass(frozen=True)
class MarginTrial:
    """One scenario on one study: by way, what each figure's interval held.

    Attributes:
        difficulty: the name of its class.
        respondents: of the study.
        held, change_held, is_claimed: bool, shape (figures,), by way.
        widths: float64, shape (figures,): half widths, by way; NaN of a quartile.
        is_unchanged: bool, shape (figures,).
        kinds: of the figures.
        seconds: of the generation with margins, and of the fit.
        is_unsure: whether there is a warning of unsure margins.
        effective: respondents who effectively stand behind the rows.
    """

    difficulty: str
    respondents: int
    held: Mapping[str, Flags]
    change_held: Mapping[str, Flags]
    is_claimed: Mapping[str, Flags]
    widths: Mapping[str, Floats]
    is_unchanged: Flags
    kinds: tuple[str, ...]
    seconds: tuple[float, float]
    is_unsure: bool
    effective: float

    @property
    def support(self) -> str:
        """How many respondents effectively stand behind the rows, as a range."""
        return SUPPORTS[int(np.searchsorted(SUPPORT_ENDS, self.effective, side="right"))]

    def only(self, kind: str) -> "MarginTrial":
        """Return it with the figures of one kind only."""
        own = np.array([it == kind for it in self.kinds])
        held, change_held, is_claimed, widths = (
            {way: it[own] for way, it in by_way.items()}
            for by_way in (self.held, self.change_held, self.is_claimed, self.widths)
        )
        return dataclasses.replace(
            self,
            held=held,
            change_held=change_held,
            is_claimed=is_claimed,
            widths=widths,
            is_unchanged=self.is_unchanged[own],
            kinds=(kind,) * int(own.sum()),
        )


@dataclasses.dataclass(frozen=True)
class _Ends:
    """The ends of intervals, float64, shape (figures,): of the scenario, and of the change."""

    low: Floats
    high: Floats
    change_low: Floats
    change_high: Floats


def run(options: Options) -> None:
    """Try all scenarios and write the page."""
    sizes, studies = (STUDY_SIZES[1:], 1) if options.quick else (STUDY_SIZES, STUDIES)
    trials: list[MarginTrial] = []
    for population in filter(options.includes, truth.POPULATIONS):
        started = time.perf_counter()
        trials += try_population(population, sizes, studies)
        print(f"{population}: {time.perf_counter() - started:.0f} s", flush=True)
    write(trials, studies, save=options.is_complete)


def write(trials: Sequence[MarginTrial], studies: int, *, save: bool) -> None:
    """Write the page of some trials; print it if it is not to be saved."""
    cost = np.median([trial.seconds[0] / trial.seconds[1] for trial in trials])
    notes = NOTES.format(studies=studies, unchanged=UNCHANGED, resamples=RESAMPLES)
    parts = [
        by(trials, lambda trial: trial.difficulty),
        f"A generation with margins takes {cost:.0f} fits of the model (median).",
        notes,
        "## By size of the study",
        by(trials, lambda trial: f"{trial.respondents:,}"),
        "## By kind of figure",
        by_kind(trials),
        "## By effective respondents",
        by(trials, lambda trial: trial.support),
    ]
    page.write("margins", "Margins of error against the truth", parts, save=save)


def try_population(population: str, sizes: Sequence[int], studies: int) -> Iterator[MarginTrial]:
    """Return a trial of each scenario on each study of a population."""
    draw = truth.POPULATIONS[population]
    scenarios = [scenario for scenario in SCENARIOS if scenario.population == population]
    truths = [truth.find(draw, scenario.shares, scenario.ranges) for scenario in scenarios]
    everyone = pa.table(draw(PEOPLE, np.random.default_rng(0)))
    for size, study in itertools.product(sizes, range(studies)):
        sample = pa.table(draw(size, np.random.default_rng((size, 100 + study))))
        started = time.perf_counter()
        model = simulacra.fit(sample)
        fitting = time.perf_counter() - started
        for scenario, known in zip(scenarios, truths, strict=True):
            trial = _try(model, sample, everyone, scenario, known, fitting)
            if trial is not None:
                yield trial


def _try(
    model: simulacra.Model,
    sample: pa.Table,
    everyone: pa.Table,
    scenario: PopulationScenario,
    known: truth.Truth,
    fitting: float,
) -> MarginTrial | None:
    """Return a trial; None if the model has no row, or no figure is free."""
    started = time.perf_counter()
    try:
        out = model.generate(
            ROWS, seed=1, categorical=scenario.shares, numeric=scenario.ranges, margins=True
        )
    except errors.InfeasibleError:
        return None
    seconds = time.perf_counter() - started
    margins, schema = out.report.margins, model.schema
    if margins is None or not margins.figures:
        return None
    given = {*scenario.shares, *scenario.ranges}
    free = [index for index, it in enumerate(schema.columns) if it.source_name not in given]
    layout = Layout.of(schema, free)
    truths = layout.values(_values(schema, known.people), known.weights)
    before = layout.values(_values(schema, everyone))
    spread = np.array([_spread(schema, everyone, it.kind, it.position) for it in layout.figures])
    ends = {
        "margins": _of_margins(schema, layout, margins),
        "naive": _naive(layout, _values(schema, out.table), _values(schema, sample)),
        "raked study": _raked(layout, schema, sample, scenario),
    }
    change = truths - before
    is_known = ~np.isnan(truths) & ~np.isnan(ends["margins"].low)
    is_told = np.array([it.kind in {SHARE, MEAN} for it in layout.figures])
    slack = 1e-6 * spread
    return MarginTrial(
        difficulty=_difficulty(scenario, known),
        respondents=sample.num_rows,
        held={
            way: ((it.low - slack <= truths) & (truths <= it.high + slack))[is_known]
            for way, it in ends.items()
        },
        change_held={
            way: ((it.change_low - slack <= change) & (change <= it.change_high + slack))[is_known]
            for way, it in ends.items()
        },
        is_claimed={
            way: ((it.change_low > slack) | (it.change_high < -slack))[is_known]
            for way, it in ends.items()
        },
        widths={
            way: np.where(is_told, (it.high - it.low) / 2 / spread, np.nan)[is_known]
            for way, it in ends.items()
        },
        is_unchanged=(np.abs(change) <= UNCHANGED * spread)[is_known],
        kinds=tuple(it.kind for it, own in zip(layout.figures, is_known, strict=True) if own),
        seconds=(seconds, fitting),
        is_unsure="margins_unsure" in {it.code for it in margins.warnings},
        effective=out.report.support.effective_sample_size,
    )


def _difficulty(scenario: PopulationScenario, known: truth.Truth) -> str:
    if scenario.population in truth.AUDIENCES:
        return LOW_INCIDENCE
    return next(name for name, least in CLASSES if known.left > least or not least)


def _values(schema: Schema, rows: pa.Table) -> dict[int, Floats]:
    """Return rows of a population, of a study or of a model, by position of a column."""
    own = {}
    for position, column in enumerate(schema.columns):
        name = column.name if column.name in rows.column_names else column.source_name
        array = rows[name]
        if column.type.is_categorical:
            texts = array.cast(pa.string())
            levels = pa.array(column.levels, pa.string())
            positions = pc.fill_null(pc.index_in(texts, levels), -1)
            coded = positions.to_numpy().astype(np.float64)
            own[position] = np.where(coded < 0, np.nan, coded)
        else:
            own[position] = pc.fill_null(array.cast(pa.float64()), np.nan).to_numpy()
    return own


def _spread(schema: Schema, everyone: pa.Table, kind: str, position: int) -> float:
    """Return the unit of a figure: 1 of a share, the standard deviation of a number."""
    if kind == SHARE:
        return 1.0
    column = schema.columns[position]
    return float(np.nanstd(_values(Schema((column,), (), 0), everyone)[0])) or 1.0


def _of_margins(schema: Schema, layout: Layout, margins: Margins) -> _Ends:
    known = {(it.column, it.kind, it.level): it for it in margins.figures}
    found = []
    for figure in layout.figures:
        column = schema.columns[figure.position]
        level = column.levels[figure.level] if figure.kind == SHARE else None
        it = known.get((column.name, figure.kind, level))
        ends = (it.scenario.low, it.scenario.high, it.change.low, it.change.high) if it else ()
        found.append([float(end) for end in ends if end is not None] or [np.nan] * 4)
    return _Ends(*np.array(found, dtype=np.float64).T)


def _naive(layout: Layout, made: dict[int, Floats], study: dict[int, Floats]) -> _Ends:
    """Return the intervals of rows and respondents as if both were interviews."""
    figures = layout.values(made), layout.values(study)
    of_made, of_study = (layout.spans(rows, None, NORMAL) for rows in (made, study))
    variance = sum(((high - low) / 2) ** 2 for low, high in (of_made, of_study))
    change, width = figures[0] - figures[1], np.sqrt(variance)
    return _Ends(*of_made, change - width, change + width)


def _raked(layout: Layout, schema: Schema, sample: pa.Table, scenario: PopulationScenario) -> _Ends:
    """Return the intervals of the raked study, from resampled respondents."""
    rng, found, before = np.random.default_rng(11), [], []

    def figures(study: pa.Table) -> Floats:
        rows, weights = truth.condition(study, scenario.shares, scenario.ranges)
        if not len(weights) or not weights.sum():
            return np.full(len(layout.figures), np.nan)
        return layout.values(_values(schema, rows), weights)

    for _ in range(RESAMPLES):
        study = sample.take(rng.integers(sample.num_rows, size=sample.num_rows))
        found.append(figures(study))
        before.append(layout.values(_values(schema, study)))
    quantile = float(norm.ppf(0.975))
    middle, own = figures(sample), layout.values(_values(schema, sample))
    with np.errstate(invalid="ignore"):
        width = quantile * np.nanstd(found, axis=0)
        of_change = quantile * np.nanstd(np.array(found) - np.array(before), axis=0)
    change = middle - own
    return _Ends(middle - width, middle + width, change - of_change, change + of_change)


def by(trials: Sequence[MarginTrial], key: Callable[[MarginTrial], str]) -> str:
    """Return a table of what was held, by group and overall."""
    names = [*(name for name, _ in CLASSES), LOW_INCIDENCE, *SUPPORTS]
    found = dict.fromkeys(map(key, trials))
    ordered = [name for name in names if name in found] or [*found]
    return _table(
        {name: [trial for trial in trials if key(trial) == name] for name in ordered}, trials
    )


def by_kind(trials: Sequence[MarginTrial]) -> str:
    """Return the same table by kind of figure."""
    kinds = dict.fromkeys(kind for trial in trials for kind in trial.kinds)
    groups = {kind.replace("_", " "): [trial.only(kind) for trial in trials] for kind in kinds}
    return _table(groups, trials)


def _table(groups: Mapping[str, Sequence[MarginTrial]], everything: Sequence[MarginTrial]) -> str:
    lines = [[name, *_cells(some)] for name, some in {**groups, "all": everything}.items()]
    heads = [
        f"{what}, {way}"
        for what in ("held", "change held", "false changes", "changes found", "half width")
        for way in WAYS
    ]
    return page.table(["", "trials", "figures", "unsure", *heads], lines)


def _cells(trials: Sequence[MarginTrial]) -> list[str]:
    def joined(pick: Callable[[MarginTrial], np.ndarray]) -> np.ndarray:
        return np.concatenate([pick(trial) for trial in trials])

    held = [_part(joined(lambda it, way=way: it.held[way])) for way in WAYS]  # type: ignore[misc]
    changes = [_part(joined(lambda it, way=way: it.change_held[way])) for way in WAYS]  # type: ignore[misc]
    false = [
        _part(joined(lambda it, way=way: it.is_claimed[way][it.is_unchanged]))  # type: ignore[misc]
        for way in WAYS
    ]
    right = [
        _part(joined(lambda it, way=way: it.is_claimed[way][~it.is_unchanged]))  # type: ignore[misc]
        for way in WAYS
    ]
    widths = [
        _middle(joined(lambda it, way=way: it.widths[way]))  # type: ignore[misc]
        for way in WAYS
    ]
    figures = sum(len(trial.is_unchanged) for trial in trials)
    unsure = np.mean([trial.is_unsure for trial in trials])
    return [
        str(len(trials)),
        f"{figures:,}",
        f"{unsure:.0%}",
        *held,
        *changes,
        *false,
        *right,
        *widths,
    ]


def _part(flags: np.ndarray) -> str:
    return f"{flags.mean():.1%}" if len(flags) else ""


def _middle(widths: Floats) -> str:
    known = widths[~np.isnan(widths)]
    return f"{np.median(known):.3f}" if len(known) else ""
