"""How large a study may be, and the numbers that random draws can be seeded with."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class StudyBounds:
    """How large a study may be.

    Attributes:
        max_columns: columns of the file; wider files are refused as soon as their header is read.
        max_rows: rows of the file.
        min_rows: rows with data; fewer do not show a distribution.
        min_columns: columns that are left after cleaning.
        max_cell_bytes: bytes of the table in memory; guards against files that unpack to a
            multiple of their size.
    """

    max_columns: int = 2_000
    max_rows: int = 5_000_000
    min_rows: int = 30
    min_columns: int = 2
    max_cell_bytes: int = 4 * 1024**3


DEFAULT = StudyBounds()

MAX_HEADER_ROWS = 5
"""The most rows of a table that hold the names of its columns."""

MAX_SEED = 2**63 - 1
"""The largest number that random streams can be seeded with; the smallest is 0."""
DRAWN_SEEDS = 2**31
"""Where the caller gives no number, one below this is drawn: short enough to be typed again."""
