"""Election: a poll, if the young turned out in larger numbers."""

import numpy as np
import pyarrow as pa

import simulacra
from examples.gallery import figures

RESPONDENTS, SEED = 1_000, 13
WEIGHT = "weight"
PARTIES = ("Left", "Right", "Green", "Other")


def population(size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return `size` people entitled to vote, with the weight of those among them who answer."""
    age = np.clip(rng.normal(51, 17, size), 18, 92).astype(int)
    degree = rng.random(size) < np.where(age < 45, 0.42, 0.24)
    leaning = rng.normal(0, 1, size) - 0.4 * degree + (age - 50) / 60
    past = np.select(
        [leaning < -0.7, leaning < 0.1, leaning < 1.2], ["Green", "Left", "Right"], "Other"
    )
    past = np.where((age < 22) | (rng.random(size) < 0.18), "did not vote", past)
    issue = np.where(
        rng.random(size) < np.clip(0.75 - age / 110, 0.05, 0.9),
        "climate",
        rng.choice(["economy", "health", "migration"], size, p=[0.45, 0.30, 0.25]),
    )
    pull = leaning + rng.normal(0, 0.5, size) - 0.6 * (issue == "climate")
    intention = np.select(
        [pull < -0.9, pull < 0.2, pull < 1.3], ["Green", "Left", "Right"], "Other"
    )
    certain = np.clip(rng.normal(6.0, 2.4, size) + (age - 50) / 14, 0, 10).round().astype(int)
    return {
        "age": age,
        "degree": np.where(degree, "yes", "no"),
        "past_vote": past,
        "issue": issue,
        "certain_to_vote": certain,
        "intention": intention,
        "weight": np.where(age < 35, 1.4, np.where(degree, 0.8, 1.0)),
    }


def study() -> pa.Table:
    """Return the answers of the respondents; who answers less readily weighs more."""
    rng = np.random.default_rng(SEED)
    asked = population(4 * RESPONDENTS, rng)
    answers = np.flatnonzero(rng.random(4 * RESPONDENTS) < 0.4 / asked["weight"])[:RESPONDENTS]
    return pa.table({name: values[answers] for name, values in asked.items()})


def truth() -> str:
    """Say how all people vote who are certain to, if 24% of those are young."""
    people = population(400_000, np.random.default_rng(0))
    is_certain = people["certain_to_vote"] >= 7
    is_young = people["age"] < 35
    young = np.average(is_young, weights=is_certain)
    weight = is_certain * np.where(is_young, 0.24 / young, 0.76 / (1 - young))
    votes = {it: np.average(people["intention"] == it, weights=weight) for it in PARTIES}
    return (
        "Of all people who are certain to vote, with 24% of them young, "
        + ", ".join(f"{share:.1%} intend to vote {party}" for party, share in votes.items())
        + "."
    )


def run() -> tuple[simulacra.Model, simulacra.Generation]:
    """Compare those certain to vote as they are with an electorate that has more young people."""
    model = simulacra.fit(study(), weight=WEIGHT)
    certain = {"certain_to_vote": {"min": 7, "max": 10}}
    likely = model.generate(5_000, seed=1, numeric=certain, margins=True)
    young = model.generate(
        5_000,
        seed=1,
        numeric=certain,
        bands={"age": [{"min": 18, "max": 34, "share": 0.24}]},
        margins=True,
    )
    print(young.report)
    print("\nshare of the study, and of those certain to vote")
    for party in PARTIES:
        print(f"  {party:6}  as they are     {figures.change(likely, 'intention', party)}")
        print(f"          with more young {figures.change(young, 'intention', party)}")
    return model, young
