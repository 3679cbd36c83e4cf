"""What a column type is told about the column that it works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats
    from simulacra.engine.columns.increments import Pattern

Bound = float | int | str
"""A numeric bound, or an ISO 8601 date, moment or time of day."""


class ColumnFacts(Protocol):
    """The published facts about a column; `schema.Column` has them."""

    @property
    def name(self) -> str:
        """Its name in the schema."""

    @property
    def levels(self) -> tuple[str, ...]:
        """Of a categorical column, in their order."""

    @property
    def min(self) -> Bound | None:
        """No value is emitted below it."""

    @property
    def decimals(self) -> int | None:
        """Digits behind the point, of numbers."""

    @property
    def bounds(self) -> tuple[float, float]:
        """The published bounds as numbers."""

    @property
    def step(self) -> float:
        """The distance of two neighbours on its grid."""

    @property
    def increment(self) -> Pattern | None:
        """The values that its scale uses; None if all of its grid."""

    def round(self, values: Floats) -> Floats:
        """Return the nearest values that it uses."""

    def to_grid(self, values: Floats) -> Floats:
        """Return the nearest values on its grid, in use or not."""
