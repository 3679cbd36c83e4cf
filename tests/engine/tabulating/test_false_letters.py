"""How many letters chance gives, over studies that are drawn again and again.

In the population the banner (`area`, `channel`) is independent of what rows show. So each letter
is a false one. They are counted for each study; `STUDIES` of them are independent of each other.
"""

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.tabulating import sample
from simulacra.engine.tabulating.crosstab import Crosstab

STUDIES, RESPONDENTS = 60, 500
ERRORS = 3.1
"""Standard errors above 5 %: a test whose true rate is 5 % fails once in 1,000 times."""
SHOWN, BANNER = ["buys", "rating", "spend"], ["area", "channel"]
SCENARIO = {"segment": {"c": 0.45}}


def study(rng: np.random.Generator) -> pa.Table:
    """Return respondents whose segment decides what they buy, and no banner variable anything."""
    segment = rng.choice(3, RESPONDENTS, p=[0.5, 0.3, 0.2])
    buys = rng.random(RESPONDENTS) < np.array([0.2, 0.4, 0.6])[segment]
    return pa.table(
        {
            "segment": np.array(list("abc"))[segment],
            "area": rng.choice(list("pqrs"), RESPONDENTS, p=[0.4, 0.3, 0.2, 0.1]),
            "channel": rng.choice(list("klm"), RESPONDENTS, p=[0.5, 0.25, 0.25]),
            "buys": np.where(buys, "yes", "no"),
            "rating": rng.choice(list("fgh"), RESPONDENTS, p=[0.6, 0.3, 0.1]),
            "spend": np.round(50 + 8 * segment + rng.normal(0, 10, RESPONDENTS)).astype(int),
        }
    )


@pytest.fixture(scope="module")
def models() -> list[simulacra.Model]:
    return [simulacra.fit(study(np.random.default_rng([7, index]))) for index in range(STUDIES)]


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


def test_row_counts_would_call_most_pairs_significant(
    models: list[simulacra.Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "both", lambda rows, _: rows)
    made = [model.generate(20_000, seed=index) for index, model in enumerate(models[:20])]
    assert np.mean([rate(out.crosstab(SHOWN, BANNER)) for out in made]) > 0.5


def test_what_a_scenario_is_not_about_seldom_changes(models: list[simulacra.Model]) -> None:
    # The segment tells nothing of these three, so each change that is told is a false one.
    rates = []
    for index, model in enumerate(models):
        out = model.generate(20_000, seed=index, categorical=SCENARIO)
        found = simulacra.compare(model, out, columns=["area", "channel", "rating"])
        rates.append(np.mean([each.is_changed for each in found.figures]))
    assert np.mean(rates) < allowed(np.array(rates))
