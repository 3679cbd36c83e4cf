"""Conventions: how the texts of a column are written."""

from __future__ import annotations

import dataclasses

DATE_ORDERS = ("dmy", "mdy", "ymd")
DECIMAL_MARKS = (".", ",")


@dataclasses.dataclass(frozen=True)
class Conventions:
    """What is known of how the texts of a column are written; None where its texts decide.

    Attributes:
        decimal: the mark before the decimals of numbers; one of `DECIMAL_MARKS`.
        date_order: the order of day, month and year; one of `DATE_ORDERS`.
        missing: all texts that stand for no answer.
        also_missing: texts that stand for no answer besides those that are found.
    """

    decimal: str | None = None
    date_order: str | None = None
    missing: tuple[str, ...] | None = None
    also_missing: tuple[str, ...] = ()


UNKNOWN = Conventions()
