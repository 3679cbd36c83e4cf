"""Bounds of what the engine works on."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class StudyBounds:
    """How large a study may be.

    Attributes:
        max_columns: of the file; wider ones are refused from their header alone.
        max_rows: of the file.
        min_rows: that have data; with fewer there is nothing to learn a distribution from.
        min_columns: that are left after cleaning.
        max_cell_bytes: of the table in memory, a guard against files that unpack enormously.
    """

    max_columns: int = 2_000
    max_rows: int = 5_000_000
    min_rows: int = 30
    min_columns: int = 2
    max_cell_bytes: int = 4 * 1024**3


DEFAULT = StudyBounds()

MAX_SEED = 2**63 - 1
"""The largest number that random streams can be seeded with; the smallest is 0."""
DRAWN_SEEDS = 2**31
"""Where the caller gives no number, one below this is drawn: short enough to be typed again."""
