"""The dialect of a CSV file.

It says what stands between fields, around them, and before a quotation mark inside them, and is
found by what splits all lines alike, the header included.
"""

import contextlib
import csv
import dataclasses
import io
import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import _csv

COMMON = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
"""Delimiters that split a file even if some of its lines are uneven."""

OTHERS = {"^": "caret", ":": "colon", "~": "tilde", " ": "space", "\x01": "control character 1",
          "\x1f": "unit separator"}  # fmt: skip
OTHERS |= {mark: f"character {mark!r}" for mark in "!#$%&*/<=>?@\\+"}
"""Delimiters only of a file that they split evenly, from its header on, and no common one does."""

QUOTES = "'`~|^\""
"""Quotation marks; any but the last only if it encloses whole fields."""

EVEN = 0.95
"""The share of lines with the same number of fields in a file that is split evenly."""

MIN_EVEN_LINES = 3
MIN_ENCLOSED = 2


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How fields are parted and enclosed.

    Attributes:
        delimiter: one character.
        quote: the quotation mark, one character.
        has_escapes: a backslash before a quotation mark makes it a part of the text.
    """

    delimiter: str
    quote: str = '"'
    has_escapes: bool = False

    @property
    def name(self) -> str:
        """The delimiter in words."""
        return COMMON.get(self.delimiter) or OTHERS.get(self.delimiter) or repr(self.delimiter)

    def split(self, text: str) -> tuple[list[list[str]], list[int]]:
        """Return the rows of a text, and the number of lines before each and after the last."""
        rows: list[list[str]] = []
        lines = [0]
        reader = self.reader(io.StringIO(text, newline=""))
        with contextlib.suppress(csv.Error):  # an endless field: those before it are still of use
            for row in reader:
                rows.append([cell.strip() for cell in row])
                lines.append(reader.line_num)
        return rows, lines

    def reader(self, lines: Iterable[str]) -> "_csv.Reader":
        """Return the rows in lines of text."""
        return csv.reader(lines, delimiter=self.delimiter, quotechar=self.quote,
                          escapechar="\\" if self.has_escapes else None)  # fmt: skip


def find(sample: str, data: bytes, delimiter: str | None, quote: str | None = None) -> Dialect:
    """Return the dialect of a file.

    Args:
        sample: its first lines.
        data: all of it, as UTF-8.
        delimiter: what the caller, or the file itself, says.
        quote: what the caller says.
    """
    marks = [quote] if quote else [*QUOTES]
    delimiters = [delimiter] if delimiter else [*COMMON, *OTHERS]
    found = [
        Dialect(delimiter, mark, _has_escapes(data, delimiter, mark))
        for delimiter in delimiters
        if delimiter in sample or delimiter == ","
        for mark in marks
        if mark != delimiter and (mark in ('"', quote) or _encloses(sample, mark, delimiter))
    ]
    found = found or [Dialect(delimiter or ",", quote or '"')]
    if delimiter:
        return max(found, key=lambda dialect: _score(dialect, sample))
    common = [dialect for dialect in found if dialect.delimiter in COMMON]
    best = max(common, key=lambda dialect: _score(dialect, sample), default=Dialect(","))
    start = _header_line(best, sample)
    others = [
        dialect
        for dialect in found
        if dialect.delimiter in OTHERS and _splits_evenly(dialect, sample, before=start)
    ]
    return max(others, key=lambda dialect: _score(dialect, sample), default=best)


def _score(dialect: Dialect, sample: str) -> tuple[float, int]:
    """Return the share of lines with the same number of fields, and that number."""
    widths = Counter(len(row) for row in dialect.split(sample)[0] if row)
    if not widths:
        return 0.0, 0
    width, lines = widths.most_common(1)[0]
    return (lines / widths.total() if width > 1 else 0.0), width


def _header_line(dialect: Dialect, sample: str) -> float:
    """Return the number of lines above the header; infinity if none has as many fields as others.

    The header may be one short of the lines below it.
    """
    rows, lines = dialect.split(sample)
    split = [len(row) for row in rows if len(row) > 1]
    if not split or len(split) < sum(map(bool, rows)) / 2:
        return math.inf
    width = Counter(split).most_common(1)[0][0]
    first = next(at for at, row in enumerate(rows) if len(row) > 1)
    return lines[first] if len(rows[first]) in (width, width - 1) else math.inf


def _splits_evenly(dialect: Dialect, sample: str, *, before: float) -> bool:
    """Return whether nearly all lines have as many fields as the first, which names the columns.

    Args:
        dialect: how they are split.
        sample: the lines.
        before: the first must be above this one.
    """
    rows, lines = dialect.split(sample)
    table = [row for row in rows if any(row)]
    if len(table) < MIN_EVEN_LINES or lines[rows.index(table[0])] >= before:
        return False
    header, width = table[0], len(table[-1])
    even = sum(len(row) == width > 1 for row in table[1:])
    return (
        even >= EVEN * (len(table) - 1)
        and len(header) in (width, width - 1)
        and all(header)
        and len({*header}) == len(header)
    )


def _encloses(sample: str, mark: str, delimiter: str) -> bool:
    """Return whether a mark stands at both ends of fields, and the usual one does not."""
    if sample.count(mark) < 2 * MIN_ENCLOSED or _enclosed(sample, '"', delimiter):
        return False
    edge, quote = re.escape(delimiter), re.escape(mark)
    begun = len(re.findall(rf"(?:^|(?<={edge})){quote}", sample, re.MULTILINE))
    return _enclosed(sample, mark, delimiter) >= max(MIN_ENCLOSED, EVEN * begun)


def _enclosed(sample: str, mark: str, delimiter: str) -> int:
    """Return how many fields a mark encloses; inside it is doubled or follows a backslash."""
    edge, quote = re.escape(delimiter), re.escape(mark)
    inside = rf"(?:[^{quote}\n\\]|\\.|{quote}{quote})*"
    whole = rf"(?:^|(?<={edge})){quote}{inside}{quote}(?=$|{edge})"
    return len(re.findall(whole, sample, re.MULTILINE))


def _has_escapes(data: bytes, delimiter: str, mark: str) -> bool:
    r"""Return whether backslashes stand before quotation marks inside of fields.

    A path such as "C:\\data\\" ends with both: the mark before a delimiter ends the field.
    """
    escaped = b"\\" + mark.encode()
    if delimiter == "\\" or escaped not in data:
        return False
    inside = re.compile(
        re.escape(escaped) + rb"(?![%s\n]|$)" % re.escape((delimiter + mark).encode())
    )
    return inside.search(data) is not None
