"""What is printed of a study: its columns, what cleaning did, how good the model is."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulacra.engine.columns.schema import Column, Schema
    from simulacra.engine.quality.quality import Quality

MAX_LINES = 20
"""The most columns, cleaning actions and lines on the quality that are printed."""


def of_study(
    name: str, schema: "Schema", quality: "Quality | None", at_most: int | None = MAX_LINES
) -> Iterator[str]:
    """Yield the lines on a study.

    Args:
        name: of the study.
        schema: of its model.
        quality: of its model, if that is known.
        at_most: lines of each part; None: all.
    """
    yield f"{name}: {schema.row_count:,} rows, {len(schema.columns):,} columns"
    yield from first([column(it) for it in schema.columns], at_most)
    if schema.cleaning:
        yield "Cleaning:"
        yield from first([str(action) for action in schema.cleaning], at_most)
    if quality is not None:
        yield "Quality:"
        yield from first(str(quality).splitlines(), at_most)


def column(it: "Column") -> str:
    """Return the line on a column."""
    return f"{it.name:<32} {it.type:<9} {it.values()}"


def first(lines: list[str], at_most: int | None) -> Iterator[str]:
    """Yield the first lines, and the number of those left out."""
    shown = lines[:at_most]
    yield from (f"  {line}" for line in shown)
    if len(lines) > len(shown):
        yield f"  and {len(lines) - len(shown):,} more"
