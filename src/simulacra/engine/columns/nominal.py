"""Levels without an order: brands, regions, segments."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Draft, floats
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.level_type import LevelType, as_levels
from simulacra.engine.columns.texts import spellings
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulacra.engine.columns.arrays import Floats, Int64s

MAX_MERGED = 10_000
"""More different texts are no categories, however they are spelled and ordered."""


class Nominal(LevelType):
    """Levels without an order."""

    name = "nominal"
    is_ordered = False

    __slots__ = ()

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of a dictionary without an order, or of a column without any value."""
        if pa.types.is_null(array.type):
            return Draft(self, floats(array.cast(pa.float64())))
        if pa.types.is_dictionary(array.type) and not array.type.ordered:
            return Draft(self, *levels_of_dictionary(array))
        return None

    def recognise(
        self, texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN
    ) -> Draft:
        """Return the texts as levels; any text can be one."""
        listed = texts.to_pylist()
        if len(listed) > MAX_MERGED:
            order = sorted(listed)
            return Draft(self, _positions(listed, order), tuple(order))
        spelling, notes = spellings.merge(listed, counts)
        order = sorted(set(spelling.values()), key=spellings.natural_order)
        values = _positions([spelling[text] for text in listed], order)
        return Draft(self, values, tuple(order), notes=notes)

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return each value as a level."""
        return dataclasses.replace(as_levels(name, draft), type=self)


def levels_of_dictionary(array: pa.ChunkedArray) -> tuple[Floats, tuple[str, ...]]:
    """Return the positions and the levels of a dictionary of texts, in its order."""
    dictionary = single_dictionary(array)
    levels = [level for level in dictionary.dictionary.to_pylist() if level is not None]
    positions = pc.index_in(dictionary.cast(pa.string()), pa.array(levels, pa.string()))
    positions = pc.if_else(dictionary.is_valid(), positions, None)
    return floats(pa.chunked_array([positions])), tuple(levels)


def single_dictionary(array: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return a dictionary column whose chunks share one dictionary as one array."""
    unified = array.unify_dictionaries().combine_chunks()
    return unified.chunk(0) if isinstance(unified, pa.ChunkedArray) else unified


def _positions(texts: Sequence[str], order: Sequence[str]) -> Floats:
    position = {text: float(index) for index, text in enumerate(order)}
    return np.asarray([position[text] for text in texts], dtype=np.float64)


NOMINAL = Nominal()
