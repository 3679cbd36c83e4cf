"""One small Arrow column of each column type, for the laws that every type obeys.

A new column type needs an entry in `SAMPLES`. Its cells must be texts of at least four characters,
so that a message can be searched for them, and some are to be missing.
"""

import datetime as dt
import functools
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.date import DATE
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.duration import DURATION
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import Column
from simulacra.engine.columns.time_of_day import TIME
from tests.studies import rule_survey

ROWS = 240
NAME = "the answer"
_RNG = np.random.default_rng(0)
_IS_MISSING = _RNG.random(ROWS) < 0.1


def _plans() -> pa.Array:
    """Three common levels, and two rare ones that cleaning pools."""
    names = np.array(["Basic", "Standard", "Premium", "Seldom", "Hardly"])
    positions = np.concatenate([np.repeat([3, 4], [4, 3]), _RNG.integers(0, 3, ROWS - 7)])
    return pa.array(names[positions], mask=_IS_MISSING).dictionary_encode()


def _frequencies() -> pa.Array:
    positions = pa.array(_RNG.integers(0, 4, ROWS).astype(np.int8), mask=_IS_MISSING)
    levels = pa.array(["never", "rarely", "often", "always"])
    return pa.DictionaryArray.from_arrays(positions, levels, ordered=True)


def _amounts() -> pa.Array:
    """A spike that many respondents share, and amounts that are one respondent's own."""
    amounts = np.round(1_000 + _RNG.gamma(2, 2_000, ROWS), 1)
    return pa.array(np.where(_RNG.random(ROWS) < 0.2, 1_500.5, amounts), mask=_IS_MISSING)


def _days() -> pa.Array:
    days = np.datetime64("2020-01-01", "D") + _RNG.integers(0, 300, ROWS)
    return pa.array(days, mask=_IS_MISSING)


def _moments() -> pa.Array:
    seconds = np.where(_RNG.random(ROWS) < 0.2, 3_600, _RNG.integers(0, 500_000, ROWS))
    moments = np.datetime64("2024-03-01T00:00:00", "us") + seconds.astype("timedelta64[s]")
    return pa.array(moments, mask=_IS_MISSING)


def _times() -> pa.Array:
    seconds = np.where(_RNG.random(ROWS) < 0.2, 32_400, _RNG.integers(28_800, 72_000, ROWS))
    return pa.array(seconds * 1_000_000, mask=_IS_MISSING).cast(pa.time64("us"))


def _lengths() -> pa.Array:
    seconds = np.where(_RNG.random(ROWS) < 0.2, 1_200, _RNG.integers(1_000, 5_000, ROWS))
    return pa.array(seconds, mask=_IS_MISSING).cast(pa.duration("s"))


SAMPLES: Mapping[ColumnType, pa.Array] = {
    NOMINAL: _plans(),
    ORDINAL: _frequencies(),
    BOOLEAN: pa.array(_RNG.random(ROWS) < 0.4, mask=_IS_MISSING),
    INTEGER: pa.array(_RNG.integers(1_000, 1_080, ROWS), mask=_IS_MISSING),
    NUMBER: _amounts(),
    DATE: _days(),
    DATETIME: _moments(),
    TIME: _times(),
    DURATION: _lengths(),
}


def sample_of(column_type: ColumnType) -> pa.Array:
    """Return the sample of a type; a type without one fails the test."""
    if column_type not in SAMPLES:
        pytest.fail(f"add a sample of the column type {column_type!r} to {__name__}.SAMPLES")
    return SAMPLES[column_type]


@functools.cache
def described(column_type: ColumnType) -> tuple[Column, Floats]:
    """Return a sample as cleaning describes it, and its values, float64, shape (rows,)."""
    other = pa.array(np.arange(ROWS) % 7)
    study = rule_survey.study({NAME: sample_of(column_type), "other": other})
    return study.schema.columns[0], study.values[:, 0]


def texts_of(array: pa.Array) -> set[str]:
    """Return the different cells of a column as texts."""
    cells = array.drop_null().to_pylist()
    return {cell.isoformat() if isinstance(cell, dt.date) else str(cell) for cell in cells}
