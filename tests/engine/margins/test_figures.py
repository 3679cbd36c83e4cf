"""Figures of respondents and rows, and how far those of a sample may be from the truth."""

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.columns.schema import Schema
from simulacra.engine.margins.figures import Figure, Layout

NORMAL = 1.959964
RNG = np.random.default_rng(1)
STUDY = pa.table(
    {
        "score": RNG.integers(0, 11, 300),
        "spend": RNG.gamma(3, 12, 300).round(2),
        "mood": RNG.choice(["low", "mid", "high"], 300),
    }
)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return simulacra.fit(STUDY).schema


def test_levels_have_shares_and_numbers_have_means_and_quartiles(schema: Schema) -> None:
    layout = Layout.of(schema, [2, 0])
    assert layout.figures[:3] == tuple(Figure(2, "share", level) for level in range(3))
    kinds = [figure.kind for figure in layout.figures[3:]]
    assert kinds == ["mean", "lower_quartile", "median", "upper_quartile"]


def test_figures_are_those_of_rows_with_a_value(schema: Schema) -> None:
    layout = Layout.of(schema, [0, 2])
    rows = {0: np.array([1.0, 2.0, 3.0, np.nan]), 2: np.array([0.0, 0.0, np.nan, 2.0])}
    mean, lower, median, upper, *shares = layout.values(rows)
    assert (mean, median) == (2.0, 2.0)
    assert lower < median < upper
    assert shares == pytest.approx([2 / 3, 0, 1 / 3])
    nothing = layout.values({0: np.full(3, np.nan), 2: np.full(3, np.nan)})
    assert np.isnan(nothing).all()


def test_a_weight_of_two_counts_like_two_rows(schema: Schema) -> None:
    layout = Layout.of(schema, [0, 2])
    rows = {0: np.arange(9.0), 2: np.arange(9.0) % 3}
    weights = np.array([1.0, 2.0] * 4 + [1.0])
    twice = np.repeat(np.arange(9), weights.astype(int))
    weighted = layout.values(rows, weights)
    repeated = layout.values({position: own[twice] for position, own in rows.items()})
    is_sum = np.array([it.kind in ("share", "mean") for it in layout.figures])
    np.testing.assert_allclose(weighted[is_sum], repeated[is_sum])
    np.testing.assert_allclose(weighted, repeated, atol=0.5)


def test_equal_weights_change_no_span(schema: Schema) -> None:
    layout = Layout.of(schema, [0, 2])
    rows = {0: RNG.integers(0, 11, 50).astype(float), 2: np.arange(50.0) % 3}
    for ends, weighted in zip(
        layout.spans(rows, None, NORMAL), layout.spans(rows, np.full(50, 3.0), NORMAL), strict=True
    ):
        np.testing.assert_allclose(ends, weighted)


def test_spans_of_samples_hold_the_truth_as_often_as_they_say(schema: Schema) -> None:
    """400 samples of 200: 95 % of each figure; five standard errors of 0.011 are 0.055."""
    rng = np.random.default_rng(3)
    mood = rng.choice(3, 200_000, p=[0.05, 0.35, 0.6]).astype(np.float64)
    people = {1: np.asarray(rng.gamma(3, 12, 200_000), dtype=np.float64), 2: mood}
    layout = Layout.of(schema, [1, 2])
    truth, held = layout.values(people), []
    for _ in range(400):
        chosen = rng.integers(200_000, size=200)
        low, high = layout.spans({it: own[chosen] for it, own in people.items()}, None, NORMAL)
        held.append((low <= truth) & (truth <= high))
    np.testing.assert_allclose(np.mean(held, axis=0), 0.95, atol=0.055)
