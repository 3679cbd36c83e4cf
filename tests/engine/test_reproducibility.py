"""The same study, scenario and seed give the same rows, whatever the machine does."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import simulacra
from simulacra.engine import processors
from tests.engine import generations

SCENARIO: dict[str, Any] = {
    "categorical": {"segment": {"Premium": 0.55, "Value": 0.10}, "channel": {"Online": 0.7}},
    "numeric": {"age": {"min": 18, "max": 34}},
}


def test_a_seed_gives_the_same_rows(meal_kit_model: simulacra.Model, meal_kit_file: Path) -> None:
    first = meal_kit_model.generate(300, seed=7, **SCENARIO)
    meal_kit_model.generate(50, seed=8, categorical={"region": {"North": 0.9}})
    assert generations.digest(
        meal_kit_model.generate(300, seed=7, **SCENARIO)
    ) == generations.digest(first)
    assert generations.digest(
        simulacra.fit(meal_kit_file).generate(300, seed=7, **SCENARIO)
    ) == generations.digest(first)


def test_another_seed_gives_other_rows(meal_kit_model: simulacra.Model) -> None:
    assert generations.digest(meal_kit_model.generate(300, seed=1)) != generations.digest(
        meal_kit_model.generate(300, seed=2)
    )


def test_a_seed_that_is_drawn_is_reported(meal_kit_model: simulacra.Model) -> None:
    first = meal_kit_model.generate(100)
    assert generations.digest(
        meal_kit_model.generate(100, seed=first.report.seed)
    ) == generations.digest(first)
    assert meal_kit_model.generate(100).report.seed != first.report.seed


@pytest.mark.parametrize("scenario", [{}, SCENARIO], ids=["free", "scenario"])
def test_a_saved_model_gives_the_same_rows(
    meal_kit_model: simulacra.Model, tmp_path: Path, scenario: Mapping[str, Any]
) -> None:
    meal_kit_model.save(tmp_path / "model")
    loaded = simulacra.load(tmp_path / "model")
    assert loaded.schema == meal_kit_model.schema
    assert generations.digest(loaded.generate(200, seed=3, **scenario)) == generations.digest(
        meal_kit_model.generate(200, seed=3, **scenario)
    )


def test_the_number_of_threads_changes_nothing(meal_kit_file: Path) -> None:
    program = (
        "import hashlib, sys, simulacra\n"
        f"out = simulacra.fit({str(meal_kit_file)!r}).generate(500, seed=7, **{SCENARIO!r})\n"
        "print(hashlib.sha256(repr(out.table.to_pydict()).encode()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ
            | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        for threads, salt in (("1", "1"), ("2", "99"))
    }
    assert len(digests) == 1


def test_the_number_of_conditional_models_fitted_at_once_changes_nothing(
    meal_kit_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for cores in (1, 4):
        monkeypatch.setattr(processors, "count", lambda cores=cores: cores)
        model = simulacra.fit(meal_kit_file)
        free, conditioned = model.generate(500, seed=7), model.generate(500, seed=7, **SCENARIO)
        digests.add((generations.digest(free), generations.digest(conditioned)))
    assert len(digests) == 1
