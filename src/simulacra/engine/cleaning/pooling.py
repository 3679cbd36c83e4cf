"""Levels that too few rows have."""

import dataclasses

import numpy as np

from simulacra.engine import disclosure
from simulacra.engine.columns.boolean import BOOLEAN
from simulacra.engine.columns.drafts import Draft, Note

MAX_LEVELS = 200
POOL = "Other"


def pool(draft: Draft) -> Draft:
    """Pool the rare levels of a category into one, if that is common enough; else blank them.

    Levels that no row has go first.
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
    made = _relevelled(draft, rare, is_pooled=is_pooled)
    return made.with_notes(_note(int(rare.sum()), pooled, is_pooled=is_pooled))


def _without_unused(draft: Draft) -> Draft:
    unused = draft.level_counts == 0
    if not unused.any():
        return draft
    note = Note("removed", f"{unused.sum()} levels that no row has", int(unused.sum()))
    return _relevelled(draft, unused, is_pooled=False).with_notes(note)


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
    return dataclasses.replace(draft, values=table[codes], levels=tuple(kept), label_values=())
