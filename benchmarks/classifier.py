"""The judge of the published two-sample figures: XGBoost with its own settings."""

import os
from collections.abc import Callable
from typing import Any

import xgboost

from benchmarks import judging
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

THREADS = int(os.environ.get("SIMULACRA_BENCH_THREADS", "1"))


def two_sample(schema: Schema, real: Floats, synthetic: Floats, *, seed: int = 0) -> float:
    """Return XGB-C2ST: 1 when XGBoost cannot tell the rows apart, 0 when it always can.

    See `judging.two_sample`; categories are categories to the learner, missing numbers missing.
    """
    return judging.two_sample(real, synthetic, seed=seed, classifier=_maker(schema, seed))


def _maker(schema: Schema, seed: int) -> Callable[[], Any]:
    kinds = ["c" if column.type.is_categorical else "q" for column in schema.columns]

    def make() -> Any:  # noqa: ANN401 - it has no types
        return xgboost.XGBClassifier(
            tree_method="hist",
            enable_categorical=True,
            feature_types=kinds,
            random_state=seed,
            n_jobs=THREADS,
        )

    return make
