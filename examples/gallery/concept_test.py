"""Concept test: three concepts in the market that they are meant for."""

import numpy as np
import pyarrow as pa

import simulacra

RESPONDENTS, SEED = 900, 16
INTENT = ("certainly", "probably", "perhaps", "no")
LIFT = {"A": 0.0, "B": 0.25, "C": -0.1}


def population(size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return `size` people, each of whom saw one of three concepts, drawn by lot."""
    concept = rng.choice(list(LIFT), size)
    age = np.clip(rng.normal(45, 15, size), 18, 80).astype(int)
    uses = rng.choice(["often", "sometimes", "never"], size, p=[0.25, 0.45, 0.30])
    often = uses == "often"
    lift = np.vectorize(LIFT.get)(concept) + 0.55 * (concept == "C") * (age < 40)
    likes = 3.0 + 0.5 * often + lift + rng.normal(0, 0.9, size)
    wants = 0.55 * (likes - 3) + 0.5 * often - 0.4 * (uses == "never") + rng.normal(0, 0.7, size)
    return {
        "concept": concept,
        "age": age,
        "uses_category": uses,
        "likes_it": np.clip(np.round(likes), 1, 5).astype(int),
        "would_buy": np.select([wants > 0.9, wants > 0.3, wants > -0.4], INTENT[:3], "no"),
        "new_to_me": np.where(rng.random(size) < 0.45 + 0.1 * (concept == "C"), "yes", "no"),
    }


def study() -> pa.Table:
    """Return the answers of the respondents."""
    return pa.table(population(RESPONDENTS, np.random.default_rng(SEED)))


def truth() -> str:
    """Say by concept how much of the target market would buy."""
    people = population(600_000, np.random.default_rng(0))
    is_young = (people["age"] >= 20) & (people["age"] <= 39)
    weight = is_young * np.where(people["uses_category"] == "often", 0.60 / 0.25, 0.40 / 0.75)
    buys = np.isin(people["would_buy"], INTENT[:1])
    saw = {it: people["concept"] == it for it in LIFT}
    return (
        "In the whole target market "
        + ", ".join(
            f"{np.average(buys[it], weights=weight[it]):.1%} would certainly buy {concept}"
            for concept, it in saw.items()
        )
        + "."
    )


def run() -> tuple[simulacra.Model, simulacra.Generation]:
    """Shift the sample to the target market, and compare the concepts in it."""
    model = simulacra.fit(study(), types={"would_buy": list(INTENT)[::-1]})
    out = model.generate(
        6_000,
        seed=1,
        numeric={"age": {"min": 20, "max": 39}},
        categorical={"uses_category": {"often": 0.60}},
    )
    print(out.report)
    print("\nthe study")
    print(model.crosstab("would_buy", banner="concept"))
    print("\nthe target market")
    print(out.crosstab("would_buy", banner="concept"))
    return model, out
