"""A population whose segments have known profiles, and studies of it."""

import numpy as np
import pyarrow as pa

REGIONS, REGION_SHARES = ("North", "East", "South", "West"), (0.12, 0.28, 0.35, 0.25)
BRANDS = ("Alpha", "Beta", "Gamma")
RATINGS = 6


def people(number: int, rng: np.random.Generator) -> pa.Table:
    """Return people: region shifts a mood, and the mood moves ratings, brand, spending and use."""
    region = rng.choice(len(REGIONS), number, p=REGION_SHARES)
    age = rng.integers(18, 80, number)
    mood = 0.7 * (region == 0) - 0.3 * (region == 2) + (age - 49) / 40 + rng.normal(size=number)
    ratings = {
        f"rating_{index}": np.clip(
            np.round(3 + (0.9 - 0.12 * index) * mood + rng.normal(0, 0.9, number)), 1, 5
        ).astype(np.int64)
        for index in range(RATINGS)
    }
    utilities = np.stack([0.8 * mood, 0.6 * (region == 1), 0.0 * mood]) + rng.gumbel(
        size=(3, number)
    )
    columns: dict[str, object] = {
        "region": np.array(REGIONS)[region],
        "age": age,
        **ratings,
        "brand": np.array(BRANDS)[utilities.argmax(axis=0)],
        "spend": np.round(np.exp(3 + 0.3 * mood + 0.4 * rng.normal(size=number)), 2),
        "uses_app": np.where(rng.random(number) < 1 / (1 + np.exp((age - 45) / 12)), "yes", "no"),
        "noise": np.round(rng.normal(50, 10, number), 1),
    }
    return pa.table(columns)


def figures(rows: pa.Table) -> dict[tuple[str, str], float]:
    """Return the share of each level and the mean of each number, by column and level."""
    found: dict[tuple[str, str], float] = {}
    for name in rows.column_names:
        values = rows[name].to_numpy(zero_copy_only=False)
        if values.dtype.kind in "if":
            found[name, "mean"] = float(np.mean(values))
        else:
            for level in np.unique(values).tolist():
                found[name, level] = float(np.mean(values == level))
    return found
