"""Types that the caller asks for in place of what a column looks like."""

import dataclasses

import numpy as np
import pyarrow as pa

from simulacra.engine import errors
from simulacra.engine.cleaning import choices, dates, numerals, strays
from simulacra.engine.cleaning.drafts import Draft, Note, looked_up, number
from simulacra.engine.columns.schema import ColumnType, bound

TRUE = frozenset({"true", "yes", "y", "1", "ja", "j", "oui", "si", "sí", "sim", "selected", "x"})
FALSE = frozenset({"false", "no", "n", "0", "nein", "non", "não", "not selected", "unchecked"})
DAY_US = 86_400 * 1e6
NUMERIC = (ColumnType.INTEGER, ColumnType.NUMBER)
MAX_LEVELS = 1000
"""A column of more different values is not made categorical: few rows would share one."""


def retype(name: str, draft: Draft, wanted: ColumnType) -> Draft:
    """Return a column as the type that is wanted.

    Raises:
        errors.UploadError: too few of its values can be read so.
    """
    if wanted is draft.type:
        return draft
    if wanted in NUMERIC:
        made = _as_number(name, draft, wanted)
    elif wanted is ColumnType.BOOLEAN:
        made = _as_boolean(name, draft)
    elif wanted.is_temporal:
        made = _as_moment(name, draft, wanted)
    else:
        made = dataclasses.replace(_as_levels(name, draft), type=wanted)
    return made.noting(Note("typed", f"read as {wanted}, as asked for", int(made.known.sum())))


def ordered(name: str, draft: Draft, levels: tuple[str, ...]) -> Draft:
    """Return a categorical column with its levels in the given order.

    Raises:
        errors.UploadError: it has levels that the order does not name.
    """
    place = {level: index for index, level in enumerate(levels)}
    codes, counts = np.unique(draft.values[draft.known].astype(np.int64), return_counts=True)
    unnamed = [(draft.levels[c], n) for c, n in zip(codes, counts, strict=True)
               if draft.levels[c] not in place]  # fmt: skip
    if unnamed:
        common = [repr(level) for level, count in unnamed if count >= strays.MIN_LEVEL_ROWS]
        listed = f": {', '.join(common[:5])}" if common else ""  # a rarer one may be a cell's own
        raise errors.UploadError(
            f"The order given for column {name!r} leaves out {len(unnamed)} of its levels{listed}. "
            "Name them all."
        )
    table = np.array([float(place.get(level, np.nan)) for level in draft.levels])
    return dataclasses.replace(
        draft,
        type=ColumnType.ORDINAL,
        values=looked_up(table, draft.values),
        levels=levels,
        codes=(),
    )


def _as_levels(name: str, draft: Draft) -> Draft:
    if draft.type.is_categorical:
        return draft
    points = np.unique(draft.values[draft.known])
    if len(points) > MAX_LEVELS:
        raise errors.UploadError(
            f"Column {name!r} has {len(points):,} different values; up to {MAX_LEVELS:,} can be "
            "made levels."
        )
    values = np.where(draft.known, np.searchsorted(points, draft.values), np.nan)
    levels = tuple(_written(draft, point) for point in points)
    return dataclasses.replace(draft, values=values, levels=levels, decimals=0)


def _written(draft: Draft, point: float) -> str:
    if draft.type.is_temporal:
        return str(bound(draft.type, point))
    return f"{point:.{draft.decimals}f}"


def _as_number(name: str, draft: Draft, wanted: ColumnType) -> Draft:
    values, notes = draft.values, draft.notes
    if draft.type.is_temporal:
        raise _cannot(name, wanted, "it holds dates")
    if draft.type.is_categorical:
        values, notes = _points(name, draft, wanted)
    made = dataclasses.replace(number(values), notes=notes)
    if wanted is ColumnType.NUMBER:
        return dataclasses.replace(made, type=wanted)
    if made.type is not wanted:
        rounded = int(np.sum(made.known & (made.values != np.round(made.values))))
        made = number(np.round(made.values)).noting(*notes)
        made = made.noting(Note("typed", f"{rounded} values rounded to whole numbers", rounded))
    return made


def _points(name: str, draft: Draft, wanted: ColumnType) -> tuple[np.ndarray, tuple[Note, ...]]:
    if draft.codes:
        return looked_up(np.array(draft.codes), draft.values), draft.notes
    if draft.type is ColumnType.BOOLEAN:
        return draft.values, draft.notes
    counts = np.bincount(draft.values[draft.known].astype(np.int64), minlength=len(draft.levels))
    found = numerals.parse(pa.array(draft.levels, pa.string()), counts, force=True)
    return _mostly(name, draft, found, counts, wanted)


def _mostly(
    name: str,
    draft: Draft,
    found: numerals.Found | dates.Found | None,
    counts: np.ndarray,
    wanted: ColumnType,
) -> tuple[np.ndarray, tuple[Note, ...]]:
    read = 0 if found is None else int(counts[~np.isnan(found.values)].sum())
    if found is None or read < counts.sum() / 2:
        raise _cannot(name, wanted, f"{read:,} of its {counts.sum():,} values can be read so")
    return looked_up(found.values, draft.values), (*draft.notes, *found.notes)


def _as_boolean(name: str, draft: Draft) -> Draft:
    made = _as_levels(name, draft)
    present = np.unique(made.values[made.known]).astype(int)
    meanings = {code: _meaning(made.levels[code]) for code in present}
    if len(present) == 2 and None in meanings.values() and True in meanings.values():
        meanings = {code: bool(meaning) for code, meaning in meanings.items()}
    if not present.size or len(present) > 2 or None in meanings.values():
        raise _cannot(name, ColumnType.BOOLEAN, "its values are not a yes and a no")
    table = np.full(len(made.levels), np.nan)
    for code, meaning in meanings.items():
        table[code] = float(bool(meaning))
    return Draft(
        ColumnType.BOOLEAN,
        looked_up(table, made.values),
        ("false", "true"),
        notes=draft.notes,
    )


def _meaning(level: str) -> bool | None:
    word = level.casefold()
    if word in TRUE:
        return True
    return False if word in FALSE or level == choices.UNCHOSEN else None


def _as_moment(name: str, draft: Draft, wanted: ColumnType) -> Draft:
    if draft.type.is_temporal:
        return _rescaled(draft, wanted)
    levels = _as_levels(name, draft)
    counts = np.bincount(levels.values[levels.known].astype(np.int64), minlength=len(levels.levels))
    found = dates.parse(pa.array(levels.levels, pa.string()), counts, force=True)
    values, notes = _mostly(name, levels, found, counts, wanted)
    kind = found.type if found is not None else wanted
    return _rescaled(Draft(kind, values, notes=notes), wanted)


def _rescaled(draft: Draft, wanted: ColumnType) -> Draft:
    """Return dates as times or times as dates."""
    if draft.type is wanted:
        return draft
    is_date = draft.type is ColumnType.DATE
    values = draft.values * DAY_US if is_date else np.floor(draft.values / DAY_US)
    return dataclasses.replace(draft, type=wanted, values=values)


def _cannot(name: str, wanted: ColumnType, why: str) -> errors.UploadError:
    return errors.UploadError(f"Column {name!r} cannot be read as {wanted}: {why}.")
