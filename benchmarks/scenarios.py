"""Scenarios against known populations, beside the alternatives that a study allows."""

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

import simulacra
from benchmarks import judging, page, tables, truth
from benchmarks.options import Options
from simulacra.engine import errors
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

Weighted = tuple[pa.Table, Floats]

ROWS, POOL = 5_000, 100_000
STUDY_SIZES = (400, 1_000, 3_000)
STUDIES = 3
CLASSES = (("mild", 0.3), ("moderate", 0.03), ("strong", 0.003), ("extreme", 0.0))
LOW_INCIDENCE, LOW_INCIDENCE_GOAL = "low-incidence", 0.70
ROW_KINDS = ("synthetic", "raked study", "draw and filter", "new fieldwork", "true sample")

NOTES = """\
From populations defined in code (`truth.py`), {studies} studies of each size are drawn; 5,000
rows are generated from each under each scenario, and compared with true rows under the same
scenario. Only columns without a condition count. *Pairs*: mean total variation distance over
pairs of columns. *Means*: mean error of a column's mean, or of its levels' shares, in standard
deviations. *Population left*: effective share of the population that fits the scenario; it
defines the classes (mild: over 0.3, moderate: over 0.03, strong: over 0.003, extreme: less).

*Low-incidence*: a class of its own, whatever is left of the population. Two populations have
audiences of 3 to 8 % with profiles of their own: other ages, habits, amounts and answers, other
questions left open, and relations that run the other way. A scenario asks for such an audience
alone, as half of the rows, or under a further condition. The lines *all* are those of the other
four classes, so that they can be compared with earlier ones. Goal: pairs at most 0.70 of the
error of the raked study.

Alternatives: *raked study*: the respondents inside the ranges, raked to the shares. *Draw and
filter*: 5,000 of 100,000 unconditional rows of the same model, filtered and raked. *New
fieldwork*: a new study under the scenario with as many respondents; it shows what the original
study cannot contain. *True sample*: 5,000 true rows, whose error is that of sampling alone.
Ratios are geometric means over scenarios and studies; below 1 the synthetic rows are nearer to
the truth. An alternative without a single row has no error and does not count, which favours
it."""


@dataclasses.dataclass(frozen=True)
class PopulationScenario:
    """Conditions on one population."""

    population: str
    name: str
    shares: truth.Shares
    ranges: truth.Ranges = dataclasses.field(default_factory=dict)


def _one(name: str, low: float, high: float) -> truth.Ranges:
    return {name: {"min": low, "max": high}}


GUIDE: truth.Shares = {
    "segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10},
    "channel": {"Online": 0.70, "Retail": 0.20, "Club": 0.10},
}
SCENARIOS = (
    PopulationScenario(
        "shoppers", "one map", {"segment": {"Premium": 0.3, "Mainstream": 0.4, "Value": 0.3}}
    ),
    PopulationScenario("shoppers", "two maps", GUIDE),
    PopulationScenario("shoppers", "a partial map", {"channel": {"Online": 0.7}}),
    PopulationScenario("shoppers", "a level left out", {"segment": {"Mainstream": 0.0}}),
    PopulationScenario("shoppers", "a range", {}, _one("age", 25, 34)),
    PopulationScenario("shoppers", "a point", {}, _one("purchase_intent", 60, 60)),
    PopulationScenario(
        "shoppers",
        "the guide's",
        GUIDE,
        {**_one("age", 25, 44), **_one("purchase_intent", 70, 100)},
    ),
    PopulationScenario(
        "shoppers",
        "one in 10,000",
        {"segment": {"Value": 0.9}, "channel": {"Club": 1.0}},
        {**_one("age", 18, 24), **_one("purchase_intent", 58, 75)},
    ),
    PopulationScenario(
        "battery", "one map", {"segment": {"Critic": 0.4, "Follower": 0.4, "Pioneer": 0.2}}
    ),
    PopulationScenario(
        "battery", "partial, gender", {"segment": {"Pioneer": 0.5}, "gender": {"Male": 0.7}}
    ),
    PopulationScenario("battery", "promoters", {}, _one("recommend", 9, 10)),
    PopulationScenario(
        "battery", "young critics", {"segment": {"Critic": 0.8}}, _one("age", 18, 30)
    ),
    PopulationScenario(
        "battery", "an item at its top", {}, {**_one("trust_1", 5, 5), **_one("thrift_3", 4, 5)}
    ),
    PopulationScenario(
        "battery",
        "critics who recommend",
        {"segment": {"Critic": 0.9, "Follower": 0.1}},
        {**_one("recommend", 9, 10), **_one("age", 50, 80)},
    ),
    PopulationScenario(
        "spenders", "more schooling", {"school": {"Basic": 0.2, "Middle": 0.4, "High": 0.4}}
    ),
    PopulationScenario(
        "spenders", "owners downtown", {"owner": {"Yes": 0.8}, "area": {"City": 0.8}}
    ),
    PopulationScenario("spenders", "an income range", {}, _one("income", 2_500, 4_000)),
    PopulationScenario(
        "spenders", "rich in the city", {"area": {"City": 0.9}}, _one("income", 4_000, 6_000)
    ),
    PopulationScenario("spenders", "one age", {"school": {"High": 0.5}}, _one("age", 40, 40)),
    PopulationScenario(
        "battery",
        "critics full of trust",
        {"segment": {"Critic": 0.9}, "gender": {"Male": 0.9}},
        {**_one("trust_1", 5, 5), **_one("trust_3", 5, 5), **_one("recommend", 9, 10)},
    ),
    PopulationScenario(
        "spenders",
        "poor old owners",
        {"owner": {"Yes": 1.0}, "school": {"High": 0.9}},
        {**_one("income", 700, 1_300), **_one("age", 65, 80)},
    ),
    PopulationScenario(
        "spenders",
        "young, rich, rural",
        {"area": {"Country": 0.9}, "owner": {"No": 0.7}},
        {**_one("income", 3_500, 6_000), **_one("age", 22, 30)},
    ),
    PopulationScenario(
        "buyers", "market shares", {"choice": {"Asta": 0.3, "Brio": 0.3, "Corvo": 0.3}}
    ),
    PopulationScenario("buyers", "a new brand", {"choice": {"Dado": 0.5}}),
    PopulationScenario("buyers", "everybody knows it", {"knows_Dado": {"Selected": 0.95}}),
    PopulationScenario(
        "buyers", "delisted", {"choice": {"Asta": 0.0}, "knows_Asta": {"Selected": 0.9}}
    ),
    PopulationScenario(
        "buyers", "happy seniors", {"segment": {"Senior": 0.9}}, _one("liking", 8, 10)
    ),
    PopulationScenario(
        "buyers",
        "fans of the dear one",
        {"choice": {"Dado": 0.9, "Corvo": 0.1}, "segment": {"Family": 0.8}},
        {**_one("liking", 9, 10), **_one("price_matters", 4, 5)},
    ),
    PopulationScenario("drinkers", "the small brand", {"brand": {"Elva": 1.0}}),
    PopulationScenario("drinkers", "half of it the small brand", {"brand": {"Elva": 0.5}}),
    PopulationScenario(
        "drinkers", "its women", {"brand": {"Elva": 1.0}, "gender": {"Female": 0.8}}
    ),
    PopulationScenario("drinkers", "its young", {"brand": {"Elva": 1.0}}, _one("age", 18, 29)),
    PopulationScenario(
        "drinkers", "half, and online", {"brand": {"Elva": 0.5}, "channel": {"Online": 0.7}}
    ),
    PopulationScenario("clients", "students", {"account": {"Student": 1.0}}),
    PopulationScenario("clients", "half of them firms", {"account": {"Firm": 0.5}}),
    PopulationScenario("clients", "farmers", {"account": {"Farm": 1.0}}),
    PopulationScenario(
        "clients", "firms in town", {"account": {"Firm": 1.0}, "area": {"City": 0.9}}
    ),
    PopulationScenario(
        "clients", "firms, content", {"account": {"Firm": 1.0}}, _one("content", 4, 7)
    ),
    PopulationScenario(
        "clients", "students and farmers", {"account": {"Student": 0.5, "Farm": 0.5}}
    ),
)


@dataclasses.dataclass(frozen=True)
class PopulationTrial:
    """One scenario on one study: the errors of each alternative; NaN where it had no row."""

    scenario: PopulationScenario
    left: float
    respondents: int
    pairs: Mapping[str, float]
    means: Mapping[str, float]
    status: str

    @property
    def difficulty(self) -> str:
        """The name of its class."""
        if self.scenario.population in truth.AUDIENCES:
            return LOW_INCIDENCE
        return next(name for name, least in CLASSES if self.left > least or not least)


def run(options: Options) -> None:
    """Try all scenarios and write the page."""
    sizes, studies = (STUDY_SIZES[1:2], 1) if options.quick else (STUDY_SIZES, STUDIES)
    trials: list[PopulationTrial] = []
    for population in filter(options.includes, truth.POPULATIONS):
        started = time.perf_counter()
        trials += try_population(population, sizes, studies)
        print(f"{population}: {time.perf_counter() - started:.0f} s", flush=True)
    parts = [by(trials, lambda trial: trial.difficulty, "class")]
    low = [trial for trial in trials if trial.difficulty == LOW_INCIDENCE]
    if low:
        ratio = page.at_most(_ratio(low, "pairs", "raked study"), LOW_INCIDENCE_GOAL, 2)
        parts.append(f"Low-incidence audiences, pairs / raked study: {ratio}.")
    parts += [NOTES.format(studies=studies), "## By size of the study"]
    parts.append(by(trials, _size, "respondents"))
    parts += ["## By population", by(trials, lambda trial: trial.scenario.population, "population")]
    parts += ["## Each scenario: pairs, 1,000 respondents", each(trials, "pairs")]
    parts += ["## Each scenario: means, 1,000 respondents", each(trials, "means")]
    page.write("scenarios", "Scenarios against the truth", parts, save=options.is_complete)


def try_population(
    population: str, sizes: Sequence[int], studies: int
) -> Iterator[PopulationTrial]:
    """Return a trial of each scenario on each study of a population."""
    draw = truth.POPULATIONS[population]
    scenarios = [scenario for scenario in SCENARIOS if scenario.population == population]
    truths = [truth.find(draw, scenario.shares, scenario.ranges) for scenario in scenarios]
    schema = tables.raw_schema(pa.table(draw(100_000, np.random.default_rng(0))))
    coded = [tables.encode(schema, known.people) for known in truths]
    for size, study in itertools.product(sizes, range(studies)):
        sample = pa.table(draw(size, np.random.default_rng((size, study))))
        model = simulacra.fit(sample)
        pool = model.generate(POOL, seed=study).table
        for scenario, known, true in zip(scenarios, truths, coded, strict=True):
            synthetic, status = generated(model, scenario)
            rows_by_kind = alternatives(scenario, known, sample, pool) | {"synthetic": synthetic}
            figures = {
                name: errors_of(
                    schema, {*scenario.shares, *scenario.ranges}, (true, known.weights), rows
                )
                for name, rows in rows_by_kind.items()
            }
            pairs, means = ({name: pair[i] for name, pair in figures.items()} for i in (0, 1))
            yield PopulationTrial(scenario, known.left, size, pairs, means, status)


def generated(model: simulacra.Model, scenario: PopulationScenario) -> tuple[Weighted, str]:
    """Return the synthetic rows with their weights, and the status of the generation."""
    try:
        out = model.generate(ROWS, seed=1, categorical=scenario.shares, numeric=scenario.ranges)
    except errors.EngineError as error:
        return (pa.table({}), np.zeros(0)), type(error).__name__
    return (out.table, np.ones(out.rows_generated)), out.status


def alternatives(
    scenario: PopulationScenario, known: truth.Truth, sample: pa.Table, pool: pa.Table
) -> dict[str, Weighted]:
    """Return the rows of the alternatives, each with their weights."""
    rng = np.random.default_rng(9)
    filtered, weights = truth.condition(pool, scenario.shares, scenario.ranges)
    if weights.sum():
        filtered = filtered.take(truth.draw_positions(weights, ROWS, rng))
        weights = np.ones(ROWS)
    return {
        "raked study": truth.condition(sample, scenario.shares, scenario.ranges),
        "draw and filter": (filtered, weights),
        "new fieldwork": (known.sample(sample.num_rows, rng), np.ones(sample.num_rows)),
        "true sample": (known.sample(ROWS, rng), np.ones(ROWS)),
    }


def errors_of(
    schema: Schema, given: set[str], true: tuple[Floats, Floats], rows: Weighted
) -> tuple[float, float]:
    """Return the errors of pairs and of means, of columns without a condition."""
    if not rows[1].sum():
        return np.nan, np.nan
    coded = true[0], tables.encode(schema, rows[0]), true[1], rows[1]
    return (
        judging.pair_error(schema, *coded, given=given),
        judging.mean_error(schema, *coded, given=given),
    )


def by(trials: Sequence[PopulationTrial], key: Callable[[PopulationTrial], str], head: str) -> str:
    """Return the ratios of errors, synthetic rows to each alternative, by group and overall.

    Low-incidence audiences stand below the line of all others.
    """
    names = dict.fromkeys(map(key, trials))
    groups = {name: [trial for trial in trials if key(trial) == name] for name in names}
    if head == "class":
        names = dict.fromkeys(name for name, _ in CLASSES if name in groups)
    low = {name for name in groups if groups[name][0].difficulty == LOW_INCIDENCE}
    others = [trial for trial in trials if trial.difficulty != LOW_INCIDENCE]
    ordered = {name: groups[name] for name in names if name not in low}
    ordered |= {"all": others} if others else {}
    ordered |= {name: groups[name] for name in groups if name in low}
    lines = [[name, *_ratios(some)] for name, some in ordered.items()]
    heads = [
        f"{what} / {alternative}" for what in ("pairs", "means") for alternative in ROW_KINDS[1:4]
    ]
    return page.table([head, "trials", "partial", "refused", *heads, "won (pairs)"], lines)


def _size(trial: PopulationTrial) -> str:
    size = f"{trial.respondents:,}"
    return f"{size}, {LOW_INCIDENCE}" if trial.difficulty == LOW_INCIDENCE else size


def _ratio(trials: Sequence[PopulationTrial], kind: str, alternative: str) -> float:
    """Return the geometric mean of the ratios of errors; NaN where no trial has both errors."""
    both = np.array(
        [[getattr(t, kind)[name] for name in ("synthetic", alternative)] for t in trials]
    )
    both = both[~np.isnan(both).any(axis=1)]
    return float(np.exp(np.log(both[:, 0] / both[:, 1]).mean())) if len(both) else np.nan


def _ratios(trials: Sequence[PopulationTrial]) -> list[str]:
    ratios = [
        _ratio(trials, kind, alternative)
        for kind, alternative in itertools.product(("pairs", "means"), ROW_KINDS[1:4])
    ]
    partial = sum(t.status == "partial" for t in trials)
    refused = sum(t.status not in ("ready", "partial") for t in trials)
    won = np.mean([_is_won(trial) for trial in trials])
    cells = ["" if np.isnan(ratio) else f"{ratio:.2f}" for ratio in ratios]
    return [str(len(trials)), str(partial), str(refused), *cells, f"{won:.0%}"]


def _is_won(trial: PopulationTrial) -> bool:
    """Return whether synthetic rows are at least as near to the truth; none at all have lost."""
    synthetic, raked = trial.pairs["synthetic"], trial.pairs["raked study"]
    return not np.isnan(synthetic) and not synthetic > raked


def each(
    trials: Sequence[PopulationTrial],
    kind: str,
    scenarios: Sequence[PopulationScenario] = SCENARIOS,
) -> str:
    """Return the median errors of all alternatives, one line for each scenario."""
    lines = []
    for scenario in scenarios:
        some = [t for t in trials if t.scenario is scenario and t.respondents == STUDY_SIZES[1]]
        if some:
            figures = [
                np.median([getattr(t, kind)[alternative] for t in some])
                for alternative in ROW_KINDS
            ]
            name = f"{scenario.population}: {scenario.name}"
            lines.append([name, f"{some[0].left:.2g}", *(f"{figure:.3f}" for figure in figures)])
    return page.table(["scenario", "population left", *ROW_KINDS], lines)
