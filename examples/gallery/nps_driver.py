"""NPS driver: three ratings, and how far the net promoter score moves with each."""

import numpy as np
import pyarrow as pa

import simulacra
from examples.gallery import figures

RESPONDENTS, SEED = 800, 12


def population(
    size: int, rng: np.random.Generator, raised: str | None = None
) -> dict[str, np.ndarray]:
    """Return `size` customers of a telecom; `raised` names a rating that was made better.

    A good mood colours all ratings alike. Beside it support counts most, and price for nothing.
    """
    mood = rng.normal(0, 1, size)
    years = np.clip(rng.exponential(4, size), 0, 25).round().astype(int)
    plan = rng.choice(["Basic", "Plus", "Max"], size, p=[0.45, 0.35, 0.20])
    latent = {
        "support": 0.5 * mood + rng.normal(0.1, 1, size),
        "speed": 0.5 * mood + 0.5 * (plan == "Max") + rng.normal(0, 1, size),
        "price": 0.8 * mood - 0.3 * (plan == "Max") + rng.normal(-0.3, 0.8, size),
    }
    if raised is not None:
        latent[raised] = latent[raised] + 0.55
    ratings = {name: np.clip(np.round(3 + it), 1, 5).astype(int) for name, it in latent.items()}
    score = (
        7.2
        + 1.1 * mood
        + 0.9 * (ratings["support"] - 3)
        + 0.35 * (ratings["speed"] - 3)
        + 0.04 * years
        + rng.normal(0, 1.1, size)
    )
    recommend = np.clip(np.round(score), 0, 10).astype(int)
    return {"years": years, "plan": plan, **ratings, "recommend": recommend}


def study() -> pa.Table:
    """Return the answers of the respondents."""
    return pa.table(population(RESPONDENTS, np.random.default_rng(SEED)))


def truth() -> str:
    """Say by how much the score rises if everybody is given a better rating."""
    before, *after = (
        figures.net_promoter_score(
            pa.table(population(400_000, np.random.default_rng(0), raised))["recommend"]
        )
        for raised in (None, "support", "speed", "price")
    )
    support, speed, price = (it - before for it in after)
    return (
        f"If everybody found the support better by half a point, the score would rise by "
        f"{support:.0f}; for the speed by {speed:.0f}, for the price by {price:.0f}."
    )


def run() -> tuple[simulacra.Model, simulacra.Generation]:
    """Raise the mean of each rating by half a point, the others following or held."""
    model = simulacra.fit(study())
    ratings = {"support": 3.14, "speed": 3.14, "price": 2.70}  # their means in the study
    before = figures.net_promoter_score(model.study["recommend"])
    print(f"net promoter score of the study: {before:.0f}\n")
    print("half a point more   others follow   others held   respondents")
    for name, mean in ratings.items():
        follow = model.generate(5_000, seed=1, means={name: mean + 0.5})
        held = model.generate(5_000, seed=1, means={**ratings, name: mean + 0.5})
        scores = [figures.net_promoter_score(it.table["recommend"]) for it in (follow, held)]
        effective = held.report.support.effective_sample_size
        print(f"{name:18}{scores[0]:15.0f}{scores[1]:14.0f}{effective:14.0f}")
    return model, model.generate(5_000, seed=1, means={**ratings, "support": 3.64})
