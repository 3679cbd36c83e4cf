"""A survey that keeps rules of every kind, and who breaks them."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.options import Options
from simulacra.engine.reading import source
from simulacra.engine.rules.states import RuleStudy

REGIONS = ["Nord", "Süd", "Ost", "West", "Mitte", "Übersee"]
LAND = {"Nord": "A", "Süd": "B", "Ost": "A", "West": "B", "Mitte": "C", "Übersee": "C"}
BANDS = ["18-29", "30-44", "45-64", "65+"]
TEAMS = np.array(["Reds", "Blues", "Greens", "Whites", "Blacks"])
SCHOOLS = ["None", "Primary", "Middle", "High", "College", "Master", "Doctor"]
NUMBERS = (
    *("rating", "age", "retired_since", "school_years", "pages", "seconds", "food", "rent"),
    *("other", "total", "share_tv", "share_web", "share_print", "visits_year", "visits_month"),
    *("weight", "height", "bmi"),
)
DAY = dt.date(2020, 1, 1)


def survey(rows: int, seed: int = 0) -> pa.Table:
    """A study that keeps every kind of rule; `violations` counts who breaks them."""
    rng = np.random.default_rng(seed)
    region = rng.choice(REGIONS, rows, p=[0.3, 0.25, 0.2, 0.15, 0.07, 0.03])
    owns = rng.random(rows) < 0.6
    age = rng.integers(18, 90, rows)
    school = rng.choice(7, rows, p=[0.01, 0.04, 0.15, 0.35, 0.25, 0.15, 0.05])
    options = rng.random((rows, 3)) < 0.4
    pages = rng.poisson(1.2, rows)
    first = rng.integers(0, 900, rows)
    parts = np.round(rng.gamma(2, 40, (rows, 3)), 2)
    split = rng.multinomial(20, [0.5, 0.3, 0.2], rows) * 5
    year = rng.poisson(12, rows)
    height = np.round(rng.normal(171, 9, rows), 1)
    weight = np.round(22 * (height / 100) ** 2 * np.exp(rng.normal(0.12, 0.18, rows)), 1)
    liked = np.random.default_rng((seed, 1)).gumbel([1, 0.6, 0.4, 0.2, 0], size=(rows, 5))
    choices = TEAMS[liked.argsort(axis=1)[:, ::-1]]
    return pa.table(
        {
            "region": region,
            "land": [LAND[value] for value in region],
            "owns": np.where(owns, "Yes", "No"),
            "brand": pa.array(rng.choice(["X", "Y", "Z"], rows), mask=~owns),
            "rating": pa.array(rng.integers(1, 6, rows), mask=~owns),
            "age": age,
            "band": np.array(BANDS)[np.searchsorted([30, 45, 65], age, side="right")],
            "retired_since": pa.array(rng.integers(0, 30, rows), mask=age < 65),
            "school": np.array(SCHOOLS)[school],
            "school_years": np.array([0, 4, 8, 12, 15, 17, 21])[school],
            "option_1": options[:, 0],
            "option_2": options[:, 1],
            "option_3": options[:, 2],
            "none_of_these": ~options.any(axis=1),
            "pages": pages,
            "seconds": np.where(pages > 0, np.round(rng.gamma(2, 30, rows) * pages + 0.1, 1), 0.0),
            "first": pa.array([DAY + dt.timedelta(days=int(d)) for d in first]),
            "last": pa.array(
                [
                    DAY + dt.timedelta(days=int(d))
                    for d in first + rng.integers(0, 200, rows) * (rng.random(rows) < 0.8)
                ]
            ),
            "food": parts[:, 0],
            "rent": parts[:, 1],
            "other": parts[:, 2],
            "total": parts.sum(axis=1).round(2),
            "share_tv": split[:, 0],
            "share_web": split[:, 1],
            "share_print": split[:, 2],
            "visits_year": year,
            "visits_month": rng.binomial(year, 0.3),
            "weight": weight,
            "height": height,
            "bmi": np.round(weight / (height / 100) ** 2, 1),
            "first_choice": choices[:, 0],
            "second_choice": choices[:, 1],
            "third_choice": choices[:, 2],
        }
    )


def violations(table: pa.Table) -> dict[str, int]:
    """Count the rows of a survey that break each of its rules, by name of the rule."""
    values = {name: np.array(table[name].to_pylist(), dtype=object) for name in table.column_names}
    number = {
        name: np.array([np.nan if v is None else float(v) for v in values[name]])
        for name in NUMBERS
    }
    named = np.column_stack([values[f"{place}_choice"] for place in ("first", "second", "third")])
    picked = np.column_stack([values[f"option_{i}"] == True for i in (1, 2, 3)])  # noqa: E712
    years = dict(zip(SCHOOLS, [0, 4, 8, 12, 15, 17, 21], strict=True))
    band = np.array(BANDS, dtype=object)[np.searchsorted([30, 45, 65], number["age"], side="right")]
    has_brand = np.array([value is not None for value in values["brand"]])
    counts: dict[str, npt.NDArray[np.bool_]] = {
        "land": np.array([LAND[value] for value in values["region"]], dtype=object)
        != values["land"],
        "brand": (values["owns"] == "Yes") != has_brand,
        "rating": np.isnan(number["rating"]) == has_brand,
        "band": band != values["band"],
        "retired": (number["age"] < 65) != np.isnan(number["retired_since"]),
        "school": np.array([years[value] for value in values["school"]]) != number["school_years"],
        "none": picked.any(axis=1) == (values["none_of_these"] == True),  # noqa: E712
        "seconds": (number["pages"] == 0) != (number["seconds"] == 0),
        "dates": np.array([a > b for a, b in zip(values["first"], values["last"], strict=True)]),
        "total": np.abs(number["food"] + number["rent"] + number["other"] - number["total"]) > 1e-6,
        "shares": number["share_tv"] + number["share_web"] + number["share_print"] != 100,
        "visits": number["visits_month"] > number["visits_year"],
        "bmi": np.abs(number["weight"] / (number["height"] / 100) ** 2 - number["bmi"]) > 0.0501,
        "choices": np.array(
            [len({*row} - {None}) < sum(it is not None for it in row) for row in named]
        ),
    }
    return {name: int(rows.sum()) for name, rows in counts.items() if rows.any()}


def study(columns: Mapping[str, object] | pa.Table) -> Study:
    """Return a table as the engine sees it, no column dropped."""
    table = columns if isinstance(columns, pa.Table) else pa.table(dict(columns))
    keep = Options.of(keep=table.column_names)
    return clean.clean(source.read(table, limits.DEFAULT), limits.DEFAULT, keep)


def rule_study(columns: Mapping[str, object] | pa.Table) -> RuleStudy:
    """Return a table as rules are learned from it, no column dropped."""
    cleaned = study(columns)
    return RuleStudy.of(cleaned.schema, cleaned.values)


def independent(study: Study | RuleStudy, rows: int, rng: np.random.Generator) -> dict[int, Floats]:
    """Return rows whose columns are drawn from a study without regard to each other.

    Args:
        study: whose values they take, numbers moved into the published bounds.
        rows: how many.
        rng: of the draws.

    Returns:
        float64, shape (rows,), by position of the column.
    """
    drawn = {}
    for position, column in enumerate(study.schema.columns):
        values = study.values[rng.integers(len(study.values), size=rows), position]
        is_number = not column.type.is_categorical
        drawn[position] = np.clip(values, *column.bounds) if is_number else values
    return drawn
