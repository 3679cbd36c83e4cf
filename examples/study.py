"""A fictional study: 800 people answer a questionnaire about a meal-kit brand.

The population is defined in code, so the truth under a scenario is known: draw many people, keep
those who meet the scenario, and compare them with the synthetic rows.
"""

import csv
from pathlib import Path

import numpy as np

SEGMENTS = {"Value": 0.40, "Mainstream": 0.42, "Premium": 0.18}
CHANNELS = {"Retail": 0.48, "Online": 0.37, "Club": 0.15}
REGIONS = {"North": 0.22, "East": 0.24, "South": 0.31, "West": 0.23}


def population(size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return `size` respondents, column by column."""
    segment = rng.choice(list(SEGMENTS), size, p=list(SEGMENTS.values()))
    channel = rng.choice(list(CHANNELS), size, p=list(CHANNELS.values()))
    age = np.clip(rng.normal(43, 14, size) - 5 * (channel == "Online"), 18, 79).astype(int)
    appetite = (
        48
        + 16 * (segment == "Premium")
        - 7 * (segment == "Value")
        + 7 * (channel == "Online")
        - (age - 43) / 4
        + rng.normal(0, 11, size)
    )
    spend = np.exp(3.1 + 0.45 * (segment == "Premium") + appetite / 90 + rng.normal(0, 0.3, size))
    return {
        "respondent": np.arange(1, size + 1),
        "age": age,
        "region": rng.choice(list(REGIONS), size, p=list(REGIONS.values())),
        "segment": segment,
        "channel": channel,
        "purchase_intent": np.clip(appetite, 0, 100).round().astype(int),
        "Would recommend (0-10)": np.clip(appetite / 10 + rng.normal(0, 1.2, size), 0, 10)
        .round()
        .astype(int),
        "monthly_spend": spend.round(2),
    }


def write(path: Path, size: int = 800, seed: int = 2026) -> None:
    """Write the answers of `size` respondents as a CSV file."""
    columns = population(size, np.random.default_rng(seed))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
