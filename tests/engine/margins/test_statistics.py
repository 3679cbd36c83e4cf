"""Statistics of rows, and quartiles read off a distribution function."""

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.columns.schema import Schema
from simulacra.engine.margins import statistics
from simulacra.engine.margins.figures import Figure
from simulacra.engine.margins.statistics import Part, Statistics

RNG = np.random.default_rng(1)
SCORE, SPEND = RNG.integers(0, 11, 300).astype(float), RNG.gamma(3, 12, 300)
MOOD = RNG.integers(0, 3, 300).astype(float)
ROWS = {0: SCORE, 1: SPEND, 2: MOOD}


@pytest.fixture(scope="module")
def schema() -> Schema:
    study = pa.table(
        {
            "score": SCORE.astype(int),
            "spend": SPEND,
            "mood": np.array(["a", "b", "c"])[MOOD.astype(int)],
        }
    )
    return simulacra.fit(study).schema


@pytest.fixture(scope="module")
def all_columns(schema: Schema) -> Statistics:
    return Statistics.of(schema, [0, 1, 2], ROWS, ROWS)


def test_statistics_are_shares_means_and_distributions(all_columns: Statistics) -> None:
    values = all_columns.values(ROWS)
    assert len(values) == len(all_columns) == len(all_columns.groups)
    assert values[all_columns.index(Figure(0, "mean"))] == pytest.approx(SCORE.mean())
    assert values[all_columns.index(Figure(2, "share", 1))] == np.mean(MOOD == 1)
    for part, own in zip(all_columns.parts, (SCORE, SPEND), strict=False):
        expected = [np.mean(own <= cut) for cut in part.cuts]
        np.testing.assert_allclose(values[part.distribution], expected, atol=1e-12)
    assert (~all_columns.is_proportion).sum() == 2
    assert all_columns.groups.max() == 4  # two means, two distributions, one category


def test_a_weight_of_two_counts_like_two_rows(all_columns: Statistics) -> None:
    weights = RNG.integers(1, 3, 300).astype(float)
    twice = {it: np.repeat(own, weights.astype(int)) for it, own in ROWS.items()}
    np.testing.assert_allclose(all_columns.values(ROWS, weights), all_columns.values(twice))


def test_a_column_without_values_has_no_statistics(all_columns: Statistics) -> None:
    values = all_columns.values({**ROWS, 0: np.full(300, np.nan)})
    part = all_columns.parts[0]
    assert np.isnan(values[part.start : part.stop]).all()
    assert np.isfinite(values[part.stop :]).all()


def test_a_quartile_of_a_rating_is_one_of_its_values(all_columns: Statistics) -> None:
    part = all_columns.parts[0]
    own = all_columns.values(ROWS)[part.distribution]
    assert statistics.quantile(part, own, 0.25) == np.quantile(SCORE, 0.25, method="inverted_cdf")
    assert statistics.quantile(part, own + 0.3, 0.25) == 0
    assert statistics.quantile(part, own - 1.0, 0.25) == 10


def test_a_quartile_between_two_cuts_lies_on_the_line(all_columns: Statistics) -> None:
    part = all_columns.parts[1]
    own = all_columns.values(ROWS)[part.distribution]
    spread = SPEND.std()
    found = statistics.quantile(part, own, 0.5)
    assert found == pytest.approx(np.median(SPEND), abs=0.05 * spread)
    line = Part(0, 0, 0, np.array([1.0, 3.0]), np.array([True, False]))
    assert statistics.quantile(line, np.array([0.2, 0.6]), 0.5) == pytest.approx(2.5)


def test_no_share_exceeds_one_however_weights_are_summed() -> None:
    """Sums in two orders differ in the last digit in about half of 200 samples."""
    part = Part(0, 0, 2, np.zeros(0), np.zeros(0, dtype=bool))
    rng = np.random.default_rng(2)
    for _ in range(200):
        assert part.values(np.zeros(300), rng.random(300))[0] <= 1
