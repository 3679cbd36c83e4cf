"""Questions: columns that a questionnaire asks together, for people who read a schema.

A multiple-response set is one question, and so is a battery: columns beside each other with the
same answers, whose labels begin alike, as survey tools write the rows of a grid.
"""

from __future__ import annotations

import collections
import dataclasses
import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simulacra.engine.columns.schema import Column, MultipleResponseSet, Schema

SET, BATTERY, SINGLE = "set", "battery", "single"
JOINTS = (" - ", ": ", " | ", " / ", "? ", " \N{EN DASH} ", " \N{EM DASH} ")
"""Between a question and one of its items, the likeliest first."""
BRACKETED = re.compile(r"(?P<question>.*\S)\s*\[(?P<item>[^\[\]]+)\]")
AROUND = " -:/|[]\N{EN DASH}\N{EM DASH}"
"""Characters that are left at the ends of an item."""


@dataclasses.dataclass(frozen=True)
class Item:
    """A column of a question.

    Attributes:
        column: the column.
        text: what its label says beyond the question's.
        chosen: of an option, the share of those asked who chose it; None where nothing says so.
    """

    column: Column
    text: str
    chosen: float | None = None


@dataclasses.dataclass(frozen=True)
class Question:
    """A question of a study.

    Attributes:
        name: of the multiple-response set or of the first column.
        label: its text for people.
        kind: ``set``, ``battery`` or ``single``.
        items: its columns in the order of the schema; one if it is single.
    """

    name: str
    label: str
    kind: str
    items: tuple[Item, ...]

    @property
    def columns(self) -> list[Column]:
        """The columns."""
        return [item.column for item in self.items]


def of_schema(schema: Schema) -> list[Question]:
    """Return the questions of a schema, each once, in the order of their first columns."""
    sets = {one.name: one for one in schema.sets}
    rest = [it for it in schema.columns if it.multiple_response not in sets]
    found = [_of_set(schema, one) for one in schema.sets if not one.is_battery]
    found += [question for run in _runs(rest) for question in _of_run(run)]
    places = {name: at for at, name in enumerate(schema.names)}
    return sorted(found, key=lambda question: places[question.items[0].column.name])


def _of_set(schema: Schema, one: MultipleResponseSet) -> Question:
    columns = [schema[name] for name in one.columns]
    label = one.label or one.name
    items = _items(columns, label)
    ending = _ending([column.label for column in columns])
    if ending:  # such as the brand of all items
        items = tuple(Item(it, it.label.removesuffix(ending).strip(AROUND)) for it in columns)
        label = f"{label}: {ending.strip(AROUND)}"
    with_shares = (dataclasses.replace(item, chosen=_chosen(item.column, one)) for item in items)
    return Question(one.name, label, SET, tuple(with_shares))


def _chosen(column: Column, one: MultipleResponseSet) -> float | None:
    """Return the share of those asked who chose an option."""
    if one.kind != "dichotomy" or not column.shares:
        return None
    level = column.levels[-1] if one.counted is None else one.counted
    return column.shares[column.levels.index(level)] if level in column.levels else None


def _ending(labels: Sequence[str]) -> str:
    """Return how all labels end, with the mark before it, if they differ otherwise."""
    for joint in JOINTS:
        endings = {label.rpartition(joint)[2] for label in labels if joint in label}
        is_shared = len(endings) == 1 and all(joint in label for label in labels)
        if is_shared and len({*labels}) == len(labels) > 1:
            return joint + endings.pop()
    return ""


def _runs(columns: Sequence[Column]) -> Iterator[list[Column]]:
    """Yield columns beside each other with the same answers."""

    def answers(column: Column) -> tuple[str, tuple[str, ...]]:
        return column.type, column.levels

    for _, run in itertools.groupby(columns, answers):
        yield [*run]


def _of_run(run: Sequence[Column]) -> Iterator[Question]:
    """Yield the questions of columns with the same answers: batteries where labels begin alike."""
    counts = collections.Counter(stem for column in run for stem in _stems(column.label))
    for stem, same in itertools.groupby(run, lambda column: _stem(column, counts)):
        columns = [*same]
        if stem and len(columns) > 1:
            yield Question(columns[0].name, stem, BATTERY, _items(columns, stem))
            continue
        for column in columns:
            yield Question(column.name, column.label, SINGLE, (Item(column, column.label),))


def _stem(column: Column, counts: Mapping[str, int]) -> str:
    """Return the question in a label, the longest that another column has too; else nothing."""
    return max((stem for stem in _stems(column.label) if counts[stem] > 1), key=len, default="")


def _stems(label: str) -> set[str]:
    """Return what may be the question in the label of an item."""
    found = set()
    if match := BRACKETED.fullmatch(label):
        found.add(match["question"])
    for joint in JOINTS:
        head, mark, _ = label.rpartition(joint)
        if head.strip():
            found.add((head + mark.strip()) if mark == "? " else head.strip())
        head, mark, _ = label.partition(joint)
        if mark and head.strip():
            found.add((head + mark.strip()) if mark == "? " else head.strip())
    return found


def _items(columns: Sequence[Column], label: str) -> tuple[Item, ...]:
    """Return the columns of a question, each with what its label says beyond the question's."""
    texts = [_beyond(column.label, label) for column in columns]
    if len({*texts}) < len(texts):  # the question alone does not tell them apart
        texts = [column.label for column in columns]
    return tuple(map(Item, columns, texts))


def _beyond(label: str, question: str) -> str:
    """Return a label without the text of the question at its beginning or its end."""
    if label.startswith(question):
        rest = label.removeprefix(question)
    elif label.endswith(question):
        rest = label.removesuffix(question)
    else:
        return label
    return rest.strip(AROUND) or label
