import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine import disclosure
from simulacra.engine.cleaning import pooling
from simulacra.engine.columns import drafts
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.nominal import NOMINAL


def counted(counts: list[int], levels: list[str] | None = None) -> drafts.Draft:
    values = np.repeat(np.arange(len(counts), dtype=float), counts)
    names = levels or [f"level {i}" for i in range(len(counts))]
    return drafts.Draft(NOMINAL, values, tuple(names))


def test_rare_levels_are_pooled() -> None:
    pooled = pooling.pool(counted([50, 4, 30, 3]))
    assert pooled.levels == ("level 0", "level 2", "Other")
    assert np.bincount(pooled.values.astype(int)).tolist() == [50, 30, 7]
    assert [(note.action, note.count) for note in pooled.notes] == [("pooled", 2)]


def test_rare_levels_join_an_other_that_is_there() -> None:
    pooled = pooling.pool(counted([50, 4, 30], ["a", "b", "Other"]))
    assert pooled.levels == ("a", "Other")
    assert np.bincount(pooled.values.astype(int)).tolist() == [50, 34]


def test_a_pool_that_would_be_rare_itself_is_taken_as_missing() -> None:
    pooled = pooling.pool(counted([50, 30, 2, 1]))
    assert pooled.levels == ("level 0", "level 1")
    assert np.isnan(pooled.values[-3:]).all()
    assert [(note.action, note.count) for note in pooled.notes] == [("blanked", 2)]


def test_more_levels_than_can_be_modelled_leave_the_most_common() -> None:
    pooled = pooling.pool(counted([10 + i for i in range(300)]))
    assert len(pooled.levels) <= pooling.MAX_LEVELS + 1
    assert pooled.levels[-1] == "Other"
    assert "level 299" in pooled.levels


def test_a_boolean_keeps_both_levels() -> None:
    draft = drafts.Draft(BOOLEAN, np.array([1.0] * 60 + [0.0] * 3), ("false", "true"))
    assert pooling.pool(draft) == draft


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20).filter(any))
def test_every_level_left_has_enough_rows_and_no_row_moves_between_them(counts: list[int]) -> None:
    before = counted(counts)
    pooled = pooling.pool(before)
    counts_after = np.bincount(
        pooled.values[pooled.known].astype(int), minlength=len(pooled.levels)
    )
    assert (counts_after >= disclosure.THRESHOLD).all()
    for level, name in enumerate(before.levels):
        if name in pooled.levels:
            rows = pooled.values[before.values == level]
            assert (rows == pooled.levels.index(name)).all()
