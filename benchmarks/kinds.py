"""Each kind of condition against known populations, beside the alternatives that a study allows."""

import dataclasses
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import simulacra
from benchmarks import page, scenarios, tables, truth
from benchmarks.options import Options
from benchmarks.scenarios import PopulationScenario, PopulationTrial, Weighted
from benchmarks.truth import Truth
from simulacra.engine import errors
from simulacra.engine.columns.arrays import Flags, Floats
from simulacra.engine.scenario import raking
from simulacra.engine.scenario.raking import Marginal, Moment

PEOPLE, TRUE_ROWS = 1_000_000, 100_000
STUDY_SIZES, STUDIES = (400, 1_000, 3_000), 2
SET, UNCHOSEN = "Brands.known", "Not selected"

NOTES = """\
As on [the page of shares and ranges](scenarios.md), with {studies} studies of each size, and with
conditions of all other kinds: means, bands, shares of the values of a rating, combinations
(`joint`), options of a multiple-response set, and conditions among some rows (`groups`). The truth
is the I-projection of 1,000,000 people: they are weighted by raking and exponential tilting until
the conditions hold, and 100,000 are drawn by these weights. *Raked study* weights the respondents
in the same way. Only columns without a condition count."""


@dataclasses.dataclass(frozen=True)
class KindScenario(PopulationScenario):
    """Conditions of any kinds on one population.

    Attributes:
        kind: that it is about.
        asked: the conditions by kind, as arguments of `Model.generate`.
    """

    kind: str = ""
    asked: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def _of(kind: str, population: str, name: str, **asked: Any) -> KindScenario:  # noqa: ANN401
    return KindScenario(population, name, {}, {}, kind, asked)


def _band(low: float, high: float, share: float) -> dict[str, float]:
    return {"min": low, "max": high, "share": share}


def _joint(columns: Sequence[str], *shares: tuple[Sequence[Any], float]) -> list[dict[str, Any]]:
    cells = [{"cell": [*cell], "share": share} for cell, share in shares]
    return [{"columns": [*columns], "shares": cells}]


SCENARIOS = (
    _of("means", "shoppers", "intent a little up", means={"purchase_intent": 52}),
    _of("means", "shoppers", "intent far up", means={"purchase_intent": 66}),
    _of("means", "spenders", "older", means={"age": 58}),
    _of("means", "spenders", "richer, spending more", means={"income": 2_900, "fun": 90}),
    _of("bands", "shoppers", "younger", bands={"age": [_band(18, 30, 0.45), _band(31, 45, 0.3)]}),
    _of("bands", "spenders", "half in one band", bands={"income": [_band(3_000, 5_000, 0.5)]}),
    _of("bands", "spenders", "nearly all in one", bands={"income": [_band(3_500, 6_000, 0.9)]}),
    _of("ratings", "battery", "more promoters", categorical={"recommend": {"9": 0.2, "10": 0.2}}),
    _of("ratings", "battery", "an item up", categorical={"trust_1": {"5": 0.5, "4": 0.3}}),
    _of("ratings", "battery", "all promoters", categorical={"recommend": {"9": 0.4, "10": 0.6}}),
    _of(
        "joint",
        "shoppers",
        "one cell up",
        joint=_joint(["segment", "channel"], (["Premium", "Online"], 0.2)),
    ),
    _of(
        "joint",
        "shoppers",
        "three cells",
        joint=_joint(
            ["segment", "channel"],
            (["Premium", "Club"], 0.3),
            (["Value", "Online"], 0.3),
            (["Mainstream", "Retail"], 0.1),
        ),
    ),
    _of(
        "joint",
        "spenders",
        "young and in town",
        joint=_joint(["area", "age"], (["City", {"min": 20, "max": 34}], 0.8)),
    ),
    _of("options", "choosers", "one brand up", multiple_response={SET: {"Dado": 0.65}}),
    _of(
        "options",
        "choosers",
        "one up, one down",
        multiple_response={SET: {"Dado": 0.85, "Asta": 0.4}},
    ),
    _of(
        "options",
        "choosers",
        "all turned",
        multiple_response={SET: {"Dado": 0.95, "Corvo": 0.9, "Asta": 0.15}},
    ),
    _of(
        "groups",
        "shoppers",
        "premium among online buyers",
        groups=[{"where": {"channel": "Online"}, "categorical": {"segment": {"Premium": 0.5}}}],
    ),
    _of(
        "groups",
        "choosers",
        "liking among families",
        groups=[{"where": {"segment": "Family"}, "means": {"liking": 8}}],
    ),
    _of(
        "groups",
        "spenders",
        "rich owners, and more of them",
        categorical={"owner": {"Yes": 0.8}},
        groups=[
            {"where": {"owner": "Yes"}, "bands": {"income": [_band(3_000, 9_000, 0.6)]}},
            {"where": {"area": ["City", "Suburb"]}, "means": {"age": 45}},
        ],
    ),
)


def choosers(size: int, rng: np.random.Generator) -> truth.Columns:
    """Return `truth.buyers` with the brands that they know as options, named as after cleaning."""
    columns = truth.buyers(size, rng)
    return {
        **{name: values for name, values in columns.items() if not name.startswith("knows_")},
        **{
            f"{SET}.{brand}": np.where(columns[f"knows_{brand}"] == "Selected", brand, UNCHOSEN)
            for brand in truth.BRANDS
        },
    }


POPULATIONS: Mapping[str, truth.Draw] = {
    "shoppers": truth.shoppers,
    "spenders": truth.spenders,
    "battery": truth.battery,
    "choosers": choosers,
}


def as_a_file(people: pa.Table) -> pa.Table:
    """Return people as a survey tool exports them: options are blank where they are not chosen."""
    columns = {}
    for name in people.column_names:
        values, brand = people[name], name.removeprefix(f"{SET}.")
        if brand != name:
            values = pc.if_else(pc.equal(values, brand), brand, pa.scalar(None, pa.string()))
        columns[f"Brands known? - {brand}" if brand != name else name] = values
    return pa.table(columns)


def weigh(people: pa.Table, asked: Mapping[str, Any]) -> Weighted:
    """Return the people who fit, and the weights under which all conditions hold."""
    fits = np.ones(people.num_rows, dtype=np.bool_)
    marginals: list[Marginal] = []
    moments: list[Moment] = []
    for base, member, given in _each(people, asked):
        if member == "means":
            for name, target in given.items():
                values = _numbers(people, name)
                fits &= ~(base & np.isnan(values))
                moments.append(Moment(np.nan_to_num(values), float(target), base))
            continue
        for parts, shares, known in _shared_out(people, member, given):
            fits &= known | ~base
            group = np.full(people.num_rows, len(parts))
            for index, part in enumerate(parts):
                group[part] = index
            targets = np.array([*shares, max(0.0, 1 - sum(shares))])
            if base.all():
                marginals.append(Marginal(group, targets))
            else:
                inside = np.where(base, group + 1, 0)
                marginals.append(Marginal(inside, np.array([0.0, *targets]), is_within=True))
    raked = raking.rake(fits.astype(np.float64), marginals, moments)
    return people, raked.weights


def _each(people: pa.Table, asked: Mapping[str, Any]) -> Iterator[tuple[Flags, str, Any]]:
    """Yield the conditions of each kind, and among whom they hold."""
    for member, given in asked.items():
        if member != "groups":
            yield np.ones(people.num_rows, dtype=np.bool_), member, given
            continue
        for one in given:
            base = _meets(people, one["where"])
            yield from ((base, kind, one[kind]) for kind in one if kind != "where")


def _shared_out(
    people: pa.Table,
    member: str,
    given: Any,  # noqa: ANN401 - of any kind
) -> Iterator[tuple[list[Flags], list[float], Flags]]:
    """Yield the parts that people are shared out to, their shares, and who is known to be where."""
    if member == "joint":
        for one in given:
            parts = [
                _meets(people, dict(zip(one["columns"], cell["cell"], strict=True)))
                for cell in one["shares"]
            ]
            known = np.logical_and.reduce([_known(people, name) for name in one["columns"]])
            yield parts, [cell["share"] for cell in one["shares"]], known
        return
    for name, shares in given.items():
        if member == "bands":
            parts = [_meets(people, {name: band}) for band in shares]
            yield parts, [band["share"] for band in shares], _known(people, name)
        elif member == "categorical":
            parts = [_meets(people, {name: level}) for level in shares]
            yield parts, [*shares.values()], _known(people, name)
        else:
            for option, share in shares.items():
                column = f"{name}.{option}"
                yield [_meets(people, {column: option})], [share], _known(people, column)


def _meets(people: pa.Table, wanted: Mapping[str, Any]) -> Flags:
    """Return who has all of some levels and lies in all of some ranges."""
    found = np.ones(people.num_rows, dtype=np.bool_)
    for name, part in wanted.items():
        if isinstance(part, Mapping):
            values = _numbers(people, name)
            found &= (values >= part["min"]) & (values <= part["max"])
        else:
            levels = pa.array([part] if isinstance(part, str) else part)
            among = pc.is_in(people[name].cast(pa.string()), levels)
            found &= among.to_numpy(zero_copy_only=False)
    return found


def _numbers(people: pa.Table, name: str) -> Floats:
    values = pc.fill_null(people[name].cast(pa.float64()), np.nan)
    return np.asarray(values.to_numpy(), dtype=np.float64)


def _known(people: pa.Table, name: str) -> Flags:
    return np.asarray(people[name].is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def find(draw: truth.Draw, asked: Mapping[str, Any]) -> Truth:
    """Return what is true of a population under conditions of any kinds."""
    people, weights = weigh(pa.table(draw(PEOPLE, np.random.default_rng(7))), asked)
    left = weights.sum() ** 2 / (weights**2).sum() / PEOPLE
    rng = np.random.default_rng(8)
    drawn = people.take(truth.draw_positions(weights, TRUE_ROWS, rng))
    return Truth(drawn, np.ones(TRUE_ROWS), left)


def conditioned(asked: Mapping[str, Any]) -> set[str]:
    """Return the columns that have conditions, or that tell who is in a group."""
    names: set[str] = set()
    for member, given in asked.items():
        if member == "groups":
            for one in given:
                names |= set(one["where"])
                names |= conditioned({kind: one[kind] for kind in one if kind != "where"})
        elif member == "joint":
            names.update(name for one in given for name in one["columns"])
        elif member == "multiple_response":
            names.update(f"{name}.{brand}" for name in given for brand in given[name])
        else:
            names |= set(given)
    return names


def run(options: Options) -> None:
    """Try all scenarios and write the page."""
    sizes, studies = (STUDY_SIZES[1:2], 1) if options.quick else (STUDY_SIZES, STUDIES)
    trials: list[PopulationTrial] = []
    for population in filter(options.includes, POPULATIONS):
        started = time.perf_counter()
        trials += try_population(population, sizes, studies)
        print(f"{population}: {time.perf_counter() - started:.0f} s", flush=True)
    parts = [scenarios.by(trials, _kind, "kind"), NOTES.format(studies=studies)]
    parts += ["## By difficulty", scenarios.by(trials, lambda trial: trial.difficulty, "class")]
    parts += ["## By size of the study"]
    parts.append(scenarios.by(trials, lambda trial: f"{trial.respondents:,}", "respondents"))
    for what in ("pairs", "means"):
        title = f"## Each scenario: {what}, 1,000 respondents"
        parts += [title, scenarios.each(trials, what, SCENARIOS)]
    page.write("kinds", "Kinds of conditions against the truth", parts, save=options.is_complete)


def _kind(trial: PopulationTrial) -> str:
    return trial.scenario.kind if isinstance(trial.scenario, KindScenario) else ""


def try_population(
    population: str, sizes: Sequence[int], studies: int
) -> Iterator[PopulationTrial]:
    """Return a trial of each scenario on each study of a population."""
    draw = POPULATIONS[population]
    own = [scenario for scenario in SCENARIOS if scenario.population == population]
    truths = [find(draw, scenario.asked) for scenario in own]
    schema = tables.raw_schema(pa.table(draw(TRUE_ROWS, np.random.default_rng(0))))
    coded = [tables.encode(schema, known.people) for known in truths]
    for size, study in itertools.product(sizes, range(studies)):
        sample = pa.table(draw(size, np.random.default_rng((size, study))))
        model = simulacra.fit(as_a_file(sample))
        pool = model.generate(scenarios.POOL, seed=study).table
        for scenario, known, true in zip(own, truths, coded, strict=True):
            synthetic, status = generated(model, scenario.asked)
            rows = _alternatives(scenario, known, sample, pool) | {"synthetic": synthetic}
            figures = {
                name: scenarios.errors_of(
                    schema, conditioned(scenario.asked), (true, known.weights), some
                )
                for name, some in rows.items()
            }
            pairs, means = ({name: pair[i] for name, pair in figures.items()} for i in (0, 1))
            yield PopulationTrial(scenario, known.left, size, pairs, means, status)


def generated(model: simulacra.Model, asked: Mapping[str, Any]) -> tuple[Weighted, str]:
    """Return the synthetic rows with their weights, and the status of the generation."""
    try:
        out = model.generate(scenarios.ROWS, seed=1, **asked)
    except errors.EngineError as error:
        return (pa.table({}), np.zeros(0)), type(error).__name__
    return (out.table, np.ones(out.rows_generated)), out.status


def _alternatives(
    scenario: KindScenario, known: Truth, sample: pa.Table, pool: pa.Table
) -> dict[str, Weighted]:
    rng = np.random.default_rng(9)
    filtered, weights = weigh(pool, scenario.asked)
    if weights.sum():
        filtered = filtered.take(truth.draw_positions(weights, scenarios.ROWS, rng))
        weights = np.ones(scenarios.ROWS)
    size, rows = sample.num_rows, scenarios.ROWS
    return {
        "raked study": weigh(sample, scenario.asked),
        "draw and filter": (filtered, weights),
        "new fieldwork": (known.sample(size, rng), np.ones(size)),
        "true sample": (known.sample(rows, rng), np.ones(rows)),
    }
