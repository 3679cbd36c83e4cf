"""A small study, fitted and asked once, when this module is imported.

The process that jobs are forked from imports it, so that compiled loops and libraries are in memory
before the first job comes, which would wait seconds for them on a new machine.
"""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv

from simulacra.engine import pipeline

ROWS = 200


def rehearse() -> None:
    """Walk the way of a study from a file to rows in a file, free and under a scenario."""
    rng = np.random.default_rng(0)
    score = rng.normal(size=ROWS).round(3)
    group = np.where(score > 0, "high", "low")
    group[rng.random(ROWS) < 0.2] = "none"
    study = pa.table({"score": score, "group": group, "rating": rng.integers(1, 6, ROWS)})
    with tempfile.TemporaryDirectory() as folder:
        seed, saved = Path(folder, "seed.csv"), Path(folder, "study.model")
        csv.write_csv(study, seed)
        pipeline.fit(seed).save(saved)
        model = pipeline.load(saved)
        shares = {"group": {"high": 0.5}}
        rows = model.generate(
            50, seed=0, categorical=shares, numeric={"rating": {"min": 2, "max": 4}}
        )
        rows.write(Path(folder, "rows.parquet"))
        model.generate(50, seed=0).write(Path(folder, "rows.csv"))


rehearse()
