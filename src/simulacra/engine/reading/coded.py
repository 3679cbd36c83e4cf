"""Columns of codes whose file says what the codes mean, and which of them are no answers."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulacra.engine.codebook import Coding, RawStudy, Variable
from simulacra.engine.columns.schema import CleaningAction, MultipleResponseSet
from simulacra.engine.reading import valuelabels

Interval = Mapping[str, Any]
"""Values that the file declares to be missing, from ``lo`` to ``hi``."""


@dataclasses.dataclass
class CodedColumn:
    """A column with its entry in the codebook.

    Attributes:
        array: numbers, texts, or a dictionary of labels in the order of their codes.
        variable: the entry.
        actions: what was done.
        no_answers: codes off the scale of a column of numbers, which were taken as missing.
    """

    array: pa.Array
    variable: Variable
    actions: list[CleaningAction]
    no_answers: tuple[float, ...] = ()


def numbers(
    name: str,
    variable: Variable,
    values: npt.NDArray[np.float64],
    value_labels: valuelabels.ValueLabels,
) -> CodedColumn:
    """Return a column of codes that are numbers.

    Args:
        name: of the column.
        variable: what is known of it besides its value labels.
        values: float64, shape (rows,): the codes, NaN where missing.
        value_labels: of the column.
    """
    array, codes, actions = valuelabels.apply(name, values, value_labels)
    is_labelled = pa.types.is_dictionary(array.type)
    known = variable.coding or Coding(labels=value_labels.labels)
    coding = dataclasses.replace(known, codes=codes)
    variable = dataclasses.replace(variable, is_labelled=is_labelled, coding=coding)
    no_answers = () if is_labelled else tuple(value_labels.no_answers(values))
    return CodedColumn(array, variable, actions, no_answers)


def texts(
    name: str,
    variable: Variable,
    cells: Sequence[str | None],
    labels: Mapping[str, str],
    missing: Sequence[Interval] = (),
    *,
    is_ordinal: bool = False,
) -> CodedColumn:
    """Return a column of texts, or of codes that are texts.

    Args:
        name: of the column.
        variable: what is known of it besides its value labels.
        cells: the texts; empty ones are missing.
        labels: code to label.
        missing: the codes that stand for no answer, as intervals of one value.
        is_ordinal: the file states that the codes are ordered.
    """
    declared = {interval["lo"].strip() for interval in missing if interval["lo"] == interval["hi"]}
    stripped = [(cell or "").strip() for cell in cells]
    actions = declared_missing(name, sum(text in declared for text in stripped if text))
    known = [text if text and text not in declared else None for text in stripped]
    coding = variable.coding or Coding(labels=labels, is_text=True)
    variable = dataclasses.replace(variable, coding=coding)
    if not labels:
        return CodedColumn(pa.array(known, pa.string()), variable, actions)
    array, codes, labelled = valuelabels.apply_to_texts(name, known, labels, is_ordinal=is_ordinal)
    variable = dataclasses.replace(
        variable, is_labelled=True, coding=dataclasses.replace(coding, codes=codes)
    )
    return CodedColumn(array, variable, actions + labelled)


def stated_missing(labels: Mapping[Any, str], stated: Sequence[str]) -> list[Interval]:
    """Return as intervals the values that a caller names by themselves or by their labels."""
    by_label = {label.strip(): code for code, label in labels.items()}
    known = [by_label.get(text, text) for text in stated]
    if not any(isinstance(code, str) for code in labels):
        known = [number for value in known if (number := as_number(str(value))) is not None]
    return [{"lo": value, "hi": value} for value in known]


def without_missing(
    name: str, values: npt.NDArray[np.float64], missing: Sequence[Interval]
) -> tuple[npt.NDArray[np.float64], list[CleaningAction]]:
    """Return numbers of which those within the intervals are NaN, and what was done."""
    is_missing = np.zeros(len(values), dtype=bool)
    for interval in missing:
        is_missing |= (values >= interval["lo"]) & (values <= interval["hi"])
    return np.where(is_missing, np.nan, values), declared_missing(name, int(is_missing.sum()))


def declared_missing(name: str, count: int, what: str = "") -> list[CleaningAction]:
    """Return the entry of the report on declared missing values; none if there are none."""
    if not count:
        return []
    reason = f"{count} user-missing values{what}, as declared"
    return [CleaningAction(name, "blanked", reason, count)]


def as_number(text: str | None) -> float | None:
    """Return a text as a number, None if it is none."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def study(
    columns: Mapping[str, CodedColumn],
    sets: tuple[MultipleResponseSet, ...],
    actions: Sequence[CleaningAction],
    stated: Mapping[str, Sequence[str]],
    declared: Mapping[str, Any],
) -> RawStudy:
    """Return the study of columns that were read.

    Args:
        columns: by their names.
        sets: the multiple-response sets.
        actions: what was done to the file as a whole.
        stated: what the caller states, column to all values that stand for no answer.
        declared: columns of which the file itself declares missing values.
    """
    found = {}
    for name, column in columns.items():
        if name in stated:
            found[name] = [*stated[name]]
        elif column.no_answers and not declared.get(name):
            found[name] = [f"{code:.15g}" for code in column.no_answers]
    done = itertools.chain(actions, *(column.actions for column in columns.values()))
    return RawStudy(
        pa.table({name: column.array for name, column in columns.items()}),
        {name: column.variable for name, column in columns.items()},
        sets,
        tuple(done),
        overrides={"missing": found} if found else {},
    )
