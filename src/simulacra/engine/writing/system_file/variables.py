"""What a system file says about its variables."""

import dataclasses
import itertools
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

ELEMENT = 8
"""Bytes of an element of a case: a number, or a part of a text."""
MAX_TEXT = 32_767
MAX_SEGMENT, HELD, RESERVED = 255, 255, 252
"""A longer text is several variables in the file: the bytes that one may have at most, those that
it holds of the text, and those for which one is reserved."""
LONG_TEXT = 8
"""Bytes of texts beyond which value labels and missing values have records of their own."""

Value = float | str

FORMATS = {
    "A": 1, "COMMA": 3, "DOLLAR": 4, "F": 5, "N": 16, "E": 17, "DATE": 20, "TIME": 21,
    "DATETIME": 22, "ADATE": 23, "JDATE": 24, "DTIME": 25, "WKDAY": 26, "MONTH": 27, "MOYR": 28,
    "QYR": 29, "WKYR": 30, "PCT": 31, "DOT": 32, "CCA": 33, "CCB": 34, "CCC": 35, "CCD": 36,
    "CCE": 37, "EDATE": 38, "SDATE": 39, "MTIME": 40, "YMDHMS": 41,
}  # fmt: skip
WRITTEN = re.compile(r"([A-Z]+)(\d{1,3})(?:\.(\d{1,2}))?")
MAX_WIDTH, MAX_DECIMALS = 40, 16
"""Of the format of a number."""
MEASURES = {"nominal": 1, "ordinal": 2, "scale": 3}


@dataclasses.dataclass(frozen=True)
class DisplayFormat:
    """How SPSS shows values: a format such as F8.2 of its name, width and decimals."""

    name: str
    width: int
    decimals: int = 0

    @classmethod
    def parse(cls, text: str) -> "DisplayFormat | None":
        """Return the format that a text such as ``F8.2`` states, None if it is no such text."""
        found = WRITTEN.fullmatch(text)
        if found is None or found[1] not in FORMATS:
            return None
        parsed = cls(found[1], int(found[2]), int(found[3] or 0))
        is_valid = parsed.decimals < parsed.width <= MAX_WIDTH and parsed.decimals <= MAX_DECIMALS
        return parsed if parsed.name == "A" or is_valid else None

    @property
    def packed(self) -> int:
        """The format as one number of the file."""
        return FORMATS[self.name] << 16 | min(self.width, 255) << 8 | self.decimals


@dataclasses.dataclass(frozen=True)
class Variable:
    """A variable of a system file.

    Attributes:
        name: valid and unique, see `names`.
        width: bytes of its texts, up to 32,767; 0 for numbers.
        display_format: how its values are shown.
        measure: a key of `MEASURES`.
        encode: returns the values of rows of its column: float64, shape (rows,), NaN where missing,
            or bytes, shape (rows,), of type ``S{width}``.
        label: a text for people.
        labels: value to label.
        missing: up to three values, or a range and up to one value, that are user-missing; both
            ends of a value are the same.
        attributes: custom attributes, name to value.
    """

    name: str
    width: int
    display_format: DisplayFormat
    measure: str
    encode: Callable[[pa.ChunkedArray], npt.NDArray[np.float64] | npt.NDArray[np.bytes_]]
    label: str = ""
    labels: Mapping[Value, str] = dataclasses.field(default_factory=dict)
    missing: Sequence[tuple[Value, Value]] = ()
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def segments(self) -> list[int]:
        """The widths of the variables that it is in the file."""
        if self.width <= MAX_SEGMENT:
            return [self.width]
        count = -(-self.width // RESERVED)
        return [MAX_SEGMENT] * (count - 1) + [self.width - (count - 1) * RESERVED]

    @property
    def elements(self) -> int:
        """How many elements of a case it takes."""
        return sum(elements(width) for width in self.segments)

    def cases(self, column: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
        """Return the elements of its values, uint64, shape (rows, elements)."""
        values = self.encode(column)
        if not self.width:
            missing = np.isnan(values)
            numbers = np.where(missing, SYSTEM_MISSING, values)
            return numbers.view(np.uint64).reshape(-1, 1)
        rows = len(values)
        letters = values.astype(f"S{self.width}").view(np.uint8).reshape(rows, self.width)
        letters = np.where(letters == 0, ord(" "), letters)
        padded = np.full((rows, self.elements * ELEMENT), ord(" "), dtype=np.uint8)
        at = 0
        for index, width in enumerate(self.segments):
            part = letters[:, index * HELD : index * HELD + min(width, HELD)]
            padded[:, at : at + part.shape[1]] = part
            at += elements(width) * ELEMENT
        return padded.view(np.uint64)


SYSTEM_MISSING = -np.finfo(np.float64).max


def elements(width: int) -> int:
    """Return how many elements a value of a width takes."""
    return max(1, -(-width // ELEMENT))


def short_names(variables: Sequence[Variable]) -> list[list[str]]:
    """Return names of at most eight bytes, of each variable one for each of its segments."""
    fits = {it.name.upper() for it in variables if it.name.isascii() and len(it.name) <= ELEMENT}
    fresh = (name for number in itertools.count(1) if (name := f"V{number:07}") not in fits)
    return [
        [
            it.name.upper() if index == 0 and it.name.upper() in fits else next(fresh)
            for index in range(len(it.segments))
        ]
        for it in variables
    ]


@dataclasses.dataclass(frozen=True)
class ResponseSet:
    """A multiple-response set.

    Attributes:
        name: valid and unique, with the dollar sign that it begins with.
        label: a text for people.
        columns: positions of its variables.
        counted: the value that means "chosen" if they are dichotomies; None of categories.
    """

    name: str
    label: str
    columns: Sequence[int]
    counted: Value | None
