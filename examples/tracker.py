"""A brand tracker of fictional people, as survey tools deliver one: codes with labels, in a `.sav`.

    python -m examples.tracker burgers.sav

Its questions are those of many trackers: which restaurants people know, consider and have visited,
how they like the one that they visited last, how much they spend, and who they are.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat

RESPONDENTS, SEED = 1_200, 2026
BRANDS = {
    "Burger Barn": 0.86,
    "Golden Grill": 0.78,
    "Patty Palace": 0.61,
    "Corner Bun": 0.44,
    "Smoke & Salt": 0.29,
    "Green Fork": 0.22,
}
"""Restaurants, and how many of the people know each."""
ITEMS = ("Taste of the food", "Value for money", "Speed of service", "Friendliness of the staff")
REGIONS = ("North", "East", "South", "West")
GRADES = ("Very poor", "Poor", "Fair", "Good", "Very good")
KNOW, CONSIDER = "Which of these restaurants do you know?", "Which of these would you consider?"
VISITED, RATED = "Which of them did you visit last?", "How do you rate the one you visited last?"


def population(size: int, rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return people, a column for each question or option, and the labels of the columns."""
    age = np.clip(rng.normal(41, 14, size), 18, 75).astype(int)
    is_family = rng.random(size) < np.where((age > 28) & (age < 50), 0.55, 0.15)
    columns: dict[str, object] = {
        "age": age,
        "gender": rng.integers(1, 3, size),
        "region": rng.choice(np.arange(1, 5), size, p=[0.2, 0.25, 0.32, 0.23]),
        "family": 1 + is_family.astype(int),
    }
    labels = {
        "age": "How old are you?",
        "gender": "Are you a woman or a man?",
        "region": "Where do you live?",
        "family": "Do children live with you?",
    }
    likings, considers = [], {}
    for at, (brand, share) in enumerate(BRANDS.items(), start=1):
        drawn_to = (0.35 if brand == "Green Fork" else -0.12) * (age < 32)
        drawn_to = drawn_to + (0.25 if brand == "Burger Barn" else 0.0) * is_family
        knows = rng.random(size) < np.clip(share + drawn_to, 0.02, 0.98)
        liking = rng.normal(0.4 * share + 1.4 * drawn_to, 0.5)
        likings.append(np.where(knows, liking, -9.0))
        columns[f"q1_{at}"] = knows.astype(int)
        considers[f"q2_{at}"] = (knows & (liking > 0.1)).astype(int)
        labels |= {f"q1_{at}": f"{KNOW} - {brand}", f"q2_{at}": f"{CONSIDER} - {brand}"}
    columns |= considers
    best = np.argmax(likings, axis=0)
    columns["q3"] = best + 1
    labels["q3"] = VISITED
    taste = np.max(likings, axis=0)
    for at, item in enumerate(ITEMS, start=1):
        grade = np.clip(np.round(3.2 + 0.8 * taste + rng.normal(0, 0.8, size)), 1, 5)
        columns[f"q4_{at}"] = grade.astype(int)
        labels[f"q4_{at}"] = f"{RATED} - {item}"
    spent = rng.gamma(5, 2.1, size) * (1 + 0.7 * is_family) * np.where(best == 4, 1.5, 1.0)
    columns["q5"] = spent.round(2)
    labels["q5"] = "How much did you spend there?"
    return pd.DataFrame(columns), labels


def write(path: Path, size: int = RESPONDENTS) -> None:
    """Write the tracker to a file of SPSS."""
    people, labels = population(size, np.random.default_rng(SEED))
    chosen: dict[int | float, str] = {0: "Not selected", 1: "Selected"}
    values: dict[str, dict[int | float, str]] = {
        "gender": {1: "Woman", 2: "Man"},
        "region": _coded(REGIONS),
        "family": {1: "No", 2: "Yes"},
        "q3": _coded(BRANDS),
        **{name: chosen for name in people.columns if name.startswith(("q1_", "q2_"))},
        **{name: _coded(GRADES) for name in people.columns if name.startswith("q4_")},
    }
    pyreadstat.write_sav(people, path, column_labels={**labels}, variable_value_labels=values)


def _coded(texts: Iterable[str]) -> dict[int | float, str]:
    return dict(enumerate(texts, start=1))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
