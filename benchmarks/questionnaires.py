"""Studies written in code whose rows obey rules without exception, with the rules they obey."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks import rules
from benchmarks.rules import Rule

Columns = dict[str, Any]
Bits = np.ndarray[Any, np.dtype[np.bool_]]


@dataclasses.dataclass(frozen=True)
class Questionnaire:
    """A study in code.

    Attributes:
        draw: makes so many rows.
        rules: that no row breaks.
        categorical, numeric: a scenario that leans on the rules.
    """

    draw: Callable[[int, np.random.Generator], Columns]
    rules: tuple[Rule, ...]
    categorical: Mapping[str, Mapping[str, float]]
    numeric: Mapping[str, Mapping[str, Any]]


def _skipped(values: np.ndarray, asked: Bits) -> pa.Array:
    return pa.array(values, mask=~asked)


def _skips(size: int, rng: np.random.Generator) -> Columns:
    """Return nested filters: car, brand, rating, complaint; work, contract, hours."""
    age = rng.integers(18, 80, size)
    car = rng.random(size) < 0.35 + 0.4 * (age > 30)
    brand = rng.choice(["Asta", "Brio", "Corvo"], size, p=[0.5, 0.3, 0.2])
    rating = np.clip(np.rint(rng.normal(3.4 + 0.6 * (brand == "Asta"), 1, size)), 1, 5).astype(int)
    unhappy = car & (rating <= 2)
    works = rng.random(size) < np.where(age < 65, 0.75, 0.1)
    contract = rng.choice(["Full time", "Part time"], size, p=[0.7, 0.3])
    hours = np.where(contract == "Full time", rng.integers(35, 50, size), rng.integers(5, 30, size))
    return {
        "age": age,
        "car": np.where(car, "Yes", "No"),
        "brand": _skipped(brand, car),
        "rating": _skipped(np.array([f"{value} of 5" for value in rating]), car),
        "complaint": _skipped(rng.choice(["Price", "Noise", "Repairs"], size), unhappy),
        "works": np.where(works, "Yes", "No"),
        "contract": _skipped(contract, works),
        "hours": _skipped(hours, works),
        "commute": _skipped(np.round(rng.gamma(2, 15, size), 1), works),
    }


def _derived(size: int, rng: np.random.Generator) -> Columns:
    """Return one column a function of another; a band of a number; sums of money and of counts."""
    age = rng.integers(18, 85, size)
    degree = rng.integers(1, len(DEGREES) + 1, size)
    rent = np.rint(rng.gamma(8, 100, size) + 40 * degree).astype(int)
    food, fun = (np.rint(rng.gamma(5, scale, size)).astype(int) for scale in (80, 30))
    gross = np.round(rng.lognormal(7.6, 0.4, size) + 2 * age, 2)
    adults, children = rng.integers(1, 4, size), rng.poisson(0.8, size)
    return {
        "age": age,
        "age_band": np.array(BANDS, dtype=object)[np.searchsorted(EDGES, age, side="right") - 1],
        "degree": np.array(DEGREES)[degree - 1],
        "degree_code": degree,
        "rent": rent,
        "food": food,
        "fun": fun,
        "spending": rent + food + fun,
        "gross": gross,
        "tax": np.round(0.3 * gross, 2),
        "net": np.round(gross - np.round(0.3 * gross, 2), 2),
        "adults": adults,
        "children": children,
        "household": adults + children,
    }


def _ordered(size: int, rng: np.random.Generator) -> Columns:
    """Return prices, years and dates that cannot be the other way round."""
    cheap = np.round(rng.gamma(6, 3, size), 1)
    fair = np.round(cheap + rng.gamma(2, 3, size), 1)
    start = np.datetime64("2024-01-01") + rng.integers(0, 500, size)
    first = rng.integers(1990, 2024, size)
    people = rng.integers(1, 7, size)
    return {
        "segment": rng.choice(["Loyal", "New", "Lapsed"], size),
        "too_cheap": cheap,
        "fair": fair,
        "too_dear": np.round(fair + rng.exponential(4, size), 1),
        "first_year": first,
        "last_year": np.minimum(first + rng.geometric(0.15, size) - 1, 2024),
        "start": start,
        "end": start + rng.geometric(0.03, size) - 1,
        "people": people,
        "earners": np.minimum(people, rng.integers(0, 4, size)),
    }


def _multiselect(size: int, rng: np.random.Generator) -> Columns:
    """Return a brand funnel: aware, used, favourite; 'none of these' excludes; a ranking."""
    liking = rng.normal(0, 1, (size, 1))
    aware = rng.normal(0, 1, (size, len(BRANDS))) + liking > -0.3
    used = aware & (rng.random((size, len(BRANDS))) < 0.45)
    ranks = np.argsort(rng.random((size, 3)), axis=1) + 1
    rated = np.clip(np.rint(rng.normal(3.5, 1, used.shape)), 1, 5)
    columns: Columns = {"segment": rng.choice(["Young", "Family", "Senior"], size)}
    for name, chosen in (("aware", aware), ("used", used)):
        for position, brand in enumerate(BRANDS):
            columns[f"{name}_{brand}"] = np.where(chosen[:, position], "Selected", "Not selected")
        nobody = ~chosen.any(axis=1)
        columns[f"{name}_none"] = np.where(nobody, "Selected", "Not selected")
    for position, brand in enumerate(BRANDS):
        columns[f"score_{brand}"] = _skipped(rated[:, position], used[:, position])
    return columns | {f"rank_{reason}": ranks[:, i] for i, reason in enumerate(REASONS)}


def _constant_sum(size: int, rng: np.random.Generator) -> Columns:
    """Return hundred points over four brands, in fives, and what is left of a budget."""
    cuts = np.sort(rng.integers(0, 21, (size, 3)), axis=1) * 5
    points = np.diff(np.column_stack([np.zeros(size), cuts, np.full(size, 100)]), axis=1)
    return {
        "segment": rng.choice(["Young", "Family", "Senior"], size),
        **{f"points_{brand}": points[:, i].astype(int) for i, brand in enumerate(BRANDS[:4])},
        "intent": np.clip(np.rint(points[:, 0] / 10 + rng.normal(0, 1, size)), 0, 10).astype(int),
    }


def _products(size: int, rng: np.random.Generator) -> Columns:
    """Return a health check with a body-mass index, and a stay with what it costs."""
    height = np.round(rng.normal(171, 9, size), 1)
    weight = np.round(22 * (height / 100) ** 2 * np.exp(rng.normal(0.12, 0.18, size)), 1)
    is_measured = rng.random(size) < 0.9
    nights, rate = rng.integers(1, 9, size), np.round(rng.gamma(4, 25, size) + 20, 2)
    return {
        "sex": np.where(height + rng.normal(0, 9, size) > 171, "male", "female"),
        "weight": _skipped(weight, is_measured),
        "height": _skipped(height, is_measured),
        "index": _skipped(np.round(weight / (height / 100) ** 2, 2), is_measured),
        "nights": nights,
        "rate": rate,
        "bill": np.round(nights * rate, 2),
    }


DEGREES = ("None", "School", "College", "Bachelor", "Master", "Doctor")
EDGES, BANDS = (18, 25, 35, 50, 65), ("18-24", "25-34", "35-49", "50-64", "65+")
BRANDS = ("asta", "brio", "corvo", "dado", "elan", "fjord")
REASONS = ("price", "taste", "place")

QUESTIONNAIRES: Mapping[str, Questionnaire] = {
    "skips": Questionnaire(
        _skips,
        (
            *(rules.skip(name, "car", ("Yes",)) for name in ("brand", "rating")),
            rules.skip("complaint", "rating", ("1 of 5", "2 of 5")),
            *(rules.skip(name, "works", ("Yes",)) for name in ("contract", "hours", "commute")),
        ),
        {"car": {"Yes": 0.9, "No": 0.1}, "works": {"No": 0.6}},
        {"age": {"min": 25, "max": 45}},
    ),
    "derived": Questionnaire(
        _derived,
        (
            rules.lookup("degree_code", "degree", {x: i + 1.0 for i, x in enumerate(DEGREES)}),
            rules.lookup("degree", "degree_code", {i + 1.0: x for i, x in enumerate(DEGREES)}),
            rules.band("age_band", "age", EDGES, BANDS),
            rules.total(("rent", "food", "fun"), "spending"),
            rules.total(("adults", "children"), "household"),
            rules.total(("net", "tax"), "gross", decimals=2),
        ),
        {"degree": {"Master": 0.5, "Doctor": 0.2}},
        {"age": {"min": 30, "max": 60}},
    ),
    "ordered": Questionnaire(
        _ordered,
        (
            rules.ordering("too_cheap", "fair"),
            rules.ordering("fair", "too_dear"),
            rules.ordering("too_cheap", "too_dear"),
            rules.ordering("first_year", "last_year"),
            rules.ordering("start", "end"),
            rules.ordering("earners", "people"),
        ),
        {"segment": {"Loyal": 0.7, "New": 0.2, "Lapsed": 0.1}},
        {"fair": {"min": 20, "max": 40}, "start": {"min": "2024-06-01", "max": "2024-12-31"}},
    ),
    "multiselect": Questionnaire(
        _multiselect,
        (
            rules.exclusive_option("aware_none", tuple(f"aware_{brand}" for brand in BRANDS)),
            rules.exclusive_option("used_none", tuple(f"used_{brand}" for brand in BRANDS)),
            *(
                rules.implies(f"used_{brand}", ("Selected",), f"aware_{brand}", ("Selected",))
                for brand in BRANDS
            ),
            *(rules.skip(f"score_{brand}", f"used_{brand}", ("Selected",)) for brand in BRANDS),
            rules.all_different(tuple(f"rank_{reason}" for reason in REASONS)),
        ),
        {"segment": {"Young": 0.6, "Family": 0.4, "Senior": 0.0}, "used_asta": {"Selected": 0.8}},
        {},
    ),
    "constant_sum": Questionnaire(
        _constant_sum,
        (rules.total(tuple(f"points_{brand}" for brand in BRANDS[:4]), 100.0),),
        {"segment": {"Senior": 0.8, "Young": 0.1, "Family": 0.1}},
        {"intent": {"min": 5, "max": 10}},
    ),
    "products": Questionnaire(
        _products,
        (
            rules.formula(
                "index = weight / height^2",
                ("weight", "height", "index"),
                lambda rows: rows["weight"] / (rows["height"] / 100) ** 2,
                decimals=2,
            ),
            rules.formula(
                "bill = nights * rate",
                ("nights", "rate", "bill"),
                lambda rows: rows["nights"] * rows["rate"],
                decimals=2,
            ),
        ),
        {"sex": {"male": 0.7, "female": 0.3}},
        {"index": {"min": 30, "max": 40}},
    ),
}
