"""The codebook of a table that is written: what a file can say of its columns besides the cells."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from simulacra.engine.codebook import Coding
from simulacra.engine.columns.schema import Column, MultipleResponseSet, Schema
from simulacra.engine.writing import layouts

SOURCE, LABEL = "SourceName", "Label"
"""Texts that a file keeps beside a variable: the name in the study's file where this one takes
another, and a label in full that is longer than a label may be."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """What is known of a column of the table.

    Attributes:
        column: as the schema describes it.
        coding: how the file of the study holds it; None if that has no codes for it.
    """

    column: Column
    coding: Coding | None = None


@dataclasses.dataclass(frozen=True)
class Codebook:
    """What is known of a table.

    Attributes:
        entries: by the names of the table; of a column without one nothing more is known.
        sets: multiple-response sets of columns of the table.
        weight: the column that tools are to count rows by; None if there is none.
        title: a few words on the table.
        card: what it is and how it came about, as headings and texts.
        figures: how well that went, as lines of a fixed width.
        metadata: both and more for programs, by names of `metadata`.
    """

    entries: Mapping[str, Entry] = dataclasses.field(default_factory=dict)
    sets: Sequence[MultipleResponseSet] = ()
    weight: str | None = None
    title: str = ""
    card: Sequence[tuple[str, str]] = ()
    figures: str = ""
    metadata: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def notes(self) -> list[str]:
        """What the table is, as paragraphs."""
        notes = [f"{self.title}."] if self.title else []
        notes += [f"{heading}: {text}" for heading, text in self.card]
        return [*notes, self.figures] if self.figures else notes

    @classmethod
    def of(
        cls,
        schema: Schema,
        codings: Mapping[str, Coding],
        layout: str,
        *,
        weight: str | None = None,
        title: str = "",
        card: Sequence[tuple[str, str]] = (),
        figures: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> "Codebook":
        """Return the codebook of rows in a layout.

        A set has no place in it if its options stand in one cell there.

        Args:
            schema: of the study.
            codings: how its file holds columns, by their names in the schema.
            layout: one of `layouts.LAYOUTS`.
            weight: as of the codebook, like all others.
            title: likewise.
            card: likewise.
            figures: likewise.
            metadata: likewise.
        """
        names = layouts.names(schema, layout)
        entries = {new: Entry(schema[name], codings.get(name)) for name, new in names.items()}
        sets = [
            dataclasses.replace(one, columns=tuple(names[name] for name in one.columns))
            for one in schema.sets
            if all(name in names for name in one.columns)
        ]
        return cls(entries, sets, weight, title, card, figures, metadata or {})


def described(
    new: str, name: str, entry: Entry | None, fits: Callable[[str], bool]
) -> tuple[str, dict[str, str]]:
    """Return the label of a variable, and the texts that its file keeps beside it.

    Args:
        new: its name in the file.
        name: its name in the table.
        entry: what the codebook has of it.
        fits: whether the file takes a label as it is.
    """
    label, beside = "", {}
    if entry is not None:
        label = entry.column.label if entry.column.label != new else ""
        name = entry.column.source_name
    if name != new:
        beside[SOURCE] = name
    if not fits(label):
        beside[LABEL] = label
    return label, beside
