"""Membership inference: synthetic rows must say little about who took part in a small study."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from scipy.spatial import KDTree

import simulacra
from simulacra.engine.columns.arrays import Floats

PEOPLE, STUDIES = 400, 6
NEAR = 0.05
"""Added to distances before their ratio is taken, so that a copy is no division by zero."""


def population(size: int, rng: np.random.Generator) -> Floats:
    """Eight answers of people, of which four numbers hang on one factor and differ from person to
    person, float64, shape (size, 8)."""
    factor = rng.normal(size=size)
    numbers = [np.round(10 * factor + 6 * rng.normal(size=size), 1) for _ in range(4)]
    ratings = [np.clip(np.rint(3 + factor + rng.normal(size=size)), 1, 5) for _ in range(4)]
    return np.column_stack([*numbers, *ratings])


def found_by_distance(members: Floats, others: Floats, reference: Floats, rows: Floats) -> float:
    """Return the AUC of an attacker who compares the distances to the rows and to a reference.

    The ratio of the two nearest distances, as in DOMIAS (van Breugel et al. 2023).
    """
    spread = reference.std(axis=0)
    people = np.vstack([members, others]) / spread
    to_rows, to_reference = (KDTree(part / spread).query(people)[0] for part in (rows, reference))
    score = np.log(to_reference + NEAR) - np.log(to_rows + NEAR)
    wins = stats.mannwhitneyu(score[: len(members)], score[len(members) :]).statistic
    return float(wins / (len(members) * len(others)))


def attacked(privacy: str) -> tuple[float, float]:
    """Return the mean AUC against synthetic rows and against a bootstrap, over some studies."""
    found = []
    for seed in range(STUDIES):
        rng = np.random.default_rng(seed)
        members, others, reference = (population(PEOPLE, rng) for _ in range(3))
        table = pa.table({f"q{n}": column for n, column in enumerate(members.T)})
        made = simulacra.fit(table, privacy=privacy).generate(1_000, seed=seed).table
        rows = np.column_stack([made[name].to_numpy() for name in made.column_names])
        copies = members[rng.integers(PEOPLE, size=1_000)]
        found.append(
            [found_by_distance(members, others, reference, each) for each in (rows, copies)]
        )
    synthetic, bootstrap = np.mean(found, axis=0)
    return float(synthetic), float(bootstrap)


@pytest.mark.parametrize(("privacy", "at_most"), [("standard", 0.6), ("strict", 0.57)])
def test_an_attack_by_distance_finds_few_of_those_who_took_part(
    privacy: str, at_most: float
) -> None:
    """The AUC of one study has a standard error of 0.02, the mean of six one of 0.008.

    The bounds are five of them above what was measured, so that chance fails this once in a million
    runs; copies of respondents must be caught.
    """
    synthetic, bootstrap = attacked(privacy)
    assert synthetic < at_most
    assert bootstrap > 0.9
