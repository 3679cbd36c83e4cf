from collections.abc import Sequence

import numpy as np
import pytest

from simulacra.engine.cleaning import dropping, pooling
from simulacra.engine.columns import drafts
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL
from simulacra.engine.columns.ordinal import ORDINAL

ROWS = 100


def categorical(
    codes: Sequence[float], levels: list[str], kind: ColumnType = NOMINAL
) -> drafts.Draft:
    return drafts.Draft(kind, np.array(codes, dtype=float), tuple(levels))


def integer(values: object) -> drafts.Draft:
    return drafts.Draft(INTEGER, np.array(values, dtype=float))


WRITE_INS = [f"because of number {number}" for number in range(60)]


def unique_texts(form: str) -> drafts.Draft:
    return categorical(list(range(ROWS)), [form.format(i) for i in range(ROWS)])


@pytest.mark.parametrize(
    ("name", "draft", "expected"),
    [
        ("x", integer([7] * ROWS), "constant"),
        ("x", integer([7] * (ROWS - 3) + [1, 2, 3]), "near-zero variance: 3 of 100"),
        ("x", integer([np.nan] * (ROWS - 4) + [1, 2, 3, 4]), "almost all missing: 4 of 100"),
        ("x", integer(np.arange(ROWS) + 5000), "identifier"),
        ("respondent_id", integer(np.arange(ROWS) * 7), "identifier"),
        ("lfdn", integer(np.delete(np.arange(130) + 17, np.arange(30) * 4)), "would repeat"),
        ("x", categorical([0] * 60 + [np.nan] * 40, ["Other"]), "no answer is shared by 5 rows"),
        ("mobile", integer(4915100000000 + np.arange(ROWS) * 977), "phone"),
        ("x", unique_texts("person{}@example.org"), "e-mail"),
        ("x", unique_texts("+49 151 555-{:04d}"), "phone"),
        ("x", unique_texts("I think that {} is best"), "free text"),
        ("x", categorical([0, 1] * 50, ["no", "yes, " * 200]), "free text: the longest has 1,000"),
        (
            *("x", categorical([0, 1] * 50, ["no", "yes, " * 200], ORDINAL)),
            "free text: the longest has 1,000",
        ),
        ("RespondentID", integer(np.arange(ROWS) * 7), "identifier"),
        ("Nr", integer(np.arange(1, 31)), "the number of the row"),
        ("x", integer(3_300_000_000 + np.arange(ROWS) * 7), "identifier"),
    ],
)
def test_a_useless_column_goes_with_a_reason(name: str, draft: drafts.Draft, expected: str) -> None:
    reason = dropping.reason(name, draft)
    assert reason is not None
    assert expected in reason


@pytest.mark.parametrize(
    ("name", "draft"),
    [
        ("income", integer(np.arange(ROWS) * 7)),
        ("why", categorical([0] * 20 + [1] * 20 + [*range(2, 62)], [*"ab", *WRITE_INS])),
        ("why", categorical([0] * 50 + [1] * 49 + [2], ["few signs", "more signs", "no, " * 200])),
        ("id", integer(np.arange(ROWS) % 50)),
        ("age", integer(np.arange(30) * 11 % 31 + 20)),
        ("x", integer([7] * 95 + [1, 2, 3, 4, 5])),
        ("x", integer([7] * 50 + [np.nan] * 50)),
        ("colour", categorical([0, 1] * 50, ["red", "blue"])),
        ("city", categorical([i % 50 for i in range(ROWS)], [f"c{i}" for i in range(50)])),
    ],
)
def test_a_useful_column_stays(name: str, draft: drafts.Draft) -> None:
    assert dropping.reason(name, draft) is None


def test_a_column_whose_levels_are_all_pooled_is_not_called_constant() -> None:
    villages = categorical(list(np.arange(30) % 9), [f"village {i}" for i in range(9)])
    assert dropping.reason("home", pooling.pool(villages)) == "no answer is shared by 5 rows"
    assert "constant" in str(dropping.reason("home", categorical([0] * 30, ["Other"])))


@pytest.mark.parametrize(
    ("levels", "is_kept"),
    [
        ([f"{i}000-{i}999" for i in range(1, 26)], True),
        ([f"{year}/{year + 1}" for year in range(1980, 2005)], True),
        ([f"{i * 37 % 9000 + 1000}-{i * 7919 % 9000 + 1000}" for i in range(25)], False),
        ([f"555-{i}123" for i in range(1, 26)], False),
    ],
)
def test_ranges_are_no_phone_numbers(levels: list[str], is_kept: bool) -> None:  # noqa: FBT001
    reason = dropping.reason("x", categorical(list(np.arange(200) % 25), levels))
    assert (reason is None) is is_kept
