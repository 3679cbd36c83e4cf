"""The columns of a variable in triple-S: from texts to values."""

import dataclasses
import datetime as dt
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.codebook import Variable
from simulacra.engine.columns.arrays import Floats
from simulacra.engine.columns.schema import CleaningAction, MultipleResponseSet
from simulacra.engine.reading import coded, valuelabels
from simulacra.engine.reading.coded import CodedColumn
from simulacra.engine.reading.triple_s.definition import Kind, Question, Spread

SEPARATOR = " - "
"""Between the label of a question and that of one of its options."""

END = "\n"
"""Between the fields of a multiple while they are one text."""

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")
DATE = re.compile(r"(\d{4})[-/.]?(\d{2})[-/.]?(\d{2})")
TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})?")
LOGICAL = {"1": True, "0": False}


def of(
    question: Question, texts: Sequence[pa.Array], stated: Sequence[str] | None
) -> tuple[dict[str, CodedColumn], MultipleResponseSet | None]:
    """Return the columns of a variable, and the multiple-response set that they are.

    Args:
        question: the variable.
        texts: its fields, null where there are blanks only.
        stated: all values that stand for no answer, None if the caller does not say.
    """
    if question.kind is Kind.MULTIPLE:
        return _multiple(question, texts)
    column = _READERS[question.kind](question, _without_blanks(texts[0]), stated)
    return {question.name: column}, None


def _without_blanks(texts: pa.Array) -> pa.Array:
    """Return texts without spaces around them; empty ones are null."""
    stripped = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(stripped, ""), None, stripped)


def _converted(
    name: str, texts: pa.Array, convert: Callable[[str], Any], kind: pa.DataType, what: str
) -> tuple[pa.Array, list[CleaningAction]]:
    """Return texts as values, and how many could not be any.

    Args:
        name: of the column.
        texts: without blanks around them.
        convert: returns a value, or raises ValueError.
        kind: the type of the values.
        what: the texts should be.
    """
    encoded = texts.dictionary_encode()
    values: list[Any] = []
    for text in encoded.dictionary.to_pylist():
        try:
            values.append(convert(text))
        except ValueError:
            values.append(None)
    array = pa.array(values, kind).take(encoded.indices)
    lost = array.null_count - texts.null_count
    if not lost:
        return array, []
    reason = f"{lost:,} cells that are no {what} taken as missing"
    return array, [CleaningAction(name, "blanked", reason, lost)]


def _number(text: str) -> float:
    if NUMBER.fullmatch(text):
        return float(text.replace(",", "."))
    raise ValueError


def _date(text: str) -> dt.date:
    if found := DATE.fullmatch(text):
        return dt.date(*map(int, found.groups()))
    raise ValueError


def _time(text: str) -> dt.time:
    if found := TIME.fullmatch(text):
        hour, minute, second = (int(part or 0) for part in found.groups())
        return dt.time(hour, minute, second)
    raise ValueError


def _logical(text: str) -> bool:
    if text in LOGICAL:
        return LOGICAL[text]
    raise ValueError


def _codes(
    question: Question, texts: pa.Array, stated: Sequence[str] | None, *, is_scale: bool
) -> CodedColumn:
    numbers, actions = _converted(question.name, texts, _number, pa.float64(), "numbers")
    values = numbers.to_numpy(zero_copy_only=False)  # null becomes NaN
    labels = {float(code): label for code, label in question.labels.items()}
    if stated is not None:
        missing = coded.stated_missing(labels, stated)
        values, blanked = coded.without_missing(question.name, values, missing)
        actions += blanked
    if not is_scale:
        values, blanked = _without_zero(question, values, labels)
        actions += blanked
    value_labels = valuelabels.ValueLabels.of(
        labels, question.has_order, is_scale, has_stated_missing=stated is not None
    )
    column = coded.numbers(question.name, Variable(question.label), values, value_labels)
    if is_scale:
        actions += _outside(question, values, labels)
    return dataclasses.replace(column, actions=actions + column.actions)


def _without_zero(
    question: Question,
    values: Floats,
    labels: dict[float, str],
) -> tuple[Floats, list[CleaningAction]]:
    """Return the codes of a single without 0, which says that there is none, unless it is one."""
    is_none = values == 0
    is_code = 0.0 in labels or any(low <= 0 <= high for low, high in question.ranges)
    count = int(is_none.sum())
    if is_code or not count:
        return values, []
    reason = f"{count:,} cells with 0, which no value of the definition has, taken as no answer"
    action = CleaningAction(question.name, "blanked", reason, count)
    return np.where(is_none, np.nan, values), [action]


def _outside(question: Question, values: Floats, labels: dict[float, str]) -> list[CleaningAction]:
    """Return what the report says of numbers that the definition does not expect."""
    if not question.ranges:
        return []
    is_known = np.isnan(values) | np.isin(values, list(labels))
    for low, high in question.ranges:
        is_known |= (values >= low) & (values <= high)
    count = int((~is_known).sum())
    if not count:
        return []
    spans = ", ".join(f"{low:.15g} to {high:.15g}" for low, high in question.ranges)
    reason = f"{count:,} numbers outside the range of the definition ({spans}) kept"
    return [CleaningAction(question.name, "noticed", reason, count)]


def _single(question: Question, texts: pa.Array, stated: Sequence[str] | None) -> CodedColumn:
    if not question.is_literal:
        return _codes(question, texts, stated, is_scale=False)
    missing = [] if stated is None else coded.stated_missing(question.labels, stated)
    variable = Variable(question.label)
    cells = texts.to_pylist()
    return coded.texts(question.name, variable, cells, question.labels, missing)


def _quantity(question: Question, texts: pa.Array, stated: Sequence[str] | None) -> CodedColumn:
    return _codes(question, texts, stated, is_scale=True)


def _as(
    convert: Callable[[str], Any], kind: pa.DataType, what: str
) -> Callable[[Question, pa.Array, Sequence[str] | None], CodedColumn]:
    def read(question: Question, texts: pa.Array, _: Sequence[str] | None) -> CodedColumn:
        array, actions = _converted(question.name, texts, convert, kind, what)
        return CodedColumn(array, Variable(question.label), actions)

    return read


_READERS: dict[Kind, Callable[[Question, pa.Array, Sequence[str] | None], CodedColumn]] = {
    Kind.SINGLE: _single,
    Kind.QUANTITY: _quantity,
    Kind.CHARACTER: _as(str, pa.string(), "texts"),
    Kind.LOGICAL: _as(_logical, pa.bool_(), "1 or 0"),
    Kind.DATE: _as(_date, pa.date32(), "dates (YYYYMMDD)"),
    Kind.TIME: _as(_time, pa.time64("us"), "times of day (HHMMSS)"),
}


def _multiple(
    question: Question, fields: Sequence[pa.Array]
) -> tuple[dict[str, CodedColumn], MultipleResponseSet]:
    """Return a column for each option, true where it was chosen and null where nothing stands."""
    joined = fields[0]
    if len(fields) > 1:  # a field for each answer, or for each option
        blank = [pc.fill_null(field, "") for field in fields]
        joined = pc.binary_join_element_wise(*blank, END)
        joined = pc.if_else(pc.equal(joined, END * (len(fields) - 1)), None, joined)
    encoded = joined.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    sets = [_chosen(text, question) for text in texts]
    name = question.name
    columns = {}
    for code, label in question.options.items():
        chosen = pa.array([None if one is None else code in one for one in sets], pa.bool_())
        text = f"{question.label or name}{SEPARATOR}{label or code}"
        columns[f"{name}_{code}"] = CodedColumn(chosen.take(encoded.indices), Variable(text), [])
    actions = _unread(question, encoded, sets)
    next(iter(columns.values())).actions.extend(actions)
    return columns, MultipleResponseSet(
        name, question.label or name, "dichotomy", tuple(columns), counted="true"
    )


def _chosen(text: str, question: Question) -> set[int] | None:
    """Return the codes that a row has, None if it is not readable."""
    if question.spread is None:
        bits = _bits(text, question)
        if set(bits) <= {"0", "1", " "}:
            return {place for place, bit in enumerate(bits, 1) if bit == "1"}
        return None
    pieces = [piece.strip() for piece in _subfields(text, question, question.spread)]
    if all(piece.isdecimal() or not piece for piece in pieces):
        return {int(piece) for piece in pieces if piece} - {0}
    return None


def _bits(text: str, question: Question) -> str:
    if END in text:
        return "".join(piece.strip() or "0" for piece in text.split(END))
    return text.strip().zfill(max(question.options)) if _lacks_zeros(text, question) else text


def _lacks_zeros(text: str, question: Question) -> bool:
    """Tell whether a program took a field for a number, and left out the zeros before it."""
    is_field = question.spread is None and question.start == question.finish and END not in text
    return is_field and len(text.strip()) < max(question.options)


def _subfields(text: str, question: Question, spread: Spread) -> list[str]:
    """Return what stands in each place for an answer."""
    if END in text:
        return text.split(END)
    span = question.finish - question.start + 1
    if span > 1:  # a place in a line, which may have been cut at its last letter
        width = spread.width or max(span // spread.subfields, 1)
        text = text.ljust(span)
    else:  # a field, of which a program may have left out the zeros at its beginning
        width = spread.width or len(str(max(question.options)))
        text = text.rjust(-(-len(text) // width) * width)
    return [text[at : at + width] for at in range(0, spread.subfields * width, width)]


def _unread(
    question: Question, encoded: pa.DictionaryArray, sets: list[set[int] | None]
) -> list[CleaningAction]:
    """Return what the report says of rows that are no answers, and of codes without an option."""
    known = question.options.keys()
    counts = np.bincount(
        encoded.indices.drop_null().to_numpy(zero_copy_only=False), minlength=len(sets)
    )
    broken = sum(int(n) for n, one in zip(counts, sets, strict=True) if one is None)
    foreign = sum(int(n) for n, one in zip(counts, sets, strict=True) if one and one - known)
    texts = encoded.dictionary.to_pylist()
    short = sum(
        int(n) for n, text in zip(counts, texts, strict=True) if _lacks_zeros(text, question)
    )
    actions = []
    if short:
        reason = f"{short:,} cells of {question.name!r} lack the zeros at their beginning"
        actions.append(CleaningAction(question.name, "read", reason, short))
    if broken:
        reason = f"{broken:,} cells of {question.name!r} that are no choices taken as missing"
        actions.append(CleaningAction(question.name, "blanked", reason, broken))
    if foreign:
        reason = f"{foreign:,} rows choose codes that are no options of {question.name!r}"
        actions.append(CleaningAction(question.name, "noticed", reason, foreign))
    return actions
