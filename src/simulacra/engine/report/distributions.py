"""Distributions of single questions, in the study and in rows: what a report shows as pictures.

What they are, and how they are written and read back; `tabulating/distributing.py` makes them. It
loads no numerical code.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from simulacra.engine import documents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulacra.engine.columns.facts import Bound

LEVELS, OPTIONS, BINS = "levels", "options", "bins"
"""What the parts of a distribution are: levels of a column, options of a multiple-response set, or
ranges of numbers, dates or times."""
SCALES = (0.1, 0.25, 0.5, 0.75, 1.0)
"""Shares that the bars of a picture may end at."""


@dataclasses.dataclass(frozen=True)
class Part:
    """One level, option or range.

    Attributes:
        name: as people read it.
        study, rows: its share of those that have a value, 0 to 1; None where it is not known or
            would be a figure of fewer respondents than the disclosure threshold.
    """

    name: str
    study: float | None
    rows: float | None

    @property
    def change(self) -> float | None:
        """From the study to the rows, in parts of one; None where a share is not told."""
        return None if self.study is None or self.rows is None else self.rows - self.study


@dataclasses.dataclass(frozen=True)
class Distribution:
    """How a question is answered in the study, and in rows.

    Attributes:
        column: name of a column or a multiple-response set.
        label: its text for people.
        kind: ``levels``, ``options`` (each a share of those asked; they may add up to more than
            one) or ``bins``.
        parts: in the order of the levels, of the options or of the scale.
        study_mean, rows_mean: of numbers, dates and times; the latter two in ISO 8601.
        study_base, rows_base: how many have a value, unweighted.
        is_conditioned: whether the scenario is about it, so that its change was asked for.
        left_out: how many smaller levels or options there are besides.
    """

    column: str
    label: str
    kind: str
    parts: tuple[Part, ...]
    study_mean: Bound | None = None
    rows_mean: Bound | None = None
    study_base: int = 0
    rows_base: int = 0
    is_conditioned: bool = False
    left_out: int = 0

    @property
    def largest_change(self) -> float:
        """Of the shares of its parts, without its sign; 0 where none is known."""
        return max((abs(part.change) for part in self.parts if part.change is not None), default=0)

    @property
    def scale(self) -> float:
        """The share that the bars of its picture end at: round, and not below any of its shares."""
        shares = [it for part in self.parts for it in (part.study, part.rows) if it is not None]
        return next(end for end in SCALES if end >= min(max(shares, default=0.0), 1.0))

    def to_json(self) -> dict[str, Any]:
        """Return the distribution as it is published."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote; members that are not known here are left out.

        Raises:
            LookupError, TypeError: the document is damaged.
        """
        parts = tuple(documents.read(Part, part) for part in document["parts"])
        return documents.read(cls, {**document, "parts": parts})
