"""Studies of 400 rows: whether they are enough, and whether a model memorises them."""

import dataclasses

import numpy as np
import pyarrow as pa

import simulacra
from benchmarks import classifier, judging, page, studies, tables
from benchmarks.options import Options
from benchmarks.tables import Table

RESPONDENTS, MANY, SAMPLES = 400, 2_000, 5
SURVEYS = ("bfi", "beps", "wvs", "caravan")

NOTES = """\
Means over {samples} random samples of 400 rows. XGB-C2ST of 400 synthetic against 400 unseen
rows, and in brackets the figure of the respondents themselves. *2,000* compares 2,000 synthetic
with 2,000 unseen rows (or with as many as there are); a study of 400 rows cannot stand this test,
so a bootstrap of the study is beside it. *Nearer*: share of synthetic rows that are nearer to a
respondent than to any of equally many unseen rows, followed by that of independent columns, which
keep only the single values of respondents; the goal of the large tables, 0.54, is marked. Columns
that cleaning has dropped from a sample, mostly because they are nearly constant, are left out of
its figures, and levels that it has pooled are pooled in the real rows too. Copies in percent; in
brackets those among unseen rows."""


@dataclasses.dataclass(frozen=True)
class SmallSampleFigures:
    """The figures of one sample."""

    versus_unseen: float
    floor: float
    versus_many: float
    bootstrap_many: float
    nearer: float
    independent_nearer: float
    copies: float
    unseen_copies: float


def run(options: Options) -> None:
    """Judge small samples and write the page."""
    lines, samples = [], 1 if options.quick else SAMPLES
    for name, rows in studies.populations(options, SURVEYS):
        figures = [measure(sample(name, rows, number)) for number in range(samples)]
        lines.append([name, *_cells(figures)])
        print(name, lines[-1], flush=True)
    head = ["table", "XGB-C2ST unseen", "2,000", "bootstrap, 2,000", "nearer, independent"]
    head += ["copies %"]
    parts = [page.table(head, lines), NOTES.format(samples=samples)]
    page.write("small", "Studies of 400 rows", parts, save=options.is_complete)


def sample(name: str, rows: pa.Table, number: int) -> Table:
    """Return 400 rows to learn from, and up to 2,000 others."""
    order = np.random.default_rng((3, number)).permutation(rows.num_rows)
    return tables.table(
        name, rows.take(order[:RESPONDENTS]), rows.take(order[RESPONDENTS : RESPONDENTS + MANY])
    )


def measure(table: Table) -> SmallSampleFigures:
    """Fit a model to a sample and judge its synthetic rows."""
    rng = np.random.default_rng(0)
    model = simulacra.fit(table.train)
    coded = tables.coded(table, model, MANY)
    schema, train, unseen, synthetic = coded.schema, coded.train, coded.unseen, coded.synthetic
    many = min(len(unseen), MANY)
    apart = np.vstack([judging.independent(train, rng) for _ in range(MANY // RESPONDENTS)])
    bootstrap = train[rng.integers(len(train), size=many)]
    return SmallSampleFigures(
        classifier.two_sample(schema, unseen[:RESPONDENTS], synthetic[:RESPONDENTS]),
        classifier.two_sample(schema, unseen[:RESPONDENTS], train),
        classifier.two_sample(schema, unseen, synthetic[:many]),
        classifier.two_sample(schema, unseen, bootstrap),
        judging.nearer_to_train(schema, train, unseen, synthetic),
        judging.nearer_to_train(schema, train, unseen, apart),
        judging.copies(train, synthetic),
        judging.copies(train, unseen),
    )


def _cells(samples: list[SmallSampleFigures]) -> list[str]:
    mean = {
        field.name: float(np.mean([getattr(sample, field.name) for sample in samples]))
        for field in dataclasses.fields(SmallSampleFigures)
    }
    return [
        f"{mean['versus_unseen']:.3f} ({mean['floor']:.3f})",
        f"{mean['versus_many']:.3f}",
        f"{mean['bootstrap_many']:.3f}",
        f"{page.at_most(mean['nearer'], 0.54, 3)}, {mean['independent_nearer']:.3f}",
        f"{100 * mean['copies']:.2f} ({100 * mean['unseen_copies']:.2f})",
    ]
