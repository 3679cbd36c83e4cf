"""The dictionary of a system file: everything before its cases, in the order of [PSPP]."""

import dataclasses
import struct
from collections.abc import Iterator, Sequence

import numpy as np

from simulacra.engine.writing.system_file import names
from simulacra.engine.writing.system_file.variables import (
    ELEMENT,
    HELD,
    LONG_TEXT,
    MEASURES,
    SYSTEM_MISSING,
    ResponseSet,
    Value,
    Variable,
    elements,
    short_names,
)

PRODUCT = "@(#) SPSS DATA FILE written by Simulacra"
CREATED = b"01 Jan 80", b"00:00:00"
"""Stated as the time of writing, so that the same rows give the same bytes."""
BIAS = 100.0
UTF_8 = 65_001
LITTLE_ENDIAN = 2
BYTECODE, ZLIB = 1, 2
MAX_LABEL, MAX_VALUE_LABEL, MAX_FILE_LABEL, LINE = 255, 120, 64, 80
MAX_SHOWN = 40
"""Characters of a column as a data editor shows it, at most."""
LEFT, RIGHT = 0, 1


@dataclasses.dataclass(frozen=True)
class Dictionary:
    """What a system file holds besides its cases.

    Attributes:
        variables: in the order of the file.
        sets: multiple-response sets.
        weight: position of the variable that cases are weighted by; None if by none.
        label: of the file.
        notes: paragraphs of the document record.
    """

    variables: Sequence[Variable]
    sets: Sequence[ResponseSet] = ()
    weight: int | None = None
    label: str = ""
    notes: Sequence[str] = ()

    @property
    def width(self) -> int:
        """How many elements a case has."""
        return sum(variable.elements for variable in self.variables)

    def records(self, rows: int, *, is_zlib: bool) -> bytes:
        """Return the file up to its cases.

        Args:
            rows: how many cases there are.
            is_zlib: whether they are packed by zlib.
        """
        short = short_names(self.variables)
        starts = [1]
        for variable in self.variables:
            starts.append(starts[-1] + variable.elements)
        named = zip(self.variables, short, strict=True)
        parts = [
            self._header(rows, starts, is_zlib=is_zlib),
            *(part for variable, of in named for part in _variable(variable, of)),
            *(
                _value_labels(variable, start)
                for variable, start in zip(self.variables, starts[:-1], strict=True)
                if variable.labels and variable.width <= LONG_TEXT
            ),
            _documents(self.notes),
            _extension(3, 4, struct.pack("<8i", 1, 0, 0, -1, 1, 1, LITTLE_ENDIAN, UTF_8)),
            _extension(4, 8, struct.pack("<3d", *_limits())),
            _extension(7, 1, b"".join(self._set(one, short) for one in self.sets)),
            _extension(11, 4, b"".join(map(_display, self.variables))),
            _extension(13, 1, _long_names(self.variables, short)),
            _extension(14, 1, _long_texts(self.variables, short)),
            _extension(16, 8, struct.pack("<2q", 1, rows)),
            _extension(18, 1, _attributes(self.variables)),
            _extension(20, 1, b"UTF-8"),
            _extension(21, 1, b"".join(map(_labels_of_long_text, self.variables))),
            _extension(22, 1, b"".join(map(_missing_of_long_text, self.variables))),
            struct.pack("<2i", 999, 0),
        ]
        return b"".join(parts)

    def _header(self, rows: int, starts: Sequence[int], *, is_zlib: bool) -> bytes:
        return struct.pack(
            "<4s60s5id9s8s64s3x",
            b"$FL3" if is_zlib else b"$FL2",
            PRODUCT.ljust(60).encode(),
            LITTLE_ENDIAN,
            self.width,
            ZLIB if is_zlib else BYTECODE,
            0 if self.weight is None else starts[self.weight],
            rows,
            BIAS,
            *CREATED,
            _padded(names.shortened(self.label, MAX_FILE_LABEL), MAX_FILE_LABEL),
        )

    def _set(self, one: ResponseSet, short: Sequence[Sequence[str]]) -> bytes:
        """Return the line of a multiple-response set."""
        columns = " ".join(short[position][0].lower() for position in one.columns)
        label = names.shortened(one.label.replace("\n", " "), MAX_LABEL)
        kind = "C" if one.counted is None else f"D{_counted(_text(one.counted))}"
        return f"{one.name}={kind} {_counted(label)} {columns}\n".encode()


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.0f}"


def _counted(text: str) -> str:
    """Return a text after the number of its bytes."""
    return f"{len(text.encode())} {text}"


def _padded(text: str, width: int) -> bytes:
    return text.encode()[:width].ljust(width)


def _limits() -> tuple[float, float, float]:
    """Return what stands for a missing value, and for the ends of an open range."""
    return SYSTEM_MISSING, -SYSTEM_MISSING, float(np.nextafter(SYSTEM_MISSING, 0))


def _variable(variable: Variable, short: Sequence[str]) -> Iterator[bytes]:
    """Yield the records of a variable, of its segments, and of what they take more of a case."""
    missing = [] if variable.width > LONG_TEXT else list(variable.missing)
    spans = [ends for ends in missing if ends[0] != ends[1]]
    points = [low for low, high in missing if low == high]
    count = -2 - len(points) if spans else len(points)
    values = [end for span in spans for end in span] + points
    for index, (width, name) in enumerate(zip(variable.segments, short, strict=True)):
        is_first = index == 0
        label = names.shortened(variable.label, MAX_LABEL).encode() if is_first else b""
        packed = variable.display_format.packed
        if variable.width:
            packed = 1 << 16 | width << 8
        yield struct.pack(
            "<6i8s",
            *(2, width, int(bool(label)), count if is_first else 0, packed, packed),
            _padded(name, ELEMENT),
        )
        if label:
            yield struct.pack("<i", len(label)) + label.ljust(-(-len(label) // 4) * 4, b" ")
        if is_first:
            yield b"".join(map(_element, values))
        blank = struct.pack("<6i8s", 2, -1, 0, 0, 1 << 16 | 1 << 8, 1 << 16 | 1 << 8, b" " * 8)
        yield blank * (elements(width) - 1)


def _element(value: Value) -> bytes:
    if isinstance(value, str):
        return _padded(value, ELEMENT)
    _, highest, lowest = _limits()
    return struct.pack("<d", min(max(value, lowest), highest))


def _value_labels(variable: Variable, start: int) -> bytes:
    parts = [struct.pack("<2i", 3, len(variable.labels))]
    for value, text in variable.labels.items():
        label = names.shortened(text, MAX_VALUE_LABEL).encode()
        counted = bytes([len(label)]) + label
        parts += [_element(value), counted.ljust(-(-len(counted) // ELEMENT) * ELEMENT, b" ")]
    return b"".join([*parts, struct.pack("<3i", 4, 1, start)])


def _documents(notes: Sequence[str]) -> bytes:
    lines = [line for note in notes for part in note.splitlines() for line in _wrapped(part)]
    if not lines:
        return b""
    return struct.pack("<2i", 6, len(lines)) + b"".join(_padded(line, LINE) for line in lines)


def _wrapped(text: str) -> Iterator[str]:
    """Yield lines that fit a document record, broken at spaces if there are any."""
    while len(text.encode()) > LINE:
        line = names.cut(text, LINE)
        line = line[: line.rstrip().rfind(" ")] if " " in line.strip() else line
        yield line
        text = text[len(line) :].lstrip()
    yield text


def _extension(subtype: int, size: int, data: bytes) -> bytes:
    """Return an extension record of elements of a size; without data there is none."""
    return struct.pack("<4i", 7, subtype, size, len(data) // size) + data if data else b""


def _display(variable: Variable) -> bytes:
    shown = min(max(variable.display_format.width, ELEMENT), MAX_SHOWN)
    alignment = LEFT if variable.width else RIGHT
    one = struct.pack("<3i", MEASURES[variable.measure], shown, alignment)
    return one * len(variable.segments)


def _long_names(variables: Sequence[Variable], short: Sequence[Sequence[str]]) -> bytes:
    pairs = zip(variables, short, strict=True)
    return "\t".join(f"{of[0]}={variable.name}" for variable, of in pairs).encode()


def _long_texts(variables: Sequence[Variable], short: Sequence[Sequence[str]]) -> bytes:
    pairs = zip(variables, short, strict=True)
    widths = [f"{of[0]}={it.width:05}\0\t" for it, of in pairs if it.width > HELD]
    return "".join(widths).encode()


def _attributes(variables: Sequence[Variable]) -> bytes:
    listed = []
    for variable in variables:
        written = "".join(
            f"{name}('{' '.join(value.split())}'\n)" for name, value in variable.attributes.items()
        )
        listed += [f"{variable.name}:{written}"] if written else []
    return "/".join(listed).encode()


def _labels_of_long_text(variable: Variable) -> bytes:
    if variable.width <= LONG_TEXT or not variable.labels:
        return b""
    name = variable.name.encode()
    parts = [_sized(name), struct.pack("<2i", variable.width, len(variable.labels))]
    for value, text in variable.labels.items():
        label = names.shortened(text, MAX_VALUE_LABEL).encode()
        parts += [_sized(_padded(str(value), variable.width)), _sized(label)]
    return b"".join(parts)


def _missing_of_long_text(variable: Variable) -> bytes:
    if variable.width <= LONG_TEXT or not variable.missing:
        return b""
    values = [_padded(str(low), ELEMENT) for low, _ in variable.missing]
    name = _sized(variable.name.encode())
    return name + struct.pack("<Bi", len(values), ELEMENT) + b"".join(values)


def _sized(data: bytes) -> bytes:
    return struct.pack("<i", len(data)) + data
