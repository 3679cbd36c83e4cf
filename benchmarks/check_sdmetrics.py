"""Compare our Shape and Trend with those of SDMetrics 0.11.1, which is fetched for this alone.

python -m benchmarks.check_sdmetrics [--data DIRECTORY] [--rows 5000] [TABLE ...]

Fails if a figure differs by more than 0.001.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

import simulacra
from benchmarks import judging, tables
from benchmarks.page import ROOT
from simulacra.engine.columns.arrays import Floats

TOLERANCE = 1e-3
REPORT = Path(__file__).with_name("sdmetrics_report.py")
PACKAGES = ("sdmetrics==0.11.1", "numpy<2", "pandas<2.2", "pyarrow<18", "setuptools<81")


def main() -> None:
    """Compare the figures of some tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", default=[*tables.SOURCES])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rows", type=int, default=5_000, help="of the train part to learn from")
    arguments = parser.parse_args()
    worst = max(
        compare(tables.load(name, arguments.data), arguments.rows) for name in arguments.tables
    )
    if worst > TOLERANCE:
        sys.exit(f"The figures differ by {worst:.4f}, more than {TOLERANCE}.")


def compare(table: tables.Table, rows: int) -> float:
    """Print both reports on generated rows; return the largest difference."""
    order = np.random.default_rng(0).permutation(table.train.num_rows)
    few = table.train.take(order[:rows])
    model = simulacra.fit(few)
    real = table.encode(few)
    synthetic = table.encode(model.generate(rows, seed=1).table, model.schema)
    ours = {
        "shape": judging.shape(table.schema, real, synthetic),
        "trend": judging.trend(table.schema, real, synthetic),
    }
    theirs = report(table, real, synthetic)
    for name, figure in ours.items():
        print(f"{table.name:<10}{name:<7} ours {figure:.5f}  SDMetrics {theirs[name]:.5f}")
    return max(abs(ours[name] - theirs[name]) for name in ours)


def report(table: tables.Table, real: Floats, synthetic: Floats) -> dict[str, float]:
    """Return the property scores of SDMetrics, computed by a process with an environment apart."""
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in (("real", real), ("synthetic", synthetic)):
            parquet.write_table(decoded(table, rows), Path(folder, f"{name}.parquet"))
        kinds = {
            column.name: "categorical" if column.type.is_categorical else "numerical"
            for column in table.schema.columns
        }
        Path(folder, "kinds.json").write_text(json.dumps(kinds), encoding="utf-8")
        command = [str(ROOT / ".tools/bin/uv"), "run", "--quiet", "--no-project"]
        command += [f"--with={package}" for package in PACKAGES]
        ended = subprocess.run(  # noqa: S603 - our own script
            [*command, "python", "-W", "ignore", str(REPORT), folder],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    scores: dict[str, float] = json.loads(ended.stdout)
    return scores


def decoded(table: tables.Table, rows: Floats) -> pa.Table:
    """Return rows with the texts of their categories."""
    columns = {}
    for column, values in zip(table.schema.columns, rows.T, strict=True):
        if column.type.is_categorical:
            columns[column.name] = pa.array(np.array(column.levels)[values.astype(int)])
        else:
            columns[column.name] = pa.array(values, from_pandas=True)
    return pa.table(columns)


if __name__ == "__main__":
    main()
