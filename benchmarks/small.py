"""Samples of 400 rows: whether small studies work, and whether they are learned by heart."""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

import simulacra
from benchmarks import classifier, judging, page, studies, tables
from benchmarks.options import Options
from benchmarks.tables import Table

SEED_ROWS, MANY, SAMPLES = 400, 2_000, 5
SURVEYS = ("bfi", "beps", "wvs", "caravan")

NOTES = """\
Means over {samples} random samples of 400 rows. XGB-C2ST of 400 made against 400 unseen rows, and
in brackets what the seed rows themselves reach; *2,000* sets 2,000 made against 2,000 unseen rows
(as many as there are), which a seed of 400 rows cannot stand up to: there the bootstrap of the seed
is beside it. *Nearer*: share of made rows nearer to one of the seed rows than to one of as many
unseen rows, and behind it that of independent columns, which know of the seed rows their single
values alone; the goal of the large tables, 0.54, is marked. Columns that cleaning has
dropped from a sample, mostly for being nearly constant, are left out of its figures, and levels
that it has pooled are pooled in the real rows too. Copies in percent; in brackets those
among unseen rows."""


@dataclasses.dataclass(frozen=True)
class Figures:
    """Of one sample."""

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
    for name, rows in _populations(options):
        found = [measure(sample(name, rows, number)) for number in range(samples)]
        lines.append([name, *_cells(found)])
        print(name, lines[-1], flush=True)
    head = ["table", "XGB-C2ST unseen", "2,000", "bootstrap, 2,000", "nearer, independent"]
    head += ["copies %"]
    parts = [page.table(head, lines), NOTES.format(samples=samples)]
    page.write("small", "Studies of 400 rows", parts, keep=options.is_whole)


def _populations(options: Options) -> Iterator[tuple[str, pa.Table]]:
    for name in filter(options.wants, tables.SOURCES):
        table = tables.load(name, options.data)
        yield name, pa.concat_tables([table.train, table.unseen]).unify_dictionaries()
    for name in filter(options.wants, SURVEYS):
        yield name, studies.load(name, options.data)


def sample(name: str, rows: pa.Table, number: int) -> Table:
    """Return 400 rows to learn from, and up to 2,000 others."""
    order = np.random.default_rng((3, number)).permutation(rows.num_rows)
    return tables.table(
        name, rows.take(order[:SEED_ROWS]), rows.take(order[SEED_ROWS : SEED_ROWS + MANY])
    )


def measure(table: Table) -> Figures:
    """Fit a sample and judge rows that it makes."""
    rng = np.random.default_rng(0)
    model = simulacra.fit(table.train)
    schema = tables.kept(table.schema, model.schema)
    made = tables.coded(schema, model.generate(MANY, seed=1).table, model.schema)
    train, unseen = (
        tables.pooled(schema, tables.coded(schema, rows), model.schema)
        for rows in (table.train, table.unseen)
    )
    many = min(len(unseen), MANY)
    apart = np.vstack([judging.independent(train, rng) for _ in range(MANY // SEED_ROWS)])
    bootstrap = train[rng.integers(len(train), size=many)]
    return Figures(
        classifier.two_sample(schema, unseen[:SEED_ROWS], made[:SEED_ROWS]),
        classifier.two_sample(schema, unseen[:SEED_ROWS], train),
        classifier.two_sample(schema, unseen, made[:many]),
        classifier.two_sample(schema, unseen, bootstrap),
        judging.nearer_to_train(schema, train, unseen, made),
        judging.nearer_to_train(schema, train, unseen, apart),
        judging.copies(train, made),
        judging.copies(train, unseen),
    )


def _cells(found: list[Figures]) -> list[str]:
    mean: Mapping[str, float] = {
        field.name: float(np.mean([getattr(one, field.name) for one in found]))
        for field in dataclasses.fields(Figures)
    }
    return [
        f"{mean['versus_unseen']:.3f} ({mean['floor']:.3f})",
        f"{mean['versus_many']:.3f}",
        f"{mean['bootstrap_many']:.3f}",
        f"{page.at_most(mean['nearer'], 0.54, 3)}, {mean['independent_nearer']:.3f}",
        f"{100 * mean['copies']:.2f} ({100 * mean['unseen_copies']:.2f})",
    ]
