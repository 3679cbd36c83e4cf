"""Yes or no: whether something is owned, known or chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulacra.engine.columns.drafts import Draft, floats, look_up
from simulacra.engine.columns.lazy import np, pa, pc
from simulacra.engine.columns.level_type import LevelType, as_levels
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions

if TYPE_CHECKING:
    from simulacra.engine.columns.arrays import Floats, Int64s
    from simulacra.engine.columns.facts import ColumnFacts

LEVELS = ("false", "true")
UNCHOSEN = "Not selected"
"""The level of an option that was not chosen, where the file has a text for chosen ones alone."""

TRUE = frozenset({
    "true", "yes", "y", "1", "selected", "checked", "x", "ja", "j", "oui", "si", "sí", "sì",
    "sim", "tak", "áno", "ano", "igen", "da", "так", "да", "taip", "jā", "jah", "kyllä", "já",
    "evet", "ναι",  # noqa: RUF001 - as meant
    "כן", "نعم", "ya", "có", "हाँ", "はい", "是", "예", "네", "wahr", "waar", "vrai",
    "vero", "verdadero", "verdadeiro", "prawda", "sant", "tosi", "истина"
})  # fmt: skip
FALSE = frozenset({
    "false", "no", "n", "0", "unselected", "unchecked", "nein", "nee", "nej", "nei", "non",
    "não", "nie", "nem", "ні", "нет", "не", "nē", "hayır", "όχι",  # noqa: RUF001 - as meant
    "לא", "لا", "tidak", "không", "नहीं", "いいえ", "否", "아니요", "아니오", "falsch", "onwaar",
    "faux", "falso", "fałsz", "falskt", "falsk", "epätosi", "ложь", "not selected"
})  # fmt: skip
"""Yes and no, true and false, as survey tools and spreadsheets write them in many languages."""
PROBE = 50


class Boolean(LevelType):
    """Yes or no, as the levels ``false`` and ``true``."""

    name = "boolean"
    is_ordered = False

    __slots__ = ()

    def analyse(self, array: pa.ChunkedArray) -> Draft | None:
        """Return the draft of an Arrow boolean."""
        return Draft(self, floats(array), LEVELS) if pa.types.is_boolean(array.type) else None

    def recognise(
        self, texts: pa.StringArray, counts: Int64s, conventions: Conventions = UNKNOWN
    ) -> Draft | None:
        """Return the draft of the words true and false, if both are there."""
        lowered = pc.utf8_lower(texts)
        if set(lowered.slice(0, PROBE).to_pylist()) != set(LEVELS) or len(texts) > PROBE:
            return None
        return Draft(self, np.asarray(pc.equal(lowered, "true"), dtype=np.float64), LEVELS)

    def convert(self, name: str, draft: Draft, conventions: Conventions = UNKNOWN) -> Draft:
        """Return two values as yes and no, if they are words or numbers that say so."""
        from_levels = as_levels(name, draft)
        present = np.unique(from_levels.values[from_levels.known]).astype(int)
        meanings = {level: says(from_levels.levels[level]) for level in present}
        if len(present) == 2 and None in meanings.values() and True in meanings.values():
            meanings = {level: bool(meaning) for level, meaning in meanings.items()}
        if not present.size or len(present) > 2 or None in meanings.values():
            raise self._refusal(name, "its values are not a yes and a no")
        table = np.full(len(from_levels.levels), np.nan)
        for level, meaning in meanings.items():
            table[level] = float(bool(meaning))
        return Draft(self, look_up(table, from_levels.values), LEVELS, notes=draft.notes)

    def decode_values(self, column: ColumnFacts, values: Floats) -> pa.Array:
        """Return Arrow booleans."""
        missing = np.isnan(values)
        return pa.array(np.where(missing, 0, np.round(values)).astype(bool), mask=missing)


def says(level: str) -> bool | None:
    """Return whether a word says yes or no, None if it is another word."""
    word = level.casefold()
    if word in TRUE:
        return True
    return False if word in FALSE or level == UNCHOSEN else None


BOOLEAN = Boolean()
