"""A study that is read with its own overrides is read in the same way."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.cleaning.clean import Study
from simulacra.engine.options import Options
from simulacra.engine.reading import source
from tests.studies import spss_files

ROWS = 80


def read(path: Path, overrides: dict[str, Any]) -> Study:
    options = Options.of(**overrides)
    return clean.clean(source.read(path, limits.DEFAULT, options.file), limits.DEFAULT, options)


def check(path: Path) -> dict[str, Any]:
    """Read a study, and read it again with what was found, as JSON would bring it back."""
    once = read(path, {})
    again = read(path, json.loads(json.dumps(dict(once.schema.overrides))))
    assert again.schema.columns == once.schema.columns
    assert again.schema.sets == once.schema.sets
    assert again.schema.overrides == once.schema.overrides
    np.testing.assert_array_equal(again.values, once.values)
    return dict(once.schema.overrides)


def column(kind: str, rng: np.random.Generator) -> list[str]:
    """Return cells as a file has them, of one of many kinds."""
    whole = rng.integers(1, 90, ROWS)
    cents = [f"{number / 100:.2f}" for number in rng.integers(100, 99_999, ROWS)]
    kinds: dict[str, list[str]] = {
        "integer": [str(number) for number in whole],
        "gaps": [str(number) if number % 3 else "NA" for number in whole],
        "special": [str(number) if number % 4 else "Prefer not to say" for number in whole],
        "amount": [f"${number}" for number in cents],
        "comma": [number.replace(".", ",") for number in cents],
        "grouped": [f"{number:,}".replace(",", ".") for number in whole * 977],
        "percent": [f"{number} %" for number in whole],
        "level": rng.choice(["red", "Red ", "blue", "-", ""], ROWS).tolist(),
        "region": rng.choice(["NA", "EMEA", "APAC", "LATAM"], ROWS).tolist(),
        "chosen": rng.choice(["Radio", ""], ROWS).tolist(),
        "date": [f"{1 + number % 28:02}/{1 + number % 12:02}/2023" for number in whole],
        "compact": [f"2023{1 + number % 12:02}{1 + number % 28:02}" for number in whole],
        "text": [f"an answer of {number} words or so" for number in rng.permutation(ROWS)],
        "row": [str(number) for number in range(ROWS)],
    }
    return kinds[kind]


KINDS = ["integer", "gaps", "special", "amount", "comma", "grouped", "percent", "level", "region"]
KINDS += ["chosen", "date", "compact", "text", "row"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=6),
    delimiter=st.sampled_from([";", "\t", "|"]),
    seed=st.integers(0, 2**32),
)
def test_what_was_found_says_how_to_read_the_file(
    tmp_path: Path, kinds: list[str], delimiter: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    columns = {f"{kind} {number}": column(kind, rng) for number, kind in enumerate(kinds)}
    columns |= {"age": column("integer", rng), "colour": rng.choice(["a", "b"], ROWS).tolist()}
    lines = [delimiter.join(columns), *map(delimiter.join, zip(*columns.values(), strict=True))]
    path = tmp_path / "study.csv"
    path.write_text("\n".join(lines), "utf-8")
    assert check(path)["delimiter"] == delimiter


def test_a_labelled_file_states_its_types_itself(tmp_path: Path) -> None:
    path = tmp_path / "study.sav"
    spss_files.survey(path)
    assert "types" not in check(path)


@pytest.mark.parametrize("value", [{}, {"types": {"mood": ["low", "high"]}}])
def test_what_a_caller_states_is_repeated(tmp_path: Path, value: dict[str, Any]) -> None:
    path = tmp_path / "study.csv"
    rng = np.random.default_rng(1)
    cells = zip(rng.choice(["low", "high"], ROWS), rng.integers(18, 80, ROWS), strict=True)
    path.write_text("mood,age\n" + "\n".join(f"{mood},{age}" for mood, age in cells), "utf-8")
    found = read(path, value).schema.overrides
    assert found["types"]["mood"] == value.get("types", {"mood": "nominal"})["mood"]
