"""What the schema publishes of a column."""

import math

import numpy as np

from simulacra.engine.cleaning.drafts import Draft, Values
from simulacra.engine.columns.schema import Column, ColumnType, bound

SHARED_ROWS = 5
"""A value is published as it stands only if so many rows share it."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHARE_DIGITS = 6
PARTS = 20
"""Into how many parts of a round length the scale of a number is cut, at least; bounds are their
ends."""


def describe(name: str, source_name: str, label: str, draft: Draft) -> Column:
    """Return the published description of a column."""
    known = draft.values[draft.known]
    missing_share = round(1 - len(known) / len(draft.values), SHARE_DIGITS)
    if draft.type.is_categorical:
        counts = np.bincount(known.astype(np.int64), minlength=len(draft.levels))
        shares = tuple(round(float(count / len(known)), SHARE_DIGITS) for count in counts)
        return Column(
            *(name, source_name, label, draft.type, missing_share),
            levels=draft.levels,
            shares=shares,
        )
    ordered = np.sort(known)
    low, high = (_inner if draft.type.is_temporal else _outer)(draft, ordered)
    spread = [min(max(_quantile(ordered, share), low), high) for share in QUANTILES]
    return Column(
        *(name, source_name, label, draft.type, missing_share),
        min=bound(draft.type, low),
        max=bound(draft.type, high),
        quantiles=tuple(bound(draft.type, round(value, draft.decimals)) for value in spread),
        decimals=draft.decimals if draft.type is ColumnType.NUMBER else None,
    )


def _outer(draft: Draft, ordered: Values) -> tuple[float, float]:
    """Return round numbers around the values of a number, or an end that enough rows share."""
    low, high = float(ordered[0]), float(ordered[-1])
    part = max(_round_below((high - low) / PARTS), _step(draft))
    shared = [np.count_nonzero(ordered == end) >= SHARED_ROWS for end in (low, high)]
    digits = max(draft.decimals, 0)
    return (
        low if shared[0] else float(np.round(np.floor(round(low / part, 6)) * part, digits)),
        high if shared[1] else float(np.round(np.ceil(round(high / part, 6)) * part, digits)),
    )


def _round_below(length: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is not above a length."""
    if length <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(length))
    return max((factor * power for factor in (1, 2, 5) if factor * power <= length), default=power)


def _inner(draft: Draft, ordered: Values) -> tuple[float, float]:
    """Return the ends of a calendar scale without its outermost rows, on the column's grid.

    No day outside the fieldwork is made up: the value at the fifth row from either end, if five
    rows share it; else half-way from it to the next value inside.
    """
    step = _step(draft)
    low = np.ceil(round(_fifth(ordered) / step, 6)) * step
    high = np.floor(round(-_fifth(-ordered[::-1]) / step, 6)) * step
    return (float(low), float(high)) if low <= high else (float(high), float(low))


def _fifth(ordered: Values) -> float:
    end = ordered[min(SHARED_ROWS, len(ordered)) - 1]
    after = np.searchsorted(ordered, end, side="right")
    if after - np.searchsorted(ordered, end) >= SHARED_ROWS or after == len(ordered):
        return float(end)
    return float((end + ordered[after]) / 2)


def _quantile(ordered: Values, share: float) -> float:
    """Return the value at a quantile if enough rows share it, else the mean of those around it."""
    place = round(share * (len(ordered) - 1))
    around = ordered[max(0, place - SHARED_ROWS // 2) :][:SHARED_ROWS]
    is_shared = np.count_nonzero(ordered == ordered[place]) >= SHARED_ROWS
    return float(ordered[place] if is_shared else around.mean())


def _step(draft: Draft) -> float:
    if draft.type is ColumnType.DATETIME:
        return 1e6  # microseconds: times are published to the second
    return float(10.0**-draft.decimals) if draft.type is ColumnType.NUMBER else 1.0
