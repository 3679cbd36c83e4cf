"""CSV files in the shapes that people export them."""

import codecs
import contextlib
import csv
import io
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from simulacra.engine import errors, limits

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 60
SAMPLE_CHARACTERS = 4 * 1024**2
BLOCK_BYTES = 16 * 1024**2  # the longest line that can be read
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
MISSING = (
    *("", "NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NaN", "nan", "-NaN", "-nan"),
    *("NULL", "null", "Null", ".", "-", "?"),
)
"""Spellings of a missing value. 'None' is not among them: in surveys it is an answer."""

UNCUT = "The file cannot be cut into lines and fields; a quotation mark may be unbalanced."


def read(path: Path, bounds: limits.Limits) -> pa.Table:
    """Return the table in a CSV file; every column is text, stripped, or missing.

    Raises:
        errors.UploadError: no delimiter, no rows, too many columns, or lines of unequal length.
    """
    text = _decode(path.read_bytes())
    sample = _first_lines(text)
    delimiter = _sniff(sample)
    header = _header(sample, delimiter, bounds)
    table = _parse(text, delimiter, header)
    if table.num_rows == 0:
        raise errors.UploadError(
            f"The file has a header of {len(header)} columns, but no rows below it."
        )
    return table


def _decode(raw: bytes) -> str:
    """Decode by byte order mark, else UTF-8, else UTF-16 without a mark, else Windows-1252."""
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            return _normalise(_strictly(raw, encoding))
    if b"\0" in raw[:4096]:
        little = raw[1:4096:2].count(0) > raw[0:4096:2].count(0)
        return _normalise(_strictly(raw, "utf-16-le" if little else "utf-16-be"))
    try:
        return _normalise(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return _normalise(raw.decode("cp1252", errors="replace"))


def _strictly(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise errors.UploadError(
            f"The file is marked as {encoding.upper()} but is damaged; save it as UTF-8."
        ) from None


def _normalise(text: str) -> str:
    """Give every line the same end and begin with the header.

    A lone carriage return ends a line in old Macintosh files.
    """
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n"


def _first_lines(text: str) -> str:
    position = 0
    for _ in range(SAMPLE_LINES):
        position = text.find("\n", position) + 1
        if position == 0 or position > SAMPLE_CHARACTERS:
            return text if position == 0 else text[:position]
    return text[:position]


def _sniff(sample: str) -> str:
    """Return the delimiter that cuts the most lines into the same number of fields."""

    def score(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in _rows(sample, delimiter) if row)
        if not widths:
            return 0.0, 0
        width, lines = widths.most_common(1)[0]
        return (lines / widths.total() if width > 1 else 0.0), width

    return max(DELIMITERS, key=score)


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # an endless field: what came before it still counts
        rows.extend(csv.reader(io.StringIO(sample), delimiter=delimiter))
    return rows


def _header(sample: str, delimiter: str, bounds: limits.Limits) -> list[str]:
    header = next((row for row in _rows(sample, delimiter) if row), [])
    if len(header) > bounds.max_columns:
        raise errors.UploadError(
            f"The file has {len(header):,} columns; up to {bounds.max_columns:,} can be modelled."
        )
    if len(header) < 2:
        raise errors.UploadError(
            "The file has one column, or separates columns by something else than a comma, "
            "semicolon, tab or vertical bar. At least two columns are needed."
        )
    return _distinct([name.strip() for name in header])


def _distinct(names: list[str]) -> list[str]:
    """Name the nameless and number the namesakes."""
    seen: set[str] = set()
    made = []
    for position, given in enumerate(names, 1):
        name = base = given or f"column_{position}"
        number = 2
        while name in seen:
            name, number = f"{base}_{number}", number + 1
        seen.add(name)
        made.append(name)
    return made


def _is_quote_open(text: str, table: pa.Table) -> bool:
    """Tell whether a quotation mark without a partner took all lines below it into one field."""
    if text.count('"') % 2 == 0 or table.num_rows == 0:
        return False
    last = table.slice(table.num_rows - 1).to_pylist()[0]
    return any("\n" in value for value in last.values() if value)


def _parse(text: str, delimiter: str, header: list[str]) -> pa.Table:
    wrong: list[pa_csv.InvalidRow] = []

    def note(row: pa_csv.InvalidRow) -> str:
        wrong.append(row)
        return "skip"

    try:
        table = pa_csv.read_csv(
            io.BytesIO(text.encode()),
            read_options=pa_csv.ReadOptions(
                column_names=header,
                skip_rows_after_names=1,
                use_threads=False,
                block_size=BLOCK_BYTES,
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                null_values=list(MISSING),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:  # its text quotes the line
        raise errors.UploadError(UNCUT) from None
    if _is_quote_open(text, table):
        raise errors.UploadError(UNCUT)
    if wrong:
        first = wrong[0]
        raise errors.UploadError(
            f"{len(wrong):,} line(s) do not have the {len(header)} fields of the header; "
            f"the first has {first.actual_columns}."
        )
    return table
