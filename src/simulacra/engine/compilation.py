"""Compiling the engine's loops before the first study needs them.

Numba compiles a loop at its first call, keeps the machine code in a cache on disk, and loads it
from there in later processes. On a new machine the first study would wait for that.
"""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from simulacra.engine import pipeline

ROWS = 200


def compile_loops() -> None:
    """Compile every loop into the cache, or load it from there; then no study waits for one.

    A small study goes the whole way, from a file to rows in a file, without conditions and under
    a scenario, since a loop is compiled for the types that it is called with.

    Raises:
        OSError: neither the cache nor a temporary folder can be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, saved = Path(folder, "study.csv"), Path(folder, "study.model")
        csv.write_csv(_study(), source)
        pipeline.fit(source, progress=False).save(saved)
        model = pipeline.load(saved)
        shares, ranges = {"group": {"high": 0.5}}, {"rating": {"min": 2, "max": 4}}
        rows = model.generate(50, seed=0, categorical=shares, numeric=ranges, progress=False)
        rows.write(Path(folder, "rows.parquet"))
        model.generate(50, seed=0, progress=False).write(Path(folder, "rows.csv"))


def _study() -> pa.Table:
    rng = np.random.default_rng(0)
    score = rng.normal(size=ROWS).round(3)
    group = np.where(score > 0, "high", "low")
    group[rng.random(ROWS) < 0.2] = "none"
    return pa.table({"score": score, "group": group, "rating": rng.integers(1, 6, ROWS)})
