"""How many letters chance gives, over studies that are drawn again and again.

In the population the banner (`area`, `channel`) is independent of what rows show. So each letter
is a false one. They are counted for each study; `STUDIES` of them are independent of each other.
"""

import dataclasses

import numpy as np
import pytest

import simulacra
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.tabulating import tabulation
from simulacra.engine.tabulating.crosstab import Crosstab
from tests.studies import independent
from tests.studies.independent import BANNER, RESPONDENTS, SCENARIO, SHOWN

STUDIES = 60
ERRORS = 3.1
"""Standard errors above 5 %: a test whose true rate is 5 % fails once in 1,000 times."""


@pytest.fixture(scope="module")
def models() -> list[simulacra.Model]:
    return [
        simulacra.fit(independent.study(np.random.default_rng([7, index])))
        for index in range(STUDIES)
    ]


def rate(table: Crosstab) -> float:
    """Return the part of the pairs that have a letter."""
    return sum(len(found) for found in table.table["letters"].to_pylist()) / table.compared


def allowed(rates: Floats) -> float:
    return float(0.05 + ERRORS * rates.std(ddof=1) / np.sqrt(len(rates)))


def test_a_study_has_letters_by_chance_in_five_percent_of_pairs(
    models: list[simulacra.Model],
) -> None:
    rates = np.array([rate(model.crosstab(SHOWN, BANNER)) for model in models])
    assert rates.mean() < allowed(rates)
    assert rates.mean() > 0.02  # the test is not blind; 4.6 % of 4,320 pairs in 80 other studies


@pytest.mark.parametrize(
    ("rows", "scenario"), [(RESPONDENTS, None), (20_000, None), (20_000, SCENARIO)]
)
def test_made_rows_have_no_more_letters_by_chance(
    models: list[simulacra.Model], rows: int, scenario: dict[str, dict[str, float]] | None
) -> None:
    made = [
        model.generate(rows, seed=index, categorical=scenario) for index, model in enumerate(models)
    ]
    rates = np.array([rate(out.crosstab(SHOWN, BANNER)) for out in made])
    assert rates.mean() < allowed(rates)


def test_row_counts_would_call_most_pairs_significant(models: list[simulacra.Model]) -> None:
    rates = []
    for index, model in enumerate(models[:20]):
        rows = model.generate(20_000, seed=index).sample
        rates.append(
            rate(tabulation.tabulate(dataclasses.replace(rows, behind=None), SHOWN, BANNER))
        )
    assert np.mean(rates) > 0.5  # 69 % in docs/benchmarks/letters.md


def test_real_differences_keep_most_of_their_letters() -> None:
    # The area matters here. The tables of such studies find about 70 % of the differences, and rows
    # are to find most of what these find: 93 % in 60 other studies.
    found = {"study": 0.0, "rows": 0.0}
    for index in range(20):
        model = simulacra.fit(independent.study(np.random.default_rng([8, index]), effect=0.1))
        found["study"] += rate(model.crosstab(["buys", "spend"], "area"))
        found["rows"] += rate(
            model.generate(20_000, seed=index).crosstab(["buys", "spend"], "area")
        )
    assert found["rows"] > 0.7 * found["study"] > 0


def test_what_a_scenario_is_not_about_seldom_changes(models: list[simulacra.Model]) -> None:
    # The segment tells nothing of these three, so each change that is told is a false one.
    rates = []
    for index, model in enumerate(models):
        out = model.generate(20_000, seed=index, categorical=SCENARIO)
        found = simulacra.compare(model, out, columns=["area", "channel", "rating"])
        rates.append(np.mean([each.is_changed for each in found.figures]))
    assert np.mean(rates) < allowed(np.array(rates))
