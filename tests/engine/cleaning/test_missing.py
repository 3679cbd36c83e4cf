"""Values that stand for no answer because a caller says so."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.options import Options

RNG = np.random.default_rng(12)
ROWS = 200
HOURS = RNG.choice([0, 5, 12, 25, 40, 99], ROWS)
MOODS = RNG.choice(["good", "bad", "refused"], ROWS)
COUNT = int(np.sum(HOURS == 99))
REFUSED = int(np.sum(MOODS == "refused"))


def missing(column: pa.Array, options: dict[str, Any], variable: Variable | None = None) -> int:
    table = pa.table({"x": column, "age": RNG.integers(18, 80, ROWS)})
    raw = RawStudy(table, {"x": variable} if variable else {})
    values = clean.clean(raw, limits.DEFAULT, Options.of(**options)).values
    return int(np.isnan(values[:, 0]).sum())


@pytest.mark.parametrize("stated", [[99], ["99"], [99.0, -1]])
@pytest.mark.parametrize(
    "column",
    [pa.array(HOURS), pa.array(HOURS.astype(float)), pa.array([str(hours) for hours in HOURS]),
     pa.array([f"{hours}.0" for hours in HOURS])],
)  # fmt: skip
def test_a_number_is_named_in_any_form(column: pa.Array, stated: list[object]) -> None:
    assert missing(column, {"missing": {"x": stated}}) == COUNT
    assert missing(column, {"missing": stated}) == COUNT


def test_a_level_is_named_by_its_text_or_by_its_code() -> None:
    assert missing(pa.array(MOODS), {"missing": {"x": ["refused"]}}) == REFUSED
    levels = pa.DictionaryArray.from_arrays(
        pa.array(np.searchsorted(["bad", "good", "refused"], MOODS).astype(np.int32)),
        pa.array(["bad", "good", "refused"]),
    )
    coded = Variable(is_labelled=True, label_values=(1.0, 2.0, 9.0))
    for named in ("refused", 9):
        assert missing(levels, {"missing": {"x": [named]}}, coded) == REFUSED


def test_what_one_column_says_no_other_follows() -> None:
    assert missing(pa.array(HOURS), {"missing": {"age": [99]}}) == 0
