"""Shares and means, and how far one interview more tells of them."""

import numpy as np
import pyarrow as pa

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy
from simulacra.engine.validation.figures import Figures

TABLE = pa.table({"kind": ["a", "b", "b", None] * 10, "size": [1, 2, 3, 6] * 10})
WEIGHTS = np.array([2.0, 1.0, 1.0, 0.5] * 10)


def test_shares_are_of_those_who_answered_and_all_count_by_weight() -> None:
    study = clean.clean(RawStudy(TABLE), limits.DEFAULT)
    figures = Figures.of(study.schema)
    assert [figures.name(index) for index in range(3)] == [
        ("kind", "a"),
        ("kind", "b"),
        ("size", "mean"),
    ]
    found = figures.estimate(study.values, WEIGHTS)
    np.testing.assert_allclose(found.means, [0.5, 0.5, (2 + 2 + 3 + 3) / 4.5])
    assert found.answers.tolist() == [30, 30, 40]


def test_columns_can_be_left_out() -> None:
    study = clean.clean(RawStudy(TABLE), limits.DEFAULT)
    assert Figures.of(study.schema, ["kind"]).columns.tolist() == [1]


def test_the_variance_is_that_of_repeated_samples() -> None:
    """2,000 samples of 200, a third without answer, with weights of 1 and 3.

    Their variances differ by 3.2 % by chance (standard deviation), so 15 % is a false alarm once in
    400,000 runs.
    """
    study = clean.clean(RawStudy(TABLE), limits.DEFAULT)
    figures, rng = Figures.of(study.schema, ["kind"]), np.random.default_rng(1)
    means, variances = [], []
    for _ in range(2_000):
        values = rng.normal(size=(200, 2))
        values[rng.random(200) < 1 / 3, 1] = np.nan
        found = figures.estimate(values, rng.choice([1.0, 3.0], 200))
        means.append(found.means[0])
        variances.append(found.variances[0] / 200)
    assert abs(np.mean(variances) / np.var(means) - 1) < 0.15
