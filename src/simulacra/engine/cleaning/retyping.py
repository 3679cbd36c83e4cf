"""Type overrides: a column read as another type than cleaning recognised."""

import dataclasses

import numpy as np

from simulacra.engine import disclosure, errors
from simulacra.engine.columns.column_type import ColumnType
from simulacra.engine.columns.drafts import Draft, Note, look_up
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions


def retype(
    name: str, draft: Draft, column_type: ColumnType, conventions: Conventions = UNKNOWN
) -> Draft:
    """Return a column as the type that a caller asks for.

    Raises:
        errors.StudyError: too few of its values can be read as that type.
    """
    if column_type == draft.type:
        return draft
    converted = column_type.convert(name, draft, conventions)
    rows = int(converted.known.sum())
    return converted.with_notes(Note("typed", f"read as {column_type}, as requested", rows))


def order_levels(name: str, draft: Draft, levels: tuple[str, ...]) -> Draft:
    """Return a categorical column with its levels in the given order.

    Raises:
        errors.StudyError: the order leaves out a level of the column.
    """
    positions = {level: index for index, level in enumerate(levels)}
    codes, counts = np.unique(draft.values[draft.known].astype(np.int64), return_counts=True)
    unnamed = [(draft.levels[c], n) for c, n in zip(codes, counts, strict=True)
               if draft.levels[c] not in positions]  # fmt: skip
    if unnamed:
        common = [repr(level) for level, count in unnamed if count >= disclosure.THRESHOLD]
        listed = (
            f": {', '.join(common[:5])}" if common else ""
        )  # a rarer level may be the value of one cell
        raise errors.StudyError(
            f"The order given for column {name!r} leaves out {len(unnamed)} of its levels{listed}. "
            "Name them all."
        )
    table = np.array([float(positions.get(level, np.nan)) for level in draft.levels])
    return dataclasses.replace(
        draft,
        type=ORDINAL,
        values=look_up(table, draft.values),
        levels=levels,
        label_values=(),
    )
