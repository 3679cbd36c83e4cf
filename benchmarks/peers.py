"""Other generators on the same tables, with the same measures.

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
Every peer runs with its own defaults, in an environment of its own, once for each table; peers
that are not installed are left out. The toy has 800 rows (`truth.shoppers`); BEPS and bfi are
split into halves, train rows and unseen rows; Adult has its official parts. XGB-C2ST against
unseen rows, 1 means indistinguishable; the other columns as on the page on fidelity. A cell says
if a peer failed or took longer than {seconds} s."""


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
    page.write("peers", "Peers", parts, save=options.is_complete)


def cases(options: Options) -> Iterator[Table]:
    """Return the tables, the small ones first."""
    if options.includes("toy"):
        people = pa.table(truth.shoppers(1_600, np.random.default_rng(1)))
        yield tables.split("toy", people, 0.5)
    for name in filter(options.includes, ("beps", "bfi")):
        yield studies.halves(name, options.data)
    if options.includes("adult"):
        yield tables.load("adult", options.data)


def cells(table: Table, peer: str, seconds: float) -> list[str]:
    """Return the figures of a generator on a table, or why there are none."""
    try:
        synthetic, fit, generate = (
            run_simulacra(table) if peer == "Simulacra" else run_peer(table, peer, seconds)
        )
    except subprocess.TimeoutExpired:
        return [f"over {seconds:.0f} s", "", "", "", "", "", ""]
    except (subprocess.CalledProcessError, pa.ArrowException, ValueError) as error:
        return [f"failed: {type(error).__name__}", "", "", "", "", "", ""]
    train, unseen = table.encode(table.train), table.encode(table.unseen)
    size = min(len(synthetic), len(unseen))
    return [
        f"{100 * (1 - judging.shape(table.schema, train, synthetic)):.2f}",
        f"{100 * (1 - judging.trend(table.schema, train, synthetic)):.2f}",
        f"{classifier.two_sample(table.schema, unseen[:size], synthetic[:size]):.3f}",
        f"{judging.nearer_to_train(table.schema, train, unseen, synthetic[:NEAREST_ROWS]):.3f}",
        f"{100 * judging.copies(train, synthetic):.2f}",
        f"{fit:.1f}",
        f"{len(synthetic) / generate:,.0f}",
    ]


def run_simulacra(table: Table) -> tuple[Floats, float, float]:
    """Return rows of this engine, and the seconds to fit and to generate."""
    started = time.perf_counter()
    model = simulacra.fit(table.train)
    fitted = time.perf_counter()
    synthetic = model.generate(table.train.num_rows, seed=1).table
    return table.encode(synthetic, model.schema), fitted - started, time.perf_counter() - fitted


def run_peer(table: Table, peer: str, seconds: float) -> tuple[Floats, float, float]:
    """Return a peer's rows, and the seconds to fit and to generate."""
    with tempfile.TemporaryDirectory() as folder:
        parquet.write_table(as_texts(table), Path(folder, "train.parquet"))
        process = subprocess.run(  # noqa: S603 - our own script
            [interpreter(peer), "-W", "ignore", WORKER, peer, folder],
            check=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=seconds,
            env={**os.environ, "OMP_NUM_THREADS": "2"},
        )
        synthetic = parquet.read_table(Path(folder, "synthetic.parquet"))
    seconds_taken = json.loads(process.stdout.splitlines()[-1])
    return encode(table.schema, synthetic), seconds_taken["fit"], seconds_taken["generate"]


def interpreter(peer: str) -> Path:
    """Return where a peer's Python is, if it is installed."""
    return FOLDER / ENVIRONMENTS[peer] / "bin" / "python"


def as_texts(table: Table) -> pa.Table:
    """Return the train rows with texts for categories, the missing ones a level of their own."""
    columns = {}
    for column in table.schema.columns:
        values = table.train[column.name]
        if column.type.is_categorical:
            values = pc.fill_null(values.cast(pa.string()), tables.MISSING)
        columns[column.name] = values
    return pa.table(columns)


def encode(schema: Schema, synthetic: pa.Table) -> Floats:
    """Return a peer's rows as numbers, those of integer columns rounded."""
    rows = tables.encode(schema, synthetic)
    for position, column in enumerate(schema.columns):
        if column.type == "integer":
            rows[:, position] = np.round(rows[:, position])
    return rows
