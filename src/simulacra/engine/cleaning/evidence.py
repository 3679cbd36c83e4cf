"""What the columns of a file tell together about how each of them is written."""

import dataclasses
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine import disclosure
from simulacra.engine.cleaning import texts
from simulacra.engine.cleaning.overrides import Override
from simulacra.engine.columns.arrays import Int64s
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.columns.texts import numerals
from simulacra.engine.columns.texts.conventions import Conventions

SAMPLE_ROWS = 5_000
"""Rows that are looked at; a column of which more have to be seen tells enough of itself."""
MIN_MAJORITY = 2 / 3
"""The least share of the columns that show a decimal mark which show the same one."""
ABBREVIATION = re.compile(r"[A-Z]{2,5}")
"""NA among such levels may be North America, Namibia or a code of its own."""
MIN_ABBREVIATIONS = 3
NOT_AVAILABLE = "NA"


@dataclasses.dataclass(frozen=True)
class _Sample:
    """Different texts of the first rows of a column, and how many of these have each."""

    texts: pa.StringArray
    counts: Int64s


def apply(
    table: pa.Table, matched: Sequence[Override], *, is_typed: bool
) -> tuple[list[Override], list[CleaningAction], str | None]:
    """Return the overrides of all columns with what other columns tell of them.

    The decimal mark of a file decides only what a column leaves open: 1.234 is a thousand and more
    in a file with decimal commas, and one and a bit in a file with decimal points. ``NA`` is a
    level among abbreviations, unless it stands for no answer elsewhere in the file.

    Args:
        table: the study.
        matched: what the caller states about each column.
        is_typed: whether the table has a form of its own for cells without a value.

    Returns:
        The overrides, what is to be reported, and the decimal mark of the file, if it shows one.
    """
    samples = {
        position: _sample(column)
        for position, column in enumerate(table.columns)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    }
    mark, actions = _decimal_mark(samples, matched)
    completed = [
        _with(each, dataclasses.replace(each.conventions, decimal=mark)) for each in matched
    ]
    has_nulls = is_typed and any(column.null_count for column in table.columns)
    for position in _abbreviated(samples, has_nulls=has_nulls):
        conventions = completed[position].conventions
        if conventions.missing is None:
            others = tuple(text for text in texts.MISSING if text != NOT_AVAILABLE)
            stated = dataclasses.replace(conventions, missing=others)
            completed[position] = _with(completed[position], stated)
            reason = f"{NOT_AVAILABLE!r} is a level, since the others are abbreviations as well"
            count = samples[position].counts[_are(samples[position], NOT_AVAILABLE)]
            name = table.column_names[position]
            actions.append(CleaningAction(name, "read", reason, int(count.sum())))
    return completed, actions, mark


def _with(override: Override, conventions: Conventions) -> Override:
    return dataclasses.replace(override, conventions=conventions)


def _sample(column: pa.ChunkedArray) -> _Sample:
    trimmed = pc.utf8_trim_whitespace(column.slice(0, SAMPLE_ROWS).cast(pa.string())).drop_null()
    counted = trimmed.combine_chunks().value_counts()
    return _Sample(counted.field("values"), np.asarray(counted.field("counts")))


def _decimal_mark(
    samples: Mapping[int, _Sample], matched: Sequence[Override]
) -> tuple[str | None, list[CleaningAction]]:
    """Return the mark that most columns show, and a report if another column depends on it."""
    if matched and matched[0].conventions.decimal is not None:
        return matched[0].conventions.decimal, []
    marks = [numerals.decimal_mark(each.texts, each.counts) for each in samples.values()]
    shown = {mark: marks.count(mark) for mark in (".", ",")}
    mark = max(shown, key=lambda each: shown[each])
    if shown[mark] < max(1, MIN_MAJORITY * sum(shown.values())):
        return None, []
    left_open = sum(
        found is None and numerals.is_ambiguous(each.texts)
        for found, each in zip(marks, samples.values(), strict=True)
    )
    if not left_open:
        return mark, []
    name, other = ("comma", "point") if mark == "," else ("point", "comma")
    reason = (
        f"{shown[mark]} column(s) have a decimal {name}, so in {left_open} column(s) of numbers "
        f"such as 1{'.' if mark == ',' else ','}234 the {other} parts thousands"
    )
    return mark, [CleaningAction(None, "read", reason, left_open)]


def _abbreviated(samples: Mapping[int, _Sample], *, has_nulls: bool) -> list[int]:
    """Return the columns in which NA is a level."""
    holding = [position for position, each in samples.items() if _are(each, NOT_AVAILABLE).any()]
    found = [position for position in holding if _is_of_abbreviations(samples[position])]
    return found if has_nulls or len(found) == len(holding) else []


def _is_of_abbreviations(sample: _Sample) -> bool:
    levels = [
        text for text, count in zip(sample.texts.to_pylist(), sample.counts, strict=True)
        if text and text not in texts.MISSING and count >= disclosure.THRESHOLD
    ]  # fmt: skip
    common = int(sample.counts[_are(sample, NOT_AVAILABLE)].sum()) >= disclosure.THRESHOLD
    return (
        common
        and len(levels) >= MIN_ABBREVIATIONS
        and all(ABBREVIATION.fullmatch(level) for level in levels)
    )


def _are(sample: _Sample, text: str) -> np.ndarray:
    return np.asarray(pc.equal(sample.texts, text), dtype=bool)
