"""Brand tracker: consideration, if more people recalled the advertising."""

import numpy as np
import pyarrow as pa

import simulacra
from examples.gallery import figures

RESPONDENTS, SEED = 900, 11


def population(
    size: int, rng: np.random.Generator, recall: float | None = None
) -> dict[str, np.ndarray]:
    """Return `size` people; with `recall` that share of them, drawn by lot, recalls the ad.

    Buyers notice the advertising of their brand. Recalling it adds little to what they think.
    """
    age = np.clip(rng.normal(44, 15, size), 18, 80).astype(int)
    buys = rng.random(size) < np.clip(0.38 - (age - 44) / 180, 0.05, 0.9)
    by_nature = rng.random(size) < np.where(buys, 0.55, 0.20)
    recalls = by_nature if recall is None else rng.random(size) < recall
    value = np.clip(np.round(2.7 + 0.9 * buys + rng.normal(0, 0.9, size)), 1, 5).astype(int)
    leaning = 1.9 * buys + 0.8 * recalls + 0.35 * (value - 3) + rng.normal(0, 1, size)
    considers = np.select([leaning > 1.7, leaning > 0.6], ["definitely", "perhaps"], "no")
    known = {
        f"Brands known? - {brand}": rng.random(size) < share + 0.25 * recalls * own
        for brand, share, own in (("Alba", 0.62, 1), ("Brio", 0.70, 0), ("Cedar", 0.34, 0))
    }
    return {
        "wave": rng.choice(["spring", "summer", "autumn"], size),
        "age": age,
        "buys_alba": np.where(buys, "yes", "no"),
        "ad_recall": np.where(recalls, "yes", "no"),
        **known,
        "value_for_money": value,
        "considers_alba": considers,
    }


def study() -> pa.Table:
    """Return the answers of the respondents."""
    return pa.table(population(RESPONDENTS, np.random.default_rng(SEED)))


def truth() -> str:
    """Say how many consider Alba, as things are and if a campaign reaches people by lot."""
    now, then = (
        np.mean(
            population(400_000, np.random.default_rng(0), recall)["considers_alba"] == "definitely"
        )
        for recall in (None, 0.60)
    )
    return (
        f"In the population {now:.1%} definitely consider Alba. If a campaign made 60% recall its "
        f"advertising, whoever they are, {then:.1%} would."
    )


def run() -> tuple[simulacra.Model, simulacra.Generation]:
    """Ask for more recall: first with buyers following, then with buyers held as they are."""
    model = simulacra.fit(study())
    recall = {"ad_recall": {"yes": 0.60}}
    out = model.generate(5_000, seed=1, categorical=recall, margins=True)
    print(out.report)
    buyers = {"buys_alba": {"yes": 0.381}}  # as in the study
    held = model.generate(5_000, seed=1, categorical=recall | buyers, margins=True)
    print("\nConsiders Alba definitely, 60% recall its advertising:")
    print("  buyers follow  ", figures.change(out, "considers_alba", "definitely"))
    print("  buyers held    ", figures.change(held, "considers_alba", "definitely"))
    return model, out
