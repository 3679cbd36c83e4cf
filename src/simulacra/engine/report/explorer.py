"""What a panel for scenarios is told of a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulacra.engine import extras
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.questions import SET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from simulacra.engine.columns.questions import Item
    from simulacra.engine.columns.schema import Schema
    from simulacra.engine.display.panel import Panel, Question

MOST_PARTS = 40
"""Levels or options that a question has sliders for."""


def panel(
    schema: Schema, preview: Callable[..., Any], row_count: int, columns: Sequence[str]
) -> Panel:
    """Return a panel for scenarios.

    Args:
        schema: of the study.
        preview: returns the preview of a scenario; `Model.preview` does.
        row_count: that is asked for at first.
        columns: names of columns and multiple-response sets whose sliders are there at first.

    Raises:
        KeyError: a name that is not of a column or set with sliders.
        ModuleNotFoundError: ipywidgets is not installed.
    """
    extras.load("ipywidgets", "a panel", "notebook")
    from simulacra.engine.display import panel as drawn  # noqa: PLC0415 - needs ipywidgets

    found = {question.name: question for question in _questions(schema)}
    for name in columns:
        if name not in found:
            raise KeyError(f"there are no sliders for {name!r}; there are for: {', '.join(found)}")
    return drawn.Panel([*found.values()], preview, row_count, columns)


def _questions(schema: Schema) -> Iterator[Question]:
    from simulacra.engine.display.panel import Part, Question  # noqa: PLC0415 - as above

    for asked in schema.questions:
        if asked.kind == SET and asked.items[0].chosen is not None:
            names = [_name(item, asked.label) for item in asked.items]
            parts = (
                Part(name if names.count(name) == 1 else it.column.name, it.text, it.chosen)
                for it, name in zip(asked.items, names, strict=True)
            )
            yield Question(asked.name, asked.label, "multiple_response", (*parts,)[:MOST_PARTS])
            continue
        for item in asked.items:
            column = item.column
            label = schema.described(column)
            if column.levels:
                levels = zip(column.levels, column.shares, strict=False)
                parts = (Part(level, level, share) for level, share in levels)
                yield Question(column.name, label, "categorical", (*parts,)[:MOST_PARTS])
            elif column.type in (INTEGER, NUMBER) and column.min is not None:
                is_whole = column.type is INTEGER
                low, high = column.bounds
                ends = (int(low), int(high)) if is_whole else (low, high)
                yield Question(column.name, label, "numeric", ends=ends, is_whole=is_whole)


def _name(item: Item, question: str) -> str:
    """Return what scenarios call an option: its label, without the question before it."""
    return item.text if item.column.label.startswith(question) else item.column.label
