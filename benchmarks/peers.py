"""What other generators make of the same tables, by the same judge.

Each peer lives in an environment of its own, never among our dependencies, and is left out where
that is not there:

    uv venv .peers/sdv && uv pip install --python .peers/sdv/bin/python sdv pyarrow

likewise for synthpop-py, mostlyai-engine and arfpy; the last needs "numpy<2" "pandas<2.3" and
"pyarrow<18" as well.
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

import simulacra
from benchmarks import classifier, judging, page, peer_worker, studies, tables, truth
from benchmarks.options import Options
from benchmarks.tables import Table
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

FOLDER = page.ROOT / ".peers"
WORKER = Path(__file__).with_name("peer_worker.py")
SECONDS, QUICK_SECONDS = 300, 60
ENVIRONMENTS = {name: name.split()[0].lower() for name in peer_worker.PEERS}
NEAREST_ROWS = 5_000

NOTES = """\
Every peer with its own defaults, in an environment of its own, one run a cell; those that are not
installed are left out. The toy has 800 rows (`truth.shoppers`), BEPS and bfi are learned from one
half and judged by the other, Adult has its official parts. XGB-C2ST against unseen rows, 1 is
indistinguishable; the other columns as on the page on fidelity. A peer that ends with an error or
takes longer than {seconds} s says so."""


def run(options: Options) -> None:
    """Judge the peers that are installed and write the page."""
    seconds = QUICK_SECONDS if options.quick else SECONDS
    lines = []
    for table in cases(options):
        for peer in ("Simulacra", *peer_worker.PEERS):
            if peer == "Simulacra" or interpreter(peer).exists():
                lines.append([table.name, peer, *cells(table, peer, seconds)])
                print(*lines[-1], flush=True)
    head = ["table", "generator", "Shape", "Trend", "XGB-C2ST unseen", "nearer", "copies %"]
    parts = [page.table([*head, "fit s", "rows/s"], lines), NOTES.format(seconds=seconds)]
    page.write("peers", "Peers", parts, keep=options.is_whole)


def cases(options: Options) -> Iterator[Table]:
    """Return the tables, the small ones first."""
    if options.wants("toy"):
        people = pa.table(truth.shoppers(1_600, np.random.default_rng(1)))
        yield tables.split("toy", people, 0.5)
    for name in filter(options.wants, ("beps", "bfi")):
        yield studies.halves(name, options.data)
    if options.wants("adult"):
        yield tables.load("adult", options.data)


def cells(table: Table, peer: str, seconds: float) -> list[str]:
    """Return the figures of a generator on a table, or why there are none."""
    try:
        made, fit, generate = ours(table) if peer == "Simulacra" else theirs(table, peer, seconds)
    except subprocess.TimeoutExpired:
        return [f"over {seconds:.0f} s", "", "", "", "", "", ""]
    except (subprocess.CalledProcessError, pa.ArrowException, ValueError) as error:
        return [f"failed: {type(error).__name__}", "", "", "", "", "", ""]
    train, unseen = table.coded(table.train), table.coded(table.unseen)
    size = min(len(made), len(unseen))
    return [
        f"{100 * (1 - judging.shape(table.schema, train, made)):.2f}",
        f"{100 * (1 - judging.trend(table.schema, train, made)):.2f}",
        f"{classifier.two_sample(table.schema, unseen[:size], made[:size]):.3f}",
        f"{judging.nearer_to_train(table.schema, train, unseen, made[:NEAREST_ROWS]):.3f}",
        f"{100 * judging.copies(train, made):.2f}",
        f"{fit:.1f}",
        f"{len(made) / generate:,.0f}",
    ]


def ours(table: Table) -> tuple[Floats, float, float]:
    """Return rows of this engine, and the seconds to fit and to generate."""
    started = time.perf_counter()
    model = simulacra.fit(table.train)
    fitted = time.perf_counter()
    made = model.generate(table.train.num_rows, seed=1).table
    return table.coded(made, model.schema), fitted - started, time.perf_counter() - fitted


def theirs(table: Table, peer: str, seconds: float) -> tuple[Floats, float, float]:
    """Return a peer's rows, and the seconds to fit and to generate."""
    with tempfile.TemporaryDirectory() as folder:
        parquet.write_table(plain(table), Path(folder, "train.parquet"))
        ended = subprocess.run(  # noqa: S603 - our own script
            [interpreter(peer), "-W", "ignore", WORKER, peer, folder],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=seconds,
            env={**os.environ, "OMP_NUM_THREADS": "2"},
        )
        made = parquet.read_table(Path(folder, "made.parquet"))
    took = json.loads(ended.stdout.splitlines()[-1])
    return coded(table.schema, made), took["fit"], took["generate"]


def interpreter(peer: str) -> Path:
    """Return where a peer's Python is, if it is installed."""
    return FOLDER / ENVIRONMENTS[peer] / "bin" / "python"


def plain(table: Table) -> pa.Table:
    """Return the train rows with texts for categories, the missing ones a level of their own."""
    columns = {}
    for column in table.schema.columns:
        values = table.train[column.name]
        if column.type.is_categorical:
            values = pc.fill_null(values.cast(pa.string()), tables.MISSING)
        columns[column.name] = values
    return pa.table(columns)


def coded(schema: Schema, made: pa.Table) -> Floats:
    """Return a peer's rows as the judge sees them; numbers on the grid of a whole-number column."""
    rows = tables.coded(schema, made)
    for place, column in enumerate(schema.columns):
        if column.type == "integer":
            rows[:, place] = np.round(rows[:, place])
    return rows
