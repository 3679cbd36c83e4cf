"""What the schema publishes of a column."""

import datetime as dt

import numpy as np

from simulacra.engine.cleaning.drafts import Draft, Values
from simulacra.engine.schema import Bound, Column, ColumnType

EXTREME_ROWS = 5
"""So many rows lie at or beyond a published bound: it is nobody's own value."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHARE_DIGITS = 6


def describe(name: str, source_name: str, draft: Draft) -> Column:
    """Return the published description of a column."""
    known = draft.values[draft.known]
    missing_share = round(1 - len(known) / len(draft.values), SHARE_DIGITS)
    if draft.type.is_categorical:
        counts = np.bincount(known.astype(np.int64), minlength=len(draft.levels))
        shares = tuple(round(float(count / len(known)), SHARE_DIGITS) for count in counts)
        return Column(
            *(name, source_name, source_name, draft.type, missing_share),
            levels=draft.levels,
            shares=shares,
        )
    low, high = inner_bounds(known)
    spread = np.clip(np.quantile(known, QUANTILES, method="nearest"), low, high)
    return Column(
        *(name, source_name, source_name, draft.type, missing_share),
        min=bound(draft.type, low),
        max=bound(draft.type, high),
        quantiles=tuple(bound(draft.type, value) for value in spread.tolist()),
        decimals=draft.decimals if draft.type is ColumnType.NUMBER else None,
    )


def inner_bounds(known: Values) -> tuple[float, float]:
    """Return the smallest and the largest value that `EXTREME_ROWS` rows reach."""
    rank = min(EXTREME_ROWS, len(known)) - 1
    ordered = np.partition(known, [rank, len(known) - 1 - rank])
    return float(ordered[rank]), float(ordered[len(known) - 1 - rank])


def bound(kind: ColumnType, value: float) -> Bound:
    """Return a value as the schema writes it; the inverse of `scenario.point`."""
    if kind is ColumnType.DATE:
        return (dt.date(1970, 1, 1) + dt.timedelta(days=int(value))).isoformat()
    if kind is ColumnType.DATETIME:
        moment = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=int(value))  # noqa: DTZ001
        return moment.isoformat(timespec="seconds")
    return int(value) if kind is ColumnType.INTEGER else float(value)
