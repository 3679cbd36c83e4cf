"""Levels in an order: agreement, frequency, education."""

from __future__ import annotations

import dataclasses

from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.lazy import pa
from simulacra.engine.columns.level_type import LevelType, as_levels
from simulacra.engine.columns.nominal import levels_of_dictionary
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions


class Ordinal(LevelType):
    """Levels in an order."""

    name = "ordinal"

    __slots__ = ()

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of an ordered dictionary of texts."""
        if pa.types.is_dictionary(array.type) and array.type.ordered:
            return Draft(self, *levels_of_dictionary(array))
        return None

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return each value as a level, in the order of the values."""
        return dataclasses.replace(as_levels(name, draft), type=self)


ORDINAL = Ordinal()
