"""What the columns of a file tell together of how each of them is written."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy
from simulacra.engine.options import Options

RNG = np.random.default_rng(11)
ROWS = 120
AMOUNTS = [f"{number:,}".replace(",", ".") for number in RNG.integers(100, 60_000, ROWS)]
PRICES = [f"{cents // 100},{cents % 100:02}" for cents in RNG.integers(101, 9_900, ROWS)]
REGIONS = RNG.choice(["EMEA", "APAC", "LATAM", "NA"], ROWS).tolist()
AGES = [str(age) for age in RNG.integers(18, 80, ROWS)]


def study(
    *, is_typed: bool = False, options: Options | None = None, **columns: list[Any]
) -> clean.Study:
    arrays = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return clean.clean(RawStudy(pa.table(arrays), is_typed=is_typed), limits.DEFAULT, options)


def test_decimal_commas_elsewhere_make_a_point_part_thousands() -> None:
    found = study(revenue=AMOUNTS, price=PRICES).schema
    assert found["revenue"].bounds[1] > 10_000
    assert found.overrides["decimal"] == ","
    assert any("1.234" in action.reason for action in found.cleaning if action.column is None)


def test_a_mark_that_decides_nothing_is_not_reported() -> None:
    found = study(age=AGES, price=PRICES).schema
    assert found.overrides["decimal"] == ","
    assert not [action for action in found.cleaning if action.column is None]


def test_a_stated_mark_wins_over_that_of_other_columns() -> None:
    thirds = [f"{number / 1000:.3f}" for number in RNG.integers(1_001, 9_999, ROWS)]
    found = study(options=Options.of(decimal="."), ratio=thirds, price=PRICES).schema
    assert found["ratio"].bounds[1] < 11
    assert found["price"].bounds[1] < 110  # a comma before two digits parts no thousands


def test_columns_that_contradict_each_other_tell_nothing_of_the_file() -> None:
    points = [price.replace(",", ".") for price in PRICES]
    found = study(price=PRICES, cost=points, age=AGES)
    assert "decimal" not in found.schema.overrides


def test_times_with_a_point_tell_nothing_of_decimals() -> None:
    times = [f"{hour:02}.{minute:02}" for hour, minute in RNG.integers((6, 0), (22, 60), (ROWS, 2))]
    thousands = [amount for amount in AMOUNTS if "." in amount]
    found = study(revenue=(thousands * 2)[:ROWS], price=PRICES, start=times).schema
    assert found["revenue"].bounds[1] > 10_000


def test_na_is_a_level_among_abbreviations() -> None:
    found = study(region=REGIONS, age=AGES).schema
    assert "NA" in found["region"].levels
    assert any("abbreviations" in action.reason for action in found.cleaning)


def test_na_is_no_level_where_it_stands_for_no_answer_elsewhere() -> None:
    ages = [*AGES[:-20], *["NA"] * 20]
    found = study(region=REGIONS, age=ages).schema
    assert "NA" not in found["region"].levels
    assert found["region"].missing_share > 0.1


def test_na_is_a_level_in_a_table_with_nulls_of_its_own() -> None:
    ages = [*AGES[:-20], *["NA"] * 20]
    towns = [*["Rome"] * 60, *["Oslo"] * 40, *[None] * 20]
    found = study(is_typed=True, region=REGIONS, age=ages, town=towns).schema
    assert "NA" in found["region"].levels
    assert found["age"].type == "integer"


@pytest.mark.parametrize("levels", [["North", "South", "NA"], ["Mr", "Mrs", "NA"]])
def test_na_is_missing_among_other_levels(levels: list[str]) -> None:
    found = study(region=RNG.choice(levels, ROWS).tolist(), age=AGES).schema
    assert "NA" not in found["region"].levels


@pytest.mark.parametrize("options", [{"missing": {"mood": []}}, {"types": {"mood": ["NA", "ok"]}}])
def test_na_is_a_level_where_a_caller_says_so(options: dict[str, object]) -> None:
    moods = RNG.choice(["NA", "ok"], ROWS).tolist()
    found = study(options=Options.of(**options), mood=moods, age=AGES).schema  # type: ignore[arg-type]
    assert "NA" in found["mood"].levels
