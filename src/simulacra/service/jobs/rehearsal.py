"""A small study, fitted and asked once, when this module is imported.

The process that jobs are forked from imports it, so that compiled loops and libraries are in memory
before the first job comes, which would wait seconds for them on a new machine.
"""

import numpy as np
import pyarrow as pa

from simulacra.engine import pipeline

ROWS = 200


def rehearse() -> None:
    """Walk the way of a study with every type of column, free and under a scenario."""
    rng = np.random.default_rng(0)
    score = rng.normal(size=ROWS).round(3)
    group = np.where(score > 0, "high", "low")
    group[rng.random(ROWS) < 0.2] = "none"
    study = pa.table({"score": score, "group": group, "rating": rng.integers(1, 6, ROWS)})
    model = pipeline.fit(study)
    model.generate(50, seed=0)
    model.generate(
        50, seed=0, categorical={"group": {"high": 0.5}}, numeric={"rating": {"min": 2, "max": 4}}
    )


rehearse()
