"""A study with dates that is read with its own overrides is read in the same way."""

import datetime as dt
import json

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from simulacra.engine import limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy
from simulacra.engine.options import Options

FORMS = ("%d/%m/%Y", "%m/%d/%Y", "%y-%m-%d", "%d.%m.%y", "%Y-%m-%d", "%d %b %Y", "%Y-%m", "%H:%M",
         "%d/%m/%Y %H:%M", "%Y/%m/%d %I:%M:%S %p GMT+1", "%H:%M:%S", "%Y%m%d")  # fmt: skip
ROWS = 40


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(FORMS), min_size=1, max_size=3, unique=True),
    st.integers(1, 12),
    st.integers(0, 2**32 - 1),
)
def test_dates_of_mixed_notations_are_read_alike_with_what_was_found(
    forms: list[str], last_month: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    moments = [
        dt.datetime(2000 + year, month, day, hour, 30, 10)  # noqa: DTZ001 - texts have no zone
        for year, month, day, hour in zip(
            rng.integers(0, 24, ROWS), rng.integers(1, last_month + 1, ROWS),
            rng.integers(1, 29, ROWS), rng.integers(0, 24, ROWS), strict=True,
        )
    ]  # fmt: skip
    texts = [it.strftime(forms[index]) for it, index in zip(
        moments, rng.integers(0, len(forms), ROWS), strict=True)]  # fmt: skip
    table = pa.table({"when": texts, "x": rng.random(ROWS), "y": rng.random(ROWS)})
    first = clean.clean(RawStudy(table), limits.DEFAULT)
    options = Options.of(**json.loads(json.dumps(dict(first.schema.overrides))))
    second = clean.clean(RawStudy(table), limits.DEFAULT, options)
    assert first.schema.columns == second.schema.columns
    np.testing.assert_array_equal(first.values, second.values)
    assert first.schema.overrides == second.schema.overrides
