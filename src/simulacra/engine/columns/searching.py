"""Looking columns up by what people call them: names, question labels, levels, sets.

It loads no numerical code, so a process that holds no rows can say which column may be meant.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from simulacra.engine.columns.schema import Column, Schema

WORD = re.compile(r"\w+")
MAX_COMPARED = 60
"""Characters of the texts whose likeness is measured: it takes time with the square of length."""
LIKE_A_NAME, LIKE_A_LABEL, LIKE_A_WORD = 0.5, 0.7, 0.75
"""Likeness from which on two texts may mean the same. Labels are longer, so that more of what they
have in common is chance."""
MOST_NEAR = 3
MUCH_LESS = 0.25
"""How much less like a name than the likest text one may be, to be proposed beside it."""
MIN_INSIDE = 3
"""Characters of a text from which on it means something that another one has it inside."""
MAX_SHOWN = 60
"""Characters of a label behind a name."""
EXACT, BEGINS, INSIDE, IN_SET, IN_LEVEL, IN_WORDS = range(6)
"""Where a text was found, the best place first."""


class Near(NamedTuple):
    """A column or set that a name may mean.

    Attributes:
        name: in the schema.
        label: its text for people where that says more than the name; else empty.
    """

    name: str
    label: str

    def __str__(self) -> str:
        """Return it for a message."""
        return f"{self.name!r} ({shortened(self.label)})" if self.label else repr(self.name)


def find(schema: Schema, text: str) -> list[Column]:
    """Return the columns that a text may mean, the best first.

    A name or label that is the text comes first, then one that begins with it, and one that has it
    inside; then options of a multiple-response set that has it, and columns with such a level; then
    those that have all of its words in any of these. Only if there is none of them, columns follow
    with words that are spelled alike, the shortest label first. Upper and lower case do not matter.
    """
    wanted = " ".join(text.split()).casefold()
    if not wanted:
        return []
    sets = {one.name: (one.name, one.label) for one in schema.sets}
    words, ranked = WORD.findall(wanted), []
    for at, column in enumerate(schema.columns):
        own = [it.casefold() for it in (column.name, column.source_name, column.label)]
        of_set = [it.casefold() for it in sets.get(column.multiple_response or "", ())]
        levels = [it.casefold() for it in column.levels]
        rank = _rank(wanted, words, own, of_set, levels)
        if rank is not None:
            ranked.append((rank, at))
    if ranked:
        return [schema.columns[at] for _, at in sorted(ranked)]
    alike = [it for it in schema.columns if _is_alike(words, (it.name, it.label))]
    return sorted(alike, key=lambda column: len(column.label))


def _rank(
    wanted: str, words: Sequence[str], own: Sequence[str], of_set: Sequence[str], levels: list[str]
) -> int | None:
    if wanted in own:
        return EXACT
    if any(text.startswith(wanted) for text in own):
        return BEGINS
    if any(wanted in text for text in own):
        return INSIDE
    if any(wanted in text for text in of_set):
        return IN_SET
    if any(wanted in level for level in levels):
        return IN_LEVEL
    everything = " ".join([*own, *of_set, *levels])
    return IN_WORDS if words and all(word in everything for word in words) else None


def _is_alike(words: Sequence[str], texts: Sequence[str]) -> bool:
    """Tell whether each word is spelled like one of some texts."""
    known = {word for text in texts for word in WORD.findall(text.casefold())}
    short = [word for word in words if len(word) <= MAX_COMPARED]
    return bool(short) and all(
        difflib.get_close_matches(word, known, 1, LIKE_A_WORD) for word in short
    )


def near_columns(schema: Schema, name: str) -> list[Near]:
    """Return the columns that a name may mean, by their names, names in the file and labels."""
    return _near(name, _columns(schema))


def near_sets(schema: Schema, name: str) -> list[Near]:
    """Return the multiple-response sets that a name may mean, by their names and labels."""
    return _near(name, _sets(schema))


def near_any(schema: Schema, name: str) -> list[Near]:
    """Return the columns and multiple-response sets that a name may mean."""
    return _near(name, [*_columns(schema), *_sets(schema)])


def near_texts(texts: Iterable[str], name: str) -> list[Near]:
    """Return the texts, such as levels, that a name may mean."""
    return _near(name, [_Known(text, text, (text,), ()) for text in texts])


def near_described(labels: Mapping[str, str], name: str) -> list[Near]:
    """Return the names that another one may mean, by themselves and by their labels."""
    return _near(name, [_Known(own, text, (own,), (text,)) for own, text in labels.items()])


class _Known(NamedTuple):
    """Something that a name may mean.

    Attributes:
        name: of it.
        label: what is said of it for people.
        names: all that it is called.
        labels: the texts that describe it.
    """

    name: str
    label: str
    names: tuple[str, ...]
    labels: tuple[str, ...]


def _columns(schema: Schema) -> list[_Known]:
    return [
        _Known(it.name, schema.described(it), (it.name, it.source_name), (it.label,))
        for it in schema.columns
    ]


def _sets(schema: Schema) -> list[_Known]:
    return [_Known(it.name, it.label, (it.name,), (it.label,)) for it in schema.sets]


def _near(name: str, known: Sequence[_Known]) -> list[Near]:
    """Return what is likest to a name; only if nothing is like it, what has its words."""
    wanted = " ".join(name.split()).casefold()
    if not wanted or len(wanted) > MAX_COMPARED:
        return []
    found: list[tuple[float, int, Near]] = []
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    for at, one in enumerate(known):
        likeness = max(
            _likeness(matcher, wanted, {*one.names}, LIKE_A_NAME),
            _likeness(matcher, wanted, {*one.labels} - {*one.names}, LIKE_A_LABEL),
        )
        if likeness:
            found.append((-likeness, at, _proposal(one)))
    if not found:
        words = WORD.findall(wanted)
        return [_proposal(one) for one in known if _is_alike(words, one.labels)][:MOST_NEAR]
    best = sorted(found)[:MOST_NEAR]
    return [near for likeness, _, near in best if likeness <= best[0][0] + MUCH_LESS]


def _proposal(one: _Known) -> Near:
    return Near(one.name, "" if one.label.casefold() == one.name.casefold() else one.label)


def _likeness(
    matcher: difflib.SequenceMatcher[str], wanted: str, texts: Iterable[str], least: float
) -> float:
    """Return how like a name the likest of some texts is; 0 if none is like it."""
    return max((_like(matcher, wanted, text.casefold(), least) for text in texts), default=0.0)


def _like(matcher: difflib.SequenceMatcher[str], wanted: str, text: str, least: float) -> float:
    if text == wanted:
        return 1.0
    if text.startswith(wanted) and wanted.isdigit() and WORD.findall(text)[:1] == [wanted]:
        return 0.9  # the code at the beginning of an answer, as in "10 very likely"
    inside = 0.0
    if len(wanted) >= MIN_INSIDE and re.search(rf"\b{re.escape(wanted)}", text):
        inside = 0.8 + 0.1 * len(wanted) / len(text)  # of two labels, the one that says less else
    if len(text) > MAX_COMPARED:
        return inside
    matcher.set_seq1(text)
    if matcher.real_quick_ratio() < least or matcher.quick_ratio() < least:
        return inside
    ratio = matcher.ratio()
    return max(inside, ratio if ratio >= least else 0.0)


def meant(near: Sequence[Near]) -> str:
    """Return the question whether one of these was meant; empty if there is none."""
    return f"Did you mean {' or '.join(map(str, near))}?" if near else ""


def shortened(text: str, most: int = MAX_SHOWN) -> str:
    """Return the beginning of a text, cut between words."""
    if len(text) <= most:
        return text
    cut = text[: most - 3]
    return (cut.rpartition(" ")[0] or cut).rstrip(" ,.;:-") + "..."
