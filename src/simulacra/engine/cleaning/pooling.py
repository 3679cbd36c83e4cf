"""Levels that too few rows have."""

import dataclasses

import numpy as np

from simulacra.engine.cleaning.drafts import Draft, Note
from simulacra.engine.columns.schema import ColumnType

MIN_LEVEL_ROWS = 5
MAX_LEVELS = 200
POOL = "Other"


def pool(draft: Draft) -> Draft:
    """Pool the rare levels of a category into one, if that is common enough; else blank them.

    Levels that no row has go first.
    """
    if draft.type is ColumnType.BOOLEAN:
        return draft
    draft = _without_unused(draft)
    counts = _counts(draft)
    rare = counts < max(MIN_LEVEL_ROWS, _threshold(counts))
    if not rare.any():
        return draft
    pooled = int(counts[rare].sum())
    has_pool = any(draft.levels[level] == POOL for level in np.flatnonzero(~rare))
    is_pooled = pooled >= MIN_LEVEL_ROWS or has_pool
    made = _relevelled(draft, rare, is_pooled=is_pooled)
    return made.noting(_note(int(rare.sum()), pooled, is_pooled=is_pooled))


def _without_unused(draft: Draft) -> Draft:
    unused = _counts(draft) == 0
    if not unused.any():
        return draft
    note = Note("removed", f"{unused.sum()} levels that no row has", int(unused.sum()))
    return _relevelled(draft, unused, is_pooled=False).noting(note)


def _counts(draft: Draft) -> np.ndarray:
    return np.bincount(draft.values[draft.known].astype(np.int64), minlength=len(draft.levels))


def _threshold(counts: np.ndarray) -> int:
    """Return the count below which a level is beyond the `MAX_LEVELS` most common ones."""
    if len(counts) <= MAX_LEVELS:
        return 0
    return int(np.sort(counts)[-MAX_LEVELS]) + 1


def _note(levels: int, rows: int, *, is_pooled: bool) -> Note:
    if is_pooled:
        return Note("pooled", f"{levels} rare levels ({rows} rows) pooled into {POOL!r}", levels)
    reason = f"{levels} rare levels ({rows} rows, too few to pool) taken as missing"
    return Note("blanked", reason, levels)


def _relevelled(draft: Draft, rare: np.ndarray, *, is_pooled: bool) -> Draft:
    kept = [level for level, is_rare in zip(draft.levels, rare, strict=True) if not is_rare]
    if is_pooled and POOL not in kept:
        kept.append(POOL)
    position = {level: float(index) for index, level in enumerate(kept)}
    elsewhere = position[POOL] if is_pooled else np.nan
    table = np.array([position.get(level, elsewhere) for level in draft.levels] + [np.nan])
    if is_pooled:
        table[:-1][rare] = elsewhere
    codes = np.where(draft.known, draft.values, len(draft.levels)).astype(np.int64)
    return dataclasses.replace(draft, values=table[codes], levels=tuple(kept), codes=())
