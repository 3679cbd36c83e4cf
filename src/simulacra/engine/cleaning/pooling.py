"""Pooling of levels that too few respondents share."""

import dataclasses

import numpy as np

from simulacra.engine import disclosure
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.drafts import Draft, Note

MAX_LEVELS = 200
POOL = "Other"


def pool(draft: Draft) -> Draft:
    """Return a categorical column with its rare levels pooled into one, `POOL`.

    Where all of them together are still too rare, their values become missing. Levels that no row
    has are removed first. A boolean column is returned as it is.
    """
    if draft.type is BOOLEAN:
        return draft
    draft = _without_unused(draft)
    counts = draft.level_counts
    rare = counts < max(disclosure.THRESHOLD, _threshold(counts))
    if not rare.any():
        return draft
    pooled = int(counts[rare].sum())
    has_pool = any(draft.levels[level] == POOL for level in np.flatnonzero(~rare))
    is_pooled = pooled >= disclosure.THRESHOLD or has_pool
    relevelled = _without_levels(draft, rare, is_pooled=is_pooled)
    return relevelled.with_notes(_note(int(rare.sum()), pooled, is_pooled=is_pooled))


def _without_unused(draft: Draft) -> Draft:
    unused = draft.level_counts == 0
    if not unused.any():
        return draft
    note = Note("removed", f"{unused.sum()} levels that no row has", int(unused.sum()))
    return _without_levels(draft, unused, is_pooled=False).with_notes(note)


def _threshold(counts: np.ndarray) -> int:
    """Return the count below which a level is not among the `MAX_LEVELS` most common ones."""
    if len(counts) <= MAX_LEVELS:
        return 0
    return int(np.sort(counts)[-MAX_LEVELS]) + 1


def _note(levels: int, rows: int, *, is_pooled: bool) -> Note:
    if is_pooled:
        return Note("pooled", f"{levels} rare levels ({rows} rows) pooled into {POOL!r}", levels)
    reason = f"{levels} rare levels ({rows} rows, too few to pool) taken as missing"
    return Note("blanked", reason, levels)


def _without_levels(draft: Draft, rare: np.ndarray, *, is_pooled: bool) -> Draft:
    """Return a draft without its rare levels, whose values become `POOL` or missing.

    Args:
        draft: a categorical column.
        rare: bool, shape (levels,): the levels to remove.
        is_pooled: their values become `POOL`; otherwise missing.
    """
    remaining = [level for level, is_rare in zip(draft.levels, rare, strict=True) if not is_rare]
    if is_pooled and POOL not in remaining:
        remaining.append(POOL)
    position = {level: float(index) for index, level in enumerate(remaining)}
    replacement = position[POOL] if is_pooled else np.nan
    table = np.array([position.get(level, replacement) for level in draft.levels] + [np.nan])
    if is_pooled:
        table[:-1][rare] = replacement
    codes = np.where(draft.known, draft.values, len(draft.levels)).astype(np.int64)
    return dataclasses.replace(draft, values=table[codes], levels=tuple(remaining), label_values=())
