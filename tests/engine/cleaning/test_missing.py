"""Values that stand for no answer because a caller says so."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import Coding, RawStudy, Variable
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
    coded = Variable(is_labelled=True, coding=Coding((1.0, 2.0, 9.0)))
    for named in ("refused", 9):
        assert missing(levels, {"missing": {"x": [named]}}, coded) == REFUSED


def test_what_one_column_says_no_other_follows() -> None:
    assert missing(pa.array(HOURS), {"missing": {"age": [99]}}) == 0


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        ([*range(41)] * 3 + [99] * 8, [99]),
        ([*range(41)] * 3 + [98] * 6 + [99] * 8, [98, 99]),
        ([1, 2, 3, 4, 5] * 20 + [9] * 6, [9]),
        ([*range(10)] * 9 + [-1] * 7, [-1]),
        ([*range(41)] * 3 + [99] * 4, []),  # fewer than five share it
        ([*range(18, 95)] * 2 + [99] * 6, []),  # as far as ages are apart from each other
        ([*range(-3, 4)] * 20, []),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9] * 20, []),
        ([0, 10, 25, 60, 400, 950, 999] * 9, []),
    ],
)
def test_a_number_that_looks_like_a_code_is_noticed_and_kept(
    values: list[int], codes: list[int]
) -> None:
    table = pa.table({"hours": values, "age": RNG.integers(18, 80, len(values))})
    schema = clean.clean(RawStudy(table), limits.DEFAULT).schema
    noticed = [action for action in schema.cleaning if action.action == "noticed"]
    assert len(noticed) == bool(codes)
    assert schema["hours"].missing_share == 0
    if codes:
        assert f'missing = {{"hours": {codes}}}' in noticed[0].reason
