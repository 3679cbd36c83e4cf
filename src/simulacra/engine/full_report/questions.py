"""Which distributions belong to one question of the questionnaire, and are shown together.

Files say so of multiple-response sets alone. Of others, labels do: "Satisfaction: price" follows
"Satisfaction: service", and "Friendly - Optus" precedes "Friendly - Vodafone"; without labels,
names do: q7_1, q7_2, q7_3.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from simulacra.engine.report.distributions import LEVELS, OPTIONS, Distribution, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEAST_TOGETHER = 3
"""Neighbours that make a question."""
BETWEEN = re.compile(r"\s+[-\u2013|]\s+|:\s+")
"""Between a question and one of its items."""
NUMBERED = re.compile(r"^(.*?[A-Za-z].*?)[._]?r?\d+$")
"""A name that ends in a number."""
NOES = {"no", "false", "not selected", "unchecked", "not mentioned", "unselected"}
"""Levels in lower case that mean that something was not chosen."""
Way = Callable[[Distribution], "tuple[tuple[str, ...], str] | None"]
"""Returns what a distribution has in common with its neighbours, a title first, and its item."""


@dataclasses.dataclass(frozen=True)
class Question:
    """Distributions that are shown together.

    Attributes:
        title: what they have in common; None if it is a single one.
        shown: each with what tells it from the others as its label; items with the same two levels
            are one, a part each.
    """

    title: str | None
    shown: tuple[Distribution, ...]


def together(found: Sequence[Distribution]) -> list[Question]:
    """Return distributions by question, in their order."""
    questions: list[Question] = []
    found = [_trimmed(each) for each in found]
    at = 0
    while at < len(found):
        title, items = _longest(found, at)
        if len(items) < LEAST_TOGETHER:
            questions.append(Question(None, (found[at],)))
            at += 1
            continue
        own = found[at : at + len(items)]
        named = [dataclasses.replace(it, label=item) for it, item in zip(own, items, strict=True)]
        questions.append(Question(title, tuple(_merged(named))))
        at += len(items)
    return questions


def _trimmed(each: Distribution) -> Distribution:
    """Return a multiple-response set with what all its options say once, in its label."""
    if each.kind != OPTIONS or len(each.parts) < LEAST_TOGETHER:
        return each
    for split in (_at_first, _at_last):
        pairs = [split(part.name) for part in each.parts]
        common = {pair[0] for pair in pairs if pair is not None}
        if len(common) != 1 or None in pairs:
            continue
        (text,) = common
        is_there = text.casefold() in each.label.casefold()
        names = [pair[1] for pair in pairs if pair is not None]
        return dataclasses.replace(
            each,
            label=each.label if is_there else f"{each.label}: {text}",
            parts=tuple(
                dataclasses.replace(part, name=name)
                for part, name in zip(each.parts, names, strict=True)
            ),
        )
    return each


def _at_first(text: str) -> tuple[str, str] | None:
    """Return what is before the first separator of a text, and what is behind it."""
    parts = BETWEEN.split(text, maxsplit=1)
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None


def _at_last(text: str) -> tuple[str, str] | None:
    """Return what is behind the last separator of a text, and what is before it."""
    between = [*BETWEEN.finditer(text)]
    if not between or not between[-1].start() or between[-1].end() == len(text):
        return None
    return text[between[-1].end() :], text[: between[-1].start()]


def _longest(found: Sequence[Distribution], at: int) -> tuple[str, list[str]]:
    """Return what the most neighbours from a position on have in common, and their items."""
    runs = [_run(way, found, at) for way in (_by_beginning, _by_end, _by_name)]
    longest = max(runs, key=len)
    return (longest[0][0][0], [item for _, item in longest]) if longest else ("", [])


def _run(way: Way, found: Sequence[Distribution], at: int) -> list[tuple[tuple[str, ...], str]]:
    run: list[tuple[tuple[str, ...], str]] = []
    for each in itertools.islice(found, at, None):
        pair = way(each)
        if pair is None or (run and pair[0] != run[0][0]):
            break
        run.append(pair)
    return run


def _by_beginning(each: Distribution) -> tuple[tuple[str, ...], str] | None:
    found = _at_first(each.label)
    return None if found is None else ((found[0],), found[1])


def _by_end(each: Distribution) -> tuple[tuple[str, ...], str] | None:
    found = _at_last(each.label)
    return None if found is None else ((found[0],), found[1])


def _by_name(each: Distribution) -> tuple[tuple[str, ...], str] | None:
    """Return the name without its number; questions with other answers are others."""
    found = NUMBERED.match(each.column)
    if found is None or each.kind == OPTIONS:
        return None
    answers = [part.name for part in each.parts] if each.kind == LEVELS else []
    return (found[1], each.kind, *answers), each.label


def _merged(items: Sequence[Distribution]) -> Iterator[Distribution]:
    """Yield items; neighbours with the same two levels as one, of the second of them."""
    for names, run in itertools.groupby(items, key=_two_levels):
        own = list(run)
        if names is None or len(own) < LEAST_TOGETHER:
            yield from own
            continue
        chosen = 0 if names[1].lower() in NOES else 1
        yield Distribution(
            column=f"{own[0].column} to {own[-1].column}",
            label=f"Answer: {names[chosen]}",
            kind=OPTIONS,
            parts=tuple(
                Part(it.label, it.parts[chosen].study, it.parts[chosen].rows) for it in own
            ),
            study_base=max(it.study_base for it in own),
            rows_base=max(it.rows_base for it in own),
            is_conditioned=any(it.is_conditioned for it in own),
        )


def _two_levels(each: Distribution) -> tuple[str, str] | None:
    names = tuple(part.name for part in each.parts)
    return (names[0], names[1]) if each.kind == LEVELS and len(names) == 2 else None
