"""Membership inference: whether an attacker can tell from synthetic rows who took part in a study.

The attacker holds records of people, a reference sample of the same population, and the synthetic
rows; half of the people took part (Stadler et al. 2022). Several attacks are tried and the best one
counts, which flatters the attacker.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

import simulacra
from benchmarks import judging, page, studies, tables
from benchmarks.options import Options
from benchmarks.tables import Table
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

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
            figures = [measure(_sample(name, rows, size, number)) for number in range(samples)]
            synthetic, bootstrap = (_mean([pair[i] for pair in figures]) for i in (0, 1))
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
    page.write("privacy", "Membership inference", parts, save=options.is_complete)


def _sample(name: str, rows: pa.Table, size: int, number: int) -> Table:
    """Return members to learn from; unseen are as many others, and behind them the reference."""
    order = np.random.default_rng((5, size, number)).permutation(rows.num_rows)
    members, unseen = order[:size], order[size : 2 * size + REFERENCES]
    return tables.table(name, rows.take(members), rows.take(unseen))


def measure(table: Table) -> tuple[AttackFigures, AttackFigures]:
    """Fit a model to the members; return the best attack on its rows, and on a bootstrap."""
    model = simulacra.fit(table.train)
    schema = tables.keep_modelled(table.schema, model.schema)
    synthetic = tables.encode(schema, model.generate(SYNTHETIC, seed=1).table, model.schema)
    members, unseen = (
        tables.pool_levels(schema, tables.encode(schema, rows), model.schema)
        for rows in (table.train, table.unseen)
    )
    others, reference = unseen[: len(members)], unseen[len(members) :]
    drawn = members[np.random.default_rng(0).integers(len(members), size=SYNTHETIC)]
    return (
        attack(schema, members, others, reference, synthetic),
        attack(schema, members, others, reference, drawn),
    )


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
