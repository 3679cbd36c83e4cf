"""Membership inference: whether an attacker can tell from synthetic rows who took part in a study.

The attacker holds records of people, a reference sample of the same population, and the synthetic
rows; half of the people took part (Stadler et al. 2022). Several attacks are tried and the best one
counts, which flatters the attacker.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from unittest import mock

import numpy as np
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

import simulacra
from benchmarks import judging, page, studies, tables
from benchmarks.options import Options
from benchmarks.tables import Table
from simulacra.engine import privacy_levels
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.model import forest
from simulacra.engine.model.forest import Fineness
from simulacra.engine.model.growing import Growth
from simulacra.engine.quality.quality import Relations

SIZES = (400, 2_000)
REFERENCES, SYNTHETIC, SAMPLES = 2_000, 4_000, 3
FALSE_ALARMS = 0.01
NEIGHBOURS = 5
NEAR = 0.05
"""Added to distances before their ratio is taken, in standard deviations, so that a copy is no
division by zero."""
SURVEYS = ("bfi", "beps")
GOALS = {"mean": 0.57, "worst": 0.61, "rate": 0.025}
"""At 400 rows: mean and worst AUC, and mean rate of true positives."""

NOTES = """\
Means over {samples} random samples of each size. *AUC* is 0.5 and *rate*, the share of respondents
who are found at 1 % false alarms, 0.01 if nothing can be told. The attacker has as many people who
did not take part, {references:,} reference rows (or what the table leaves) and {synthetic:,}
synthetic rows, and tries: the distance to the nearest synthetic row; that distance against the one
to the nearest reference row (as DOMIAS does with densities, van Breugel et al. 2023), once for the
nearest and once for {neighbours}; and a classifier that tells synthetic from reference rows. The
attack with the best AUC counts. *Bootstrap*: the same attacks on respondents drawn with
replacement, which must be caught. Goals at 400 rows: mean AUC {mean}, no table above {worst}, mean
rate {rate}.

**A saved model gives everything away.** It holds the respondents' values, so whoever has it reads
off who took part: its AUC is 1.0. Keep it as carefully as the study."""


SETTINGS = {
    "standard": forest.FINENESS[privacy_levels.STANDARD],
    "larger leaves": Fineness(Growth(15, 60, 2.0, 0.5), Growth(15, 30, 3.0, 0.5), 0.8),
    "large leaves": Fineness(Growth(30, 60, 2.0, 1.0), Growth(30, 60, 3.0, 1.0), 0.5),
    "strict": forest.FINENESS[privacy_levels.STRICT],
}
"""How closely trees may follow the respondents: the two privacy levels, and what lies between."""

FRONTIER_NOTES = """\
One sample of {size} rows of each table. *Small groups* and *pairs*: how much of what sets groups of
10 to 100 respondents apart, and of the relations between columns, the model keeps (`model.quality`;
means weighted by the number of relations). *Leaf*: respondents of a leaf at least; *large*: of a
part that needs less evidence (levels, numbers); *evidence*, *of large*: standard deviations that a
split into smaller and into large parts needs; *grown on*: share of the respondents whose answers
decide the splits of one tree."""


@dataclasses.dataclass(frozen=True)
class AttackFigures:
    """What the best attack finds out.

    Attributes:
        auc: chance that a respondent gets a higher score than somebody else.
        rate: share of respondents found at 1 % false alarms.
    """

    auc: float
    rate: float


def run(options: Options) -> None:
    """Attack synthetic rows of small samples and write the page."""
    samples = 1 if options.quick else SAMPLES
    lines, at_400 = [], []
    for name, rows in studies.populations(options, SURVEYS):
        cells = [name]
        for size in SIZES:
            if rows.num_rows < 2 * size + SIZES[0]:
                cells += ["", ""]
                continue
            members = [_sample(name, rows, size, number) for number in range(samples)]
            fitted = [(sample, simulacra.fit(sample.train)) for sample in members]
            synthetic = _mean([on_model(*pair) for pair in fitted])
            bootstrap = _mean([on_bootstrap(*pair) for pair in fitted])
            cells += [_cell(synthetic), _cell(bootstrap)]
            if size == SIZES[0]:
                at_400.append(synthetic)
        lines.append(cells)
        print(*cells, flush=True)
    mean = _mean(at_400)
    lines.append(["mean", _cell(mean), *[""] * 3])
    head = ["table"]
    for size in SIZES:
        head += [f"{size:,} rows: AUC, rate", "bootstrap"]
    notes = NOTES.format(
        samples=samples,
        references=REFERENCES,
        synthetic=SYNTHETIC,
        neighbours=NEIGHBOURS,
        **GOALS,
    )
    worst = max(figures.auc for figures in at_400)
    outcome = ", ".join(
        (
            f"mean AUC {page.at_most(mean.auc, GOALS['mean'], 3)}",
            f"worst {page.at_most(worst, GOALS['worst'], 3)}",
            f"mean rate {page.at_most(mean.rate, GOALS['rate'], 3)}",
        )
    )
    parts = [page.table(head, lines), f"At 400 rows: {outcome}.", notes]
    parts += ["## What privacy costs", frontier(options), FRONTIER_NOTES.format(size=SIZES[0])]
    page.write("privacy", "Membership inference", parts, save=options.is_complete)


def _sample(name: str, rows: pa.Table, size: int, number: int) -> Table:
    """Return members to learn from; unseen are as many others, and behind them the reference."""
    order = np.random.default_rng((5, size, number)).permutation(rows.num_rows)
    members, unseen = order[:size], order[size : 2 * size + REFERENCES]
    return tables.table(name, rows.take(members), rows.take(unseen))


def frontier(options: Options) -> str:
    """Return relations kept against the attack, by setting of the trees, as a table."""
    lines = []
    for name, fineness in SETTINGS.items():
        with mock.patch.dict(forest.FINENESS, {privacy_levels.STANDARD: fineness}):
            fitted = [(sample, simulacra.fit(sample.train)) for sample in _small_samples(options)]
        attacks = [on_model(*pair) for pair in fitted]
        known = [model.quality for _, model in fitted if model.quality is not None]
        mean, worst = _mean(attacks), max(figures.auc for figures in attacks)
        lines.append(
            [
                name,
                *_described(fineness),
                f"{mean.auc:.3f}",
                f"{worst:.3f}",
                f"{mean.rate:.3f}",
                f"{_kept([quality.groups for quality in known]):.2f}",
                f"{_kept([quality.pairs for quality in known]):.2f}",
            ]
        )
        print(*lines[-1], flush=True)
    head = ["setting", "leaf", "large", "evidence", "of large", "grown on"]
    head += ["mean AUC", "worst AUC", "mean rate", "small groups", "pairs"]
    return page.table(head, lines)


def _small_samples(options: Options) -> Iterator[Table]:
    for name, rows in studies.populations(options, SURVEYS):
        yield _sample(name, rows, SIZES[0], 0)


def _described(fineness: Fineness) -> list[str]:
    levels, numbers = fineness.of_levels, fineness.of_numbers
    return [
        f"{levels.min_rows}",
        f"{levels.large}, {numbers.large}",
        f"{levels.evidence:.0f}, {numbers.evidence:.0f}",
        f"{levels.evidence_of_large:.1f}, {numbers.evidence_of_large:.1f}",
        f"{fineness.growing_share:.0%}",
    ]


def _kept(relations: Sequence[Relations]) -> float:
    """Return the mean part of the relations that is kept, weighted by their number."""
    weights = [each.number for each in relations]
    return float(np.average([each.kept or 0.0 for each in relations], weights=weights))


def on_model(table: Table, model: simulacra.Model) -> AttackFigures:
    """Return the best attack on the rows of a model that was fitted to the members."""
    coded = tables.coded(table, model, SYNTHETIC)
    return attack(coded.schema, *_people(coded), coded.synthetic)


def on_bootstrap(table: Table, model: simulacra.Model) -> AttackFigures:
    """Return the best attack on members drawn with replacement."""
    coded = tables.coded(table, model, SYNTHETIC)
    members = coded.train
    drawn = members[np.random.default_rng(0).integers(len(members), size=SYNTHETIC)]
    return attack(coded.schema, *_people(coded), drawn)


def _people(coded: tables.Coded) -> tuple[Floats, Floats, Floats]:
    """Return the members, as many others, and the reference."""
    members = coded.train
    return members, coded.unseen[: len(members)], coded.unseen[len(members) :]


def attack(
    schema: Schema, members: Floats, others: Floats, reference: Floats, rows: Floats
) -> AttackFigures:
    """Return what the best of all attacks finds out.

    Args:
        schema: by which a judge codes rows.
        members: float64, shape (people, columns): those whose rows were learned from.
        others: as many who were not.
        reference: rows of the same population that the attacker holds.
        rows: what the attacker is given: synthetic rows.
    """
    people = np.vstack([members, others])
    is_member = np.arange(len(people)) < len(members)
    found = []
    for scores in _scores(schema, people, reference, rows):
        threshold = np.quantile(scores[~is_member], 1 - FALSE_ALARMS)
        rate = float((scores[is_member] > threshold).mean())
        found.append(AttackFigures(float(roc_auc_score(is_member, scores)), rate))
    return max(found, key=lambda figures: figures.auc)


def _scores(schema: Schema, people: Floats, reference: Floats, rows: Floats) -> Iterator[Floats]:
    """Yield the scores of each attack, float64, shape (people,): higher for likelier members."""
    coded = [judging.metric(schema, reference, part) for part in (people, reference, rows)]
    to_reference, to_rows = (
        NearestNeighbors(n_neighbors=NEIGHBOURS).fit(part).kneighbors(coded[0])[0]
        for part in coded[1:]
    )
    yield -to_rows[:, 0]
    yield np.log(to_reference[:, 0] + NEAR) - np.log(to_rows[:, 0] + NEAR)
    yield np.log(to_reference + NEAR).mean(axis=1) - np.log(to_rows + NEAR).mean(axis=1)
    learner = HistGradientBoostingClassifier(random_state=0)
    label = np.arange(len(reference) + len(rows)) >= len(reference)
    learner.fit(np.vstack([reference, rows]), label)
    yield np.asarray(learner.predict_proba(people)[:, 1], dtype=np.float64)


def _mean(figures: list[AttackFigures]) -> AttackFigures:
    return AttackFigures(
        float(np.mean([each.auc for each in figures])),
        float(np.mean([each.rate for each in figures])),
    )


def _cell(figures: AttackFigures) -> str:
    return f"{figures.auc:.3f}, {figures.rate:.3f}"
