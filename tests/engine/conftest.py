"""A small study with a column of every type, and models of it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import simulacra
from examples import study
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.schema import Column, Schema


def mixed_study(rows: int = 600, seed: int = 5) -> pa.Table:
    """A study of all types, with missing values and a skip pattern."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["Basic", "Plus", "Pro"], rows, p=[0.5, 0.3, 0.2])
    owns = rng.random(rows) < np.where(plan == "Pro", 0.8, 0.4)
    satisfaction = np.clip(rng.normal(3 + owns, 1, rows).round(), 1, 5).astype(int)
    agreement = rng.integers(0, 4, rows)
    return pa.table(
        {
            "plan": plan,
            "owns": owns,
            "agreement": pa.DictionaryArray.from_arrays(
                pa.array(agreement.astype(np.int8)),
                pa.array(["never", "rarely", "often", "always"]),
                ordered=True,
            ),
            "satisfaction": satisfaction,
            "visits": pa.array(rng.poisson(6, rows), mask=~owns),  # asked of owners only
            "spend": pa.array(rng.gamma(3, 12, rows).round(2), mask=rng.random(rows) < 0.2),
            "joined": pa.array(
                [
                    dt.date(2020, 1, 1) + dt.timedelta(days=int(d))
                    for d in rng.integers(0, 900, rows)
                ]
            ),
            "seen": pa.array(
                [
                    dt.datetime(2024, 3, 1) + dt.timedelta(seconds=int(s))  # noqa: DTZ001
                    for s in rng.integers(0, 500_000, rows)
                ]
            ),
        }
    )


@pytest.fixture(scope="session")
def mixed_table() -> pa.Table:
    return mixed_study()


@pytest.fixture(scope="session")
def mixed_model(mixed_table: pa.Table) -> simulacra.Model:
    """A model of a study with all types."""
    return simulacra.fit(mixed_table)


@pytest.fixture(scope="session")
def meal_kit_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The meal-kit study of the examples."""
    path = tmp_path_factory.mktemp("study") / "kit.csv"
    study.write(path)
    return path


@pytest.fixture(scope="session")
def meal_kit_model(meal_kit_file: Path) -> simulacra.Model:
    return simulacra.fit(meal_kit_file)


@pytest.fixture(scope="session")
def saved(meal_kit_model: simulacra.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the saved model of the meal-kit study; tests only read it."""
    path = tmp_path_factory.mktemp("model") / "kit.model"
    meal_kit_model.save(path)
    return path


@pytest.fixture(scope="session")
def schema() -> Schema:
    """A schema by hand."""

    def column(name: str, kind: ColumnType, **more: object) -> Column:
        return Column(name, name, name, kind, 0.0, **more)  # type: ignore[arg-type]

    return Schema(
        (
            column("segment", NOMINAL, levels=("Value", "Premium", "Other")),
            column("owns", BOOLEAN, levels=("false", "true")),
            column("age", INTEGER, min=18, max=79),
            column("spend", NUMBER, min=1.5, max=90.25, decimals=2),
            column("joined", DATE, min="2020-01-05", max="2022-06-01"),
            column("seen", DATETIME, min="2024-03-01T00:10:00", max="2024-03-06T20:00:00"),
        ),
        (),
        500,
    )


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[[bytes | str], Path]:
    """Write a file and return its path."""

    def write(content: bytes | str, name: str = "study.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
