"""Generating: its arguments, and the shape of what it returns; what a model shows of its study."""

import re
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra


def test_conditions_are_checked_against_the_schema(meal_kit_model: simulacra.Model) -> None:
    with pytest.raises(simulacra.ConditionError, match="Did you mean 'segment'"):
        meal_kit_model.generate(10, categorical={"segmnt": {"Premium": 0.5}})


@pytest.mark.parametrize("rows", [0, -5])
def test_no_rows_are_refused(meal_kit_model: simulacra.Model, rows: int) -> None:
    with pytest.raises(ValueError, match="row_count"):
        meal_kit_model.generate(rows)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_out_of_bounds_is_refused(meal_kit_model: simulacra.Model, seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        meal_kit_model.generate(10, seed=seed)


def test_one_row(mixed_model: simulacra.Model) -> None:
    assert mixed_model.generate(1, seed=1).table.num_rows == 1


def test_a_million_rows(meal_kit_model: simulacra.Model) -> None:
    begun = time.monotonic()
    out = meal_kit_model.generate(1_000_000, seed=1)
    assert out.table.num_rows == 1_000_000
    assert time.monotonic() - begun < 40


def test_rows_have_the_types_of_the_study(
    mixed_model: simulacra.Model, mixed_table: pa.Table
) -> None:
    rows = mixed_model.generate(10, seed=1).table
    assert rows.column_names == mixed_table.column_names
    assert [str(kind) for kind in rows.schema.types] == [
        "string", "bool", "string", "int64", "int64", "double", "date32[day]", "timestamp[us]",
    ]  # fmt: skip


def test_the_study_of_a_model_is_typed_like_synthetic_rows(
    mixed_model: simulacra.Model, mixed_table: pa.Table
) -> None:
    study = mixed_model.study
    assert study.schema == mixed_model.generate(10, seed=1).table.schema
    assert study.to_pydict() == mixed_table.to_pydict()


def test_the_study_of_a_model_is_the_cleaned_one() -> None:
    """Columns that cleaning dropped are not in it, and rare levels are pooled."""
    towns = ["Bonn"] * 60 + ["Kiel"] * 30 + ["Ulm"] * 4 + ["Hof"] * 3
    table = pa.table({"town": towns, "same": [1] * 97, "visits": [n % 7 for n in range(97)]})
    study = simulacra.fit(table).study
    assert study.column_names == ["town", "visits"]
    assert study["town"].to_pylist() == [*towns[:90], *["Other"] * 7]
    assert study["visits"].to_pylist() == table["visits"].to_pylist()


def test_a_saved_model_holds_the_study_and_the_rules(
    mixed_model: simulacra.Model, tmp_path: Path
) -> None:
    mixed_model.save(tmp_path / "mixed.model")
    loaded = simulacra.load(tmp_path / "mixed.model")
    assert loaded.study.equals(mixed_model.study)
    assert list(loaded.rules) == list(mixed_model.rules)


@pytest.fixture(scope="module")
def payroll() -> simulacra.Model:
    """A model of a study whose numbers all have five digits, with rules about them."""
    rng = np.random.default_rng(0)
    salary = rng.integers(20_000, 80_000, 400)
    is_senior = salary >= 50_000
    share = rng.integers(10_000, 30_000, 400)
    return simulacra.fit(
        pa.table(
            {
                "salary": salary,
                "grade": np.where(is_senior, "senior", "junior"),
                "bonus": np.where(is_senior, rng.integers(10_000, 90_000, 400), 12_345),
                "target": salary + rng.integers(1, 15_000, 400),
                "fixed": share,
                "variable": 43_210 - share,
            }
        )
    )


def test_the_rules_of_a_model_are_sentences(payroll: simulacra.Model) -> None:
    sentences = list(payroll.rules)
    assert {
        "salary decides grade, by 1 cut points",
        "salary < target",
        "fixed + variable is constant",
    } <= set(sentences)
    assert any("bonus" in sentence for sentence in sentences)
    assert len(payroll.rules) == len(sentences)
    assert str(payroll.rules) == "\n".join(sentences)
    assert repr(payroll.rules) == f"<Rules: {len(sentences)}>"


def test_no_number_of_a_respondent_is_in_the_rules(payroll: simulacra.Model) -> None:
    assert not re.search(r"\d{2,}", str(payroll.rules))


def test_a_model_of_independent_columns_has_no_rules() -> None:
    rng = np.random.default_rng(1)
    model = simulacra.fit(pa.table({f"item_{n}": rng.integers(0, 5, 100) for n in range(4)}))
    assert (list(model.rules), len(model.rules), str(model.rules)) == ([], 0, "")
