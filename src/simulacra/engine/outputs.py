"""What is to be known of the formats of output files without what writes them."""

from collections.abc import Mapping

SUFFIXES: Mapping[str, str] = {"triple-s": "zip", "csv-excel": "csv"}
"""Of files of a format; of formats that are absent, the name."""
FORMATS: Mapping[str, str] = {"zip": "triple-s"}
"""That a suffix stands for; suffixes that are absent are names of formats."""

MAX_ROWS: Mapping[str, int] = {"xlsx": 1_048_575}
"""Rows that a file of a format can have below its names; of formats that are absent, any number."""


def suffix_of(file_format: str) -> str:
    """Return the suffix of files of a format, without its period."""
    return SUFFIXES.get(file_format, file_format)


def format_of(suffix: str) -> str:
    """Return the format that a suffix stands for; the suffix itself if none is known by it."""
    return FORMATS.get(suffix.lower(), suffix.lower())


def check_rows(file_format: str, rows: int) -> None:
    """Check that a file can have so many rows, before they are made or written.

    Raises:
        ValueError: it cannot.
    """
    most = MAX_ROWS.get(file_format)
    if most is not None and rows > most:
        raise ValueError(
            f"A file of the format {file_format!r} has {most:,} rows at most, and these are "
            f"{rows:,}; use parquet, csv or sav."
        )
