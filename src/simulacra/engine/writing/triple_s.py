"""Studies in triple-S: a zip archive of a definition (.xml) and the rows (.csv) [Triple-S].

References:
    [Triple-S] Triple-S XML version 2.0, www.triple-s.org.
"""

import csv
import dataclasses
import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.codebook import Code
from simulacra.engine.columns import boolean
from simulacra.engine.columns.drafts import floats
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import Column, MultipleResponseSet
from simulacra.engine.writing import layouts, levels, unique_names
from simulacra.engine.writing.codebook import Codebook, Entry
from simulacra.engine.writing.levels import LevelCodes
from simulacra.engine.writing.output_format import OutputFormat

STEM = "synthetic"
"""Of the two files in the archive; a name that does not depend on that of the archive, so that the
same rows give the same bytes."""
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)
PART_ROWS = 10_000
SEPARATOR = " - "
"""Between the label of a question and that of one of its options."""
OPTION = re.compile(r"_0*([1-9]\d{0,3})$")
MAX_CODE = 2_000
"""Of an option of a multiple, which has a character in each cell of its question."""
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

Cells = Callable[[pa.Table], Sequence[str]]


@dataclasses.dataclass(frozen=True)
class _Variable:
    """A variable of the definition.

    Attributes:
        name: its name.
        label: a text for people.
        kind: its type.
        cells: returns the texts of its field for some of the rows.
        values: code to label.
        has_order: the order of the codes means something.
        span: the smallest and the largest number, as texts.
        size: characters of the longest text.
        is_literal: the codes are texts.
        subfields: of a multiple, how many answers stand beside each other; None if each option has
            a character.
        width: of each of them.
        is_weight: whether rows are counted by it.
    """

    name: str
    label: str
    kind: str
    cells: Cells
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    has_order: bool = False
    span: tuple[str, str] | None = None
    size: int | None = None
    is_literal: bool = False
    subfields: int | None = None
    width: int = 1
    is_weight: bool = False


def _write(table: pa.Table, codebook: Codebook, path: Path) -> None:
    plain = layouts.texts_of_lists(table)
    variables = _named(list(_variables(plain, codebook)))
    definition = _definition(variables, codebook)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_part(f"{STEM}.xml"), definition)
        with (
            archive.open(_part(f"{STEM}.csv"), "w", force_zip64=True) as part,
            io.TextIOWrapper(part, "utf-8", newline="") as file,
        ):
            _write_rows(file, plain, variables)


def _part(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, WRITTEN_AT)
    part.compress_type = zipfile.ZIP_DEFLATED
    part.external_attr = 0o644 << 16
    return part


def _write_rows(file: TextIO, table: pa.Table, variables: Sequence[_Variable]) -> None:
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([variable.name for variable in variables])
    for first in range(0, table.num_rows, PART_ROWS):
        part = table.slice(first, PART_ROWS)
        writer.writerows(zip(*(variable.cells(part) for variable in variables), strict=True))


# What the variables are


def _variables(table: pa.Table, codebook: Codebook) -> Iterator[_Variable]:
    """Yield the variables in the order of the table, a multiple where its first column stands."""
    coded = levels.of(codebook)
    multiples: dict[str, _Variable] = {}
    members: set[str] = set()
    for one in codebook.sets:
        made = _multiple(one, table, codebook, coded)
        if made is not None and members.isdisjoint(one.columns):
            multiples[one.columns[0]] = made
            members |= {*one.columns}
    for name in table.column_names:
        if name in multiples:
            yield multiples[name]
        elif name not in members:
            entry = codebook.entries.get(name)
            yield _variable(name, table[name], entry, coded.get(name), codebook.weight == name)


def _named(variables: Sequence[_Variable]) -> list[_Variable]:
    """Return variables whose names are unique, also to programs that do not tell case."""
    names = unique_names.of(
        [_text(variable.name) for variable in variables],
        lambda name: name or "variable",
        str.casefold,
        lambda base, end: base + end,
    )
    return [
        dataclasses.replace(variable, name=name)
        for variable, name in zip(variables, names, strict=True)
    ]


def _variable(
    name: str,
    column: pa.ChunkedArray,
    entry: Entry | None,
    coded: LevelCodes | None,
    is_weight: bool,  # noqa: FBT001 - the last of a row
) -> _Variable:
    label = name if entry is None else entry.column.label
    if entry is not None and coded is not None:
        return _of_levels(name, label, entry.column, coded)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_boolean(kind):
        return _Variable(name, label, "logical", _cells(name, _of_flags))
    if pa.types.is_date(kind):
        return _Variable(name, label, "date", _cells(name, _of_days), size=8)
    if pa.types.is_time(kind):
        return _Variable(name, label, "time", _cells(name, _of_times), size=6)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_duration(kind):
        decimals = None if entry is None else entry.column.decimals
        return _of_numbers(name, label, column, decimals, is_weight=is_weight)
    longest = pc.max(pc.utf8_length(column.cast(pa.string()))).as_py() or 1
    return _Variable(name, label, "character", _cells(name, _of_texts), size=longest)


def _cells(name: str, texts: Callable[[pa.ChunkedArray], Sequence[str]]) -> Cells:
    return lambda table: texts(table[name])


def _of_levels(name: str, label: str, column: Column, coded: LevelCodes) -> _Variable:
    if column.levels == boolean.LEVELS and coded.codes == (levels.UNCHOSEN, levels.CHOSEN):
        return _Variable(name, label, "logical", _of_codes(column, name, ("0", "1")))
    numbers = [code for code in (*coded.codes, *coded.labels) if code is not None]
    is_literal = coded.is_text or not all(map(_is_code, numbers))
    codes = tuple("" if code is None else _shown(code) for code in coded.codes)
    values = {
        code: coded.labels.get(original, level)
        for code, original, level in zip(codes, coded.codes, column.levels, strict=True)
        if original is not None
    }
    unused = {_shown(code): text for code, text in coded.labels.items()}
    values |= {code: text for code, text in unused.items() if code not in values}
    if not is_literal:
        values = dict(sorted(values.items(), key=lambda pair: int(pair[0])))
    return _Variable(
        name,
        label,
        "single",
        _of_codes(column, name, codes),
        values=values,
        has_order=column.type is ORDINAL and not is_literal,
        is_literal=is_literal,
    )


def _is_code(code: Code) -> bool:
    return not isinstance(code, str) and float(code).is_integer() and code >= 0


def _shown(code: Code) -> str:
    return code if isinstance(code, str) else f"{code:.15g}"


def _of_codes(column: Column, name: str, codes: Sequence[str]) -> Cells:
    texts = np.array([*codes, ""], dtype=object)

    def cells(table: pa.Table) -> Sequence[str]:
        positions = column.encode(table[name])
        found: list[str] = texts[_known(positions, len(codes))].tolist()
        return found

    return cells


def _known(positions: np.ndarray, none: int) -> np.ndarray:
    return np.where(np.isnan(positions), none, positions).astype(np.int64)


def _of_numbers(
    name: str, label: str, column: pa.ChunkedArray, decimals: int | None, *, is_weight: bool
) -> _Variable:
    def texts(cells: pa.ChunkedArray) -> Sequence[str]:
        if pa.types.is_integer(cells.type):
            return ["" if it is None else str(it) for it in cells.to_pylist()]
        numbers = _seconds(cells) if pa.types.is_duration(cells.type) else floats(cells)
        if decimals is not None and pa.types.is_floating(cells.type):
            return ["" if np.isnan(it) else f"{it:.{decimals}f}" for it in numbers]
        return ["" if np.isnan(it) else np.format_float_positional(it, trim="-") for it in numbers]

    counted = column.cast(pa.int64()) if pa.types.is_duration(column.type) else column
    extent = pc.min_max(counted).as_py()
    ends = pa.chunked_array([pa.array([*extent.values()], counted.type)]).cast(column.type)
    low, high = texts(ends)
    span = (low or "0", high or "0")
    cells = _cells(name, texts)
    return _Variable(name, label, "quantity", cells, span=span, is_weight=is_weight)


def _seconds(cells: pa.ChunkedArray) -> np.ndarray:
    unit = {"s": 1e0, "ms": 1e3, "us": 1e6, "ns": 1e9}[cells.type.unit]
    return floats(cells.cast(pa.int64())) / unit


def _of_flags(cells: pa.ChunkedArray) -> Sequence[str]:
    return ["" if it is None else str(int(it)) for it in cells.to_pylist()]


def _of_days(cells: pa.ChunkedArray) -> Sequence[str]:
    days = cells.cast(pa.date32()).to_pylist()
    return ["" if it is None else it.isoformat().replace("-", "") for it in days]


def _of_times(cells: pa.ChunkedArray) -> Sequence[str]:
    return ["" if it is None else it.strftime("%H%M%S") for it in cells.to_pylist()]


def _of_texts(cells: pa.ChunkedArray) -> Sequence[str]:
    return [it or "" for it in cells.cast(pa.string()).to_pylist()]


# Multiple-response sets


def _multiple(
    one: MultipleResponseSet,
    table: pa.Table,
    codebook: Codebook,
    coded: Mapping[str, LevelCodes],
) -> _Variable | None:
    """Return the variable of a set; None where triple-S cannot say what its columns do."""
    if not all(name in coded for name in one.columns):
        return None
    if one.kind == levels.DICHOTOMY:
        return _of_options(one, table, codebook)
    return _of_answers(one, codebook, coded)


def _of_options(one: MultipleResponseSet, table: pa.Table, codebook: Codebook) -> _Variable | None:
    """Return a multiple with a character for each option.

    A row either answers the question or does not: none where some options of a row are missing and
    others are not.
    """
    named = {name: codebook.entries[name].column for name in one.columns}
    if any(len(it.levels) > 2 for it in named.values()):
        return None
    chosen = [it.levels.index(levels.chosen(one, it.levels)) for it in named.values()]

    def answers(part: pa.Table) -> tuple[np.ndarray, np.ndarray]:
        encoded = np.column_stack([it.encode(part[name]) for name, it in named.items()])
        return encoded == np.array(chosen), np.isnan(encoded)

    _, is_missing = answers(table)
    if bool((is_missing.any(axis=1) & ~is_missing.all(axis=1)).any()):
        return None
    codes = _option_codes(one.columns)
    width = max(codes)

    def cells(part: pa.Table) -> Sequence[str]:
        is_chosen, none = answers(part)
        bits = np.full((part.num_rows, width), b"0", dtype="S1")
        bits[:, np.array(codes) - 1] = np.where(is_chosen, b"1", b"0")
        texts = bits.view(f"S{width}").ravel().astype(f"U{width}")
        return np.where(none.all(axis=1), "", texts).tolist()  # type: ignore[no-any-return]

    labels = {str(code): _option(one, it) for code, it in zip(codes, named.values(), strict=True)}
    values = dict(sorted(labels.items(), key=lambda pair: int(pair[0])))
    return _Variable(one.name, one.label, "multiple", cells, values=values)


def _option_codes(names: Sequence[str]) -> list[int]:
    """Return the codes of options: the numbers at the ends of their names, or 1, 2, 3 and so on."""
    found = [OPTION.search(name) for name in names]
    numbers = [int(it[1]) for it in found if it is not None and int(it[1]) <= MAX_CODE]
    if len({*numbers}) == len(names):
        return numbers
    return list(range(1, len(names) + 1))


def _option(one: MultipleResponseSet, column: Column) -> str:
    """Return what an option is called, without the question before it."""
    return column.label.removeprefix(one.label + SEPARATOR) or column.name


def _of_answers(
    one: MultipleResponseSet, codebook: Codebook, coded: Mapping[str, LevelCodes]
) -> _Variable | None:
    """Return a multiple whose answers stand beside each other, in the order of the columns."""
    values: dict[int, str] = {}
    for name in one.columns:
        pairs = zip(coded[name].codes, codebook.entries[name].column.levels, strict=True)
        for code, level in [*coded[name].labels.items(), *pairs]:
            if code is None or isinstance(code, str) or not _is_code(code) or code == 0:
                return None
            values.setdefault(int(code), coded[name].labels.get(code, level))
    if len(values) > MAX_CODE:
        return None
    width = len(str(max(values)))
    fields = [
        _of_codes(
            codebook.entries[name].column,
            name,
            [_shown(code or 0).zfill(width) for code in coded[name].codes],
        )
        for name in one.columns
    ]
    none = "0" * width

    def cells(part: pa.Table) -> Sequence[str]:
        found = zip(*(field(part) for field in fields), strict=True)
        return ["".join(it or none for it in row) if any(row) else "" for row in found]

    shown = {str(code): values[code] for code in sorted(values)}
    return _Variable(
        *(one.name, one.label, "multiple", cells),
        values=shown,
        subfields=len(one.columns),
        width=width,
    )


# The definition


def _definition(variables: Sequence[_Variable], codebook: Codebook) -> bytes:
    root = ET.Element("sss", version="2.0")
    ET.SubElement(root, "origin").text = "Simulacra"
    for note in codebook.notes:
        root.append(ET.Comment(_comment(note)))
    survey = ET.SubElement(root, "survey")
    ET.SubElement(survey, "title").text = _text(codebook.title or "Rows")
    record = ET.SubElement(survey, "record", ident="A", href=f"{STEM}.csv", format="csv", skip="1")
    for number, variable in enumerate(variables, 1):
        _describe(record, number, variable)
    ET.indent(root)
    head = b'<?xml version="1.0" encoding="UTF-8"?>\n'
    return head + ET.tostring(root, encoding="unicode").encode() + b"\n"


def _comment(text: str) -> str:
    """Return a text that a comment can hold: two hyphens would end it."""
    safe = CONTROLS.sub(" ", text)
    while "--" in safe:
        safe = safe.replace("--", "- -")
    return f" {safe} "


def _describe(record: ET.Element, number: int, variable: _Variable) -> None:
    element = ET.SubElement(record, "variable", ident=str(number), type=variable.kind)
    if variable.is_weight:
        element.set("use", "weight")
    if variable.is_literal:
        element.set("format", "literal")
    ET.SubElement(element, "name").text = variable.name
    ET.SubElement(element, "label").text = _text(variable.label)
    ET.SubElement(element, "position", start=str(number))
    if variable.subfields is not None:
        spread = {"subfields": str(variable.subfields), "width": str(variable.width)}
        ET.SubElement(element, "spread", spread)
    if variable.size is not None and variable.kind == "character":
        ET.SubElement(element, "size").text = str(variable.size)
    if variable.span is not None:
        low, high = variable.span
        ET.SubElement(ET.SubElement(element, "values"), "range", {"from": low, "to": high})
    if variable.values:
        values = ET.SubElement(element, "values")
        for score, (code, label) in enumerate(variable.values.items(), 1):
            value = ET.SubElement(values, "value", code=code)
            if variable.has_order:
                value.set("score", str(score))
            value.text = _text(label)


def _text(text: str) -> str:
    """Return a text that XML can hold, in one line."""
    return " ".join(CONTROLS.sub(" ", text).split())


TRIPLE_S = OutputFormat("triple-s", _write, is_coded=True)
