"""Levels that too few rows have."""

import dataclasses

import numpy as np

from simulacra.engine.cleaning.drafts import Draft
from simulacra.engine.schema import CleaningAction, ColumnType

MIN_LEVEL_ROWS = 5
MAX_LEVELS = 200
POOL = "Other"


def pool(name: str, draft: Draft) -> tuple[Draft, list[CleaningAction]]:
    """Pool the rare levels of a category into one, if that is common enough; else blank them."""
    counts = np.bincount(draft.values[draft.known].astype(np.int64), minlength=len(draft.levels))
    rare = counts < max(MIN_LEVEL_ROWS, _threshold(counts))
    if draft.type is ColumnType.BOOLEAN or not rare.any():
        return draft, []
    pooled = int(counts[rare].sum())
    has_pool = any(draft.levels[level] == POOL for level in np.flatnonzero(~rare))
    is_pooled = pooled >= MIN_LEVEL_ROWS or (pooled > 0 and has_pool)
    action = _action(name, int(rare.sum()), pooled, is_pooled=is_pooled)
    return _relevelled(draft, rare, is_pooled=is_pooled), [action]


def _threshold(counts: np.ndarray) -> int:
    """Return the count below which a level is beyond the `MAX_LEVELS` most common ones."""
    if len(counts) <= MAX_LEVELS:
        return 0
    return int(np.sort(counts)[-MAX_LEVELS]) + 1


def _action(name: str, levels: int, rows: int, *, is_pooled: bool) -> CleaningAction:
    if is_pooled:
        reason = f"{levels} rare levels ({rows} rows) pooled into {POOL!r}"
        return CleaningAction(name, "pooled", reason, levels)
    if rows == 0:
        return CleaningAction(name, "removed", f"{levels} levels that no row has", levels)
    reason = f"{levels} rare levels ({rows} rows, too few to pool) taken as missing"
    return CleaningAction(name, "blanked", reason, levels)


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
    return dataclasses.replace(draft, values=table[codes], levels=tuple(kept))
