"""Generations whose rows are recorded as hashes, so that refactoring cannot change them unnoticed.

``python -m tests.studies.same_rows`` prints the hashes of this version of the engine; those in
``same_rows.json`` are of the last version that changed what the engine means. A model that version
0.1.0 saved is among them. Ridge regressions go through BLAS, whose
last digits depend on the processor; the test therefore asks OpenBLAS for one kernel that every
x86-64 processor has.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import simulacra

KERNEL = {"OPENBLAS_CORETYPE": "Nehalem"}
SAVED_MODEL = Path(__file__).with_name("same_rows_0.1.0.model")
"""A model of 120 meal-kit buyers, saved by version 0.1.0."""
HASHES = Path(__file__).with_name("same_rows.json")
OPTIONS = 6


def meal_kits(rows: int = 800, seed: int = 2026) -> pa.Table:
    """Return meal-kit buyers: levels, ratings, an income; two strong relations."""
    rng = np.random.default_rng(seed)
    segment = rng.choice(["Value", "Mainstream", "Premium"], rows, p=[0.4, 0.42, 0.18])
    channel = rng.choice(["Retail", "Online", "Club"], rows, p=[0.48, 0.37, 0.15])
    age = np.clip(rng.normal(43, 14, rows) - 5 * (channel == "Online"), 18, 79).astype(int)
    appetite = 48 + 16 * (segment == "Premium") - (age - 43) / 4 + rng.normal(0, 11, rows)
    spend = np.exp(3.1 + appetite / 90 + rng.normal(0, 0.3, rows)).round(2)
    return pa.table(
        {
            "age": age,
            "segment": segment,
            "channel": channel,
            "intent": np.clip(appetite, 0, 100).round().astype(int),
            "spend": pa.array(spend, mask=rng.random(rows) < 0.1),
        }
    )


def types(rows: int = 600, seed: int = 5) -> pa.Table:
    """Return a study of all column types, with missing values and a skip pattern."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["Basic", "Plus", "Pro"], rows, p=[0.5, 0.3, 0.2])
    owns = rng.random(rows) < np.where(plan == "Pro", 0.8, 0.4)
    agreement = pa.DictionaryArray.from_arrays(
        pa.array(rng.integers(0, 4, rows).astype(np.int8)),
        pa.array(["never", "rarely", "often", "always"]),
        ordered=True,
    )
    day, second = rng.integers(0, 900, rows), rng.integers(0, 500_000, rows)
    return pa.table(
        {
            "plan": plan,
            "owns": owns,
            "agreement": agreement,
            "satisfaction": np.clip(rng.normal(3 + owns, 1, rows).round(), 1, 5).astype(int),
            "visits": pa.array(rng.poisson(6, rows), mask=~owns),
            "spend": pa.array(rng.gamma(3, 12, rows).round(2), mask=rng.random(rows) < 0.2),
            "joined": pa.array((18_262 + day).astype(np.int32)).cast(pa.date32()),
            "seen": pa.array((1_709_251_200 + second) * 1_000_000).cast(pa.timestamp("us")),
        }
    )


def rules(rows: int = 900, seed: int = 3) -> pa.Table:
    """Return a study with a rule of each kind: skips, bands, orderings, sums, options."""
    rng = np.random.default_rng(seed)
    age, owns = rng.integers(18, 90, rows), rng.random(rows) < 0.6
    options = rng.random((rows, OPTIONS)) < 0.3
    parts, year = np.round(rng.gamma(2, 40, (rows, 3)), 2), rng.poisson(12, rows)
    known = {f"known_{place}": options[:, place] for place in range(OPTIONS)}
    return pa.table(
        {
            "age": age,
            "band": np.array(["18-29", "30-44", "45+"])[np.searchsorted([30, 45], age, "right")],
            "owns": np.where(owns, "Yes", "No"),
            "brand": pa.array(rng.choice(["X", "Y", "Z"], rows), mask=~owns),
            **known,
            "none": ~options.any(axis=1),
            "food": parts[:, 0],
            "rent": parts[:, 1],
            "other": parts[:, 2],
            "total": parts.sum(axis=1).round(2),
            "visits_year": year,
            "visits_month": rng.binomial(year, 0.3),
        }
    )


def battery(rows: int = 500, items: int = 44, seed: int = 11) -> pa.Table:
    """Return a battery so wide that predecessors are screened, and levels with rare ones."""
    rng = np.random.default_rng(seed)
    mood, group = (
        rng.normal(0, 1, rows),
        rng.choice(list("ABCDE"), rows, p=[0.4, 0.3, 0.2, 0.07, 0.03]),
    )
    rated = mood[:, None] + rng.normal(0, 1, (rows, items))
    scale = np.clip(np.round(rated * 1.2 + 4), 1, 7).astype(int)
    return pa.table({"group": group} | {f"item_{place}": scale[:, place] for place in range(items)})


def bills(rows: int = 1_000, seed: int = 7) -> pa.Table:
    """Return bills of which some are paid in full: a number that repeats another column."""
    rng = np.random.default_rng(seed)
    bill = rng.gamma(2, 900, rows).round()
    paid = np.where(rng.random(rows) < 0.35, bill, (bill * rng.random(rows)).round())
    late = rng.random(rows) < np.where(paid == bill, 0.05, 0.4)
    return pa.table({"bill": bill, "paid": paid, "late": late})


STUDIES: dict[str, Callable[[], pa.Table]] = {
    study.__name__: study for study in (meal_kits, types, rules, battery, bills)
}
PREMIUM: dict[str, Any] = {"categorical": {"segment": {"Premium": 0.55, "Value": 0.1}}}
GENERATIONS: tuple[tuple[str, int, int, dict[str, Any]], ...] = (
    ("meal_kits", 700, 1, {}),
    ("meal_kits", 700, 2, PREMIUM | {"numeric": {"age": {"min": 25, "max": 44}}}),
    ("meal_kits", 300, 3, {"categorical": {"channel": {"Club": 0.9, "Retail": 0.0}}}),
    ("types", 500, 4, {}),
    (
        "types",
        400,
        5,
        {"categorical": {"owns": {"true": 0.8}}, "numeric": {"visits": {"min": 2, "max": 6}}},
    ),
    (
        "types",
        400,
        6,
        {
            "numeric": {
                "joined": {"min": "2020-06-01", "max": "2021-06-30"},
                "spend": {"min": 10, "max": 30.5},
            }
        },
    ),
    (
        "types",
        400,
        7,
        {
            "categorical": {"agreement": {"always": 0.5, "never": 0.1}},
            "numeric": {"seen": {"min": "2024-03-02T00:00:00", "max": "2024-03-04T00:00:00"}},
        },
    ),
    ("rules", 800, 8, {}),
    ("rules", 600, 9, {"categorical": {"band": {"45+": 0.2}, "none": {"true": 0.3}}}),
    (
        "rules",
        600,
        10,
        {"categorical": {"brand": {"X": 0.6}}, "numeric": {"total": {"min": 100, "max": 300}}},
    ),
    ("battery", 400, 11, {}),
    (
        "battery",
        400,
        12,
        {"categorical": {"group": {"E": 0.25}}, "numeric": {"item_40": {"min": 5, "max": 7}}},
    ),
    ("bills", 900, 13, {}),
    (
        "bills",
        500,
        14,
        {"categorical": {"late": {"true": 0.5}}, "numeric": {"bill": {"min": 500, "max": 2_000}}},
    ),
)


def digest(table: pa.Table) -> str:
    """Return a hash of names, types and cells, whatever the layout of the table in memory."""
    content = hashlib.sha256()
    for name in table.column_names:
        column = table[name]
        content.update(repr((name, str(column.type), column.to_pylist())).encode())
    return content.hexdigest()


def hashes() -> Iterator[tuple[str, str]]:
    """Return the description and hash of each generation; then those of the saved model."""
    models = {name: simulacra.fit(study()) for name, study in STUDIES.items()}
    for study, rows, seed, scenario in GENERATIONS:
        generation = models[study].generate(rows, seed=seed, **scenario)
        yield f"{study}, {rows} rows, seed {seed}", digest(generation.table)
    saved = simulacra.load(SAVED_MODEL)
    yield "saved, free", digest(saved.generate(200, seed=1).table)
    yield "saved, Premium", digest(saved.generate(200, seed=2, **PREMIUM).table)


if __name__ == "__main__":
    json.dump(dict(hashes()), sys.stdout, indent=2)
    sys.stdout.write("\n")
