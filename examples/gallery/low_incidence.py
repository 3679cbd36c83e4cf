"""Low-incidence audience: the few people who own a cargo bike."""

import numpy as np
import pyarrow as pa

import simulacra
from examples.gallery import figures

RESPONDENTS, SEED = 1_200, 17
MEDIA = ("television", "podcasts", "press")


def population(size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return `size` people, of whom some 3% own a cargo bike."""
    age = np.clip(rng.normal(47, 16, size), 18, 85).astype(int)
    area = rng.choice(["city", "suburb", "country"], size, p=[0.34, 0.38, 0.28])
    children = rng.random(size) < np.where((age > 27) & (age < 52), 0.5, 0.08)
    income = np.exp(rng.normal(8.0, 0.45, size) + 0.1 * (area == "city")).round(-2).astype(int)
    odds = -5.6 + 1.9 * (area == "city") + 1.6 * children + (income - 3_200) / 2_600
    owner = rng.random(size) < 1 / (1 + np.exp(-odds))
    prefers = np.stack(
        [
            rng.gumbel(size=size) + 0.5 + age / 60,
            rng.gumbel(size=size) + 1.2 - age / 70 + 1.3 * owner,
            rng.gumbel(size=size) + 0.6 + 0.3 * (area == "city"),
        ]
    )
    media = np.array(MEDIA)[prefers.argmax(axis=0)]
    return {
        "age": age,
        "area": area,
        "children": np.where(children, "yes", "no"),
        "income": income,
        "cargo_bike": np.where(owner, "yes", "no"),
        "media": media,
    }


def study() -> pa.Table:
    """Return the answers of the respondents."""
    return pa.table(population(RESPONDENTS, np.random.default_rng(SEED)))


def truth() -> str:
    """Say which media all owners prefer, and how many of them have children."""
    people = population(400_000, np.random.default_rng(0))
    is_owner = people["cargo_bike"] == "yes"
    children = np.mean(people["children"][is_owner] == "yes")
    media = {it: np.mean(people["media"][is_owner] == it) for it in MEDIA}
    return (
        f"Of all owners {children:.1%} have children, and "
        + ", ".join(f"{share:.1%} prefer {medium}" for medium, share in media.items())
        + "."
    )


def run() -> tuple[simulacra.Model, simulacra.Generation]:
    """Ask for owners alone, and for what the rows say about groups of them."""
    model = simulacra.fit(study())
    out = model.generate(5_000, seed=1, categorical={"cargo_bike": {"yes": 1.0}}, margins=True)
    print(out.report)
    print("\nall respondents -> owners")
    for medium in MEDIA:
        print(f"  {medium:11}{figures.change(out, 'media', medium)}")
    print()
    print(out.crosstab("media", banner="area"))
    return model, out
