"""The judges of published figures that are XGBoost: a two-sample test, and prediction."""

import os
from typing import Any

import numpy as np
import xgboost
from sklearn.metrics import roc_auc_score, root_mean_squared_error
from sklearn.model_selection import ParameterGrid

from benchmarks import judging
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import Schema

THREADS = int(os.environ.get("SIMULACRA_BENCH_THREADS", "1"))
GRID = ParameterGrid(
    {
        "n_estimators": [10, 50, 100],
        "min_child_weight": [1, 10],
        "max_depth": [5, 10, 20],
        "gamma": [0.0, 1.0],
    }
)
"""The settings among which TabSyn's evaluation chooses (Zhang et al. 2024, `eval/mle/mle.py`)."""
VALIDATION_PART = 9
LEAST, MOST = 1, 20_000
"""Between these TabSyn's evaluation takes the logarithm of a number to predict."""


def two_sample(schema: Schema, real: Floats, synthetic: Floats, *, seed: int = 0) -> float:
    """Return XGB-C2ST: 1 when XGBoost cannot tell the rows apart, 0 when it always can.

    See `judging.two_sample`; categories are categories to the learner, missing numbers missing.
    """
    settings = _settings(schema, seed)
    return judging.two_sample(
        real, synthetic, seed=seed, classifier=lambda: xgboost.XGBClassifier(**settings)
    )


def prediction(schema: Schema, target: str, rows: Floats, test: Floats, *, seed: int = 0) -> float:
    """Return how well XGBoost predicts a column of test rows after it has learned from other rows.

    Follows TabSyn's evaluation: a ninth of the rows chooses among `GRID`, the others are learned
    from, and each level of a category can be split off alone. Rows without the target are left
    out.

    Args:
        schema: of both.
        target: the column to predict; if it is categorical, test rows have two of its levels.
        rows: float64, the rows to learn from.
        test: float64, real rows.
        seed: of the choice of the ninth.

    Returns:
        The AUC of a category; the root mean squared error of the logarithm of a number.
    """
    position = schema.names.index(target)
    is_categorical = schema.columns[position].type.is_categorical
    last_level = np.nanmax(test[:, position])

    def sides(part: Floats) -> tuple[Floats, Floats]:
        answered = part[~np.isnan(part[:, position])]
        values = answered[:, position]
        asked = values == last_level if is_categorical else np.log(np.clip(values, LEAST, MOST))
        return np.delete(answered, position, axis=1), asked.astype(np.float64)

    def judge(learner: Any, part: tuple[Floats, Floats]) -> float:  # noqa: ANN401 - it has no types
        if is_categorical:
            return float(roc_auc_score(part[1], learner.predict_proba(part[0])[:, 1]))
        return float(root_mean_squared_error(part[1], learner.predict(part[0])))

    questions, answers = sides(np.random.default_rng(seed).permutation(rows))
    cut = len(answers) // VALIDATION_PART
    make = xgboost.XGBClassifier if is_categorical else xgboost.XGBRegressor
    settings = _settings(schema, seed, without=position) | {"max_cat_to_onehot": len(rows)}
    learners = [make(**settings, **chosen).fit(questions[cut:], answers[cut:]) for chosen in GRID]
    choose = max if is_categorical else min
    best = choose(learners, key=lambda learner: judge(learner, (questions[:cut], answers[:cut])))
    return judge(best, sides(test))


def _settings(schema: Schema, seed: int, without: int | None = None) -> dict[str, Any]:
    kinds = ["c" if column.type.is_categorical else "q" for column in schema.columns]
    if without is not None:
        del kinds[without]
    return {
        "tree_method": "hist",
        "enable_categorical": True,
        "feature_types": kinds,
        "random_state": seed,
        "n_jobs": THREADS,
    }
