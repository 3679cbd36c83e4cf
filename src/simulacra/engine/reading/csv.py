"""CSV files, in all the variants that programs export."""

import contextlib
import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from simulacra.engine import errors, limits
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.options import AS_FOUND, FileOptions
from simulacra.engine.reading import encodings, headers

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
SAMPLE_LINES = 60
SAMPLE_BYTES = 4 * 1024**2
BLOCK_BYTES = 16 * 1024**2  # of the longest line that can be read
MAX_UNEVEN_SHARE = 0.01
"""The largest share of lines with more or fewer fields than the header; these are skipped."""

SHOWN_NAMES, MAX_SHOWN = 3, 40
"""How many names of columns a message lists, and how much of each."""

DELIMITER_PREFIX = b"sep="  # in the first line of files for Excel

UNBALANCED = (
    "The file cannot be split into lines and fields. Look for a quotation mark without a partner, "
    "or export the study again."
)


def read(path: Path, bounds: limits.StudyBounds, how: FileOptions = AS_FOUND) -> RawStudy:
    """Return the table in a CSV file; every column is text, and an empty cell is missing.

    Raises:
        errors.StudyError: the file has no delimiter, no rows or too many columns, its lines have
            unequal numbers of fields, or its encoding is unknown.
    """
    data, encoding = encodings.to_utf8(path.read_bytes())
    declared, data = _declared_delimiter(data)
    above = 0 if declared is None else 1  # the line that declares it
    sample = _first_lines(data)
    delimiter = how.delimiter or declared or _likely_delimiter(sample)
    rows, lines = _rows(sample, delimiter)
    layout = headers.find(rows, bounds, how.header_rows)
    for index, row in enumerate(rows[: layout.body]):
        if headers.is_misfit(row, len(layout.names)):
            body = _below(data, lines[index + 1])
            raise errors.StudyError(_uneven(body, delimiter, row, above + lines[index + 1]))
    skipped = lines[layout.body]
    table, uneven = _parse(data, skipped, delimiter, layout.names)
    if len(uneven) > MAX_UNEVEN_SHARE * table.num_rows:
        # That the first name is missing was a guess, and not right for a file with uneven rows.
        names = layout.names if layout.written is None else layout.written
        body = _below(data, skipped)
        raise errors.StudyError(_uneven(body, delimiter, names, above + skipped))
    if table.num_rows == 0:
        raise errors.StudyError(
            f"The file has a header of {_listed(layout.names)}, but no rows below it. "
            "Export the study with its answers."
        )
    actions = [*_assumptions(encoding, delimiter), *layout.actions]
    if uneven:
        reason = f"{len(uneven):,} line(s) do not have the {len(layout.names)} fields of the header"
        actions.append(CleaningAction(None, "skipped", reason, len(uneven)))
    variables = {name: Variable(label) for name, label in layout.labels.items()}
    found = {"delimiter": delimiter, "header_rows": layout.depth}
    return RawStudy(table, variables, actions=tuple(actions), overrides=found)


def _assumptions(encoding: str | None, delimiter: str) -> list[CleaningAction]:
    actions = []
    if encoding:
        reason = f"the text is not UTF-8 and was taken as {encoding}"
        actions.append(CleaningAction(None, "read", reason, 1))
    if delimiter != ",":
        reason = f"the columns are separated by {DELIMITERS.get(delimiter, repr(delimiter))}"
        actions.append(CleaningAction(None, "read", reason, 1))
    return actions


def _declared_delimiter(data: bytes) -> tuple[str | None, bytes]:
    first, _, rest = (
        data.partition(b"\n") if data[:5].lower().startswith(DELIMITER_PREFIX) else (b"",) * 3
    )
    mark = first[len(DELIMITER_PREFIX) :].decode(errors="replace").strip('"')
    return (mark, rest) if len(mark) == 1 and mark.isascii() else (None, data)


def _first_lines(data: bytes) -> str:
    position = 0
    for _ in range(SAMPLE_LINES):
        following = data.find(b"\n", position) + 1
        if following == 0 or following > SAMPLE_BYTES:
            position = position or following or len(data)
            break
        position = following
    return data[:position].decode(errors="replace")


def _likely_delimiter(sample: str) -> str:
    """Return the delimiter that splits the most lines into the same number of fields."""

    def score(delimiter: str) -> tuple[float, int]:
        widths = Counter(len(row) for row in _rows(sample, delimiter)[0] if row)
        if not widths:
            return 0.0, 0
        width, lines = widths.most_common(1)[0]
        return (lines / widths.total() if width > 1 else 0.0), width

    return max(DELIMITERS, key=score)


def _rows(sample: str, delimiter: str) -> tuple[list[list[str]], list[int]]:
    """Return the rows of the sample, and the number of lines before each and after the last."""
    rows: list[list[str]] = []
    lines = [0]
    reader = csv.reader(io.StringIO(sample), delimiter=delimiter)
    with contextlib.suppress(csv.Error):  # an endless field: the rows before it are still of use
        for row in reader:
            rows.append([cell.strip() for cell in row])
            lines.append(reader.line_num)
    return rows, lines


def _parse(
    data: bytes, skipped: int, delimiter: str, names: list[str]
) -> tuple[pa.Table, list[pa_csv.InvalidRow]]:
    """Return the table below the header, and the lines with more or fewer fields than it.

    Args:
        data: the file as UTF-8.
        skipped: the number of lines above the data.
        delimiter: between the fields.
        names: of the columns.

    Raises:
        errors.StudyError: a quotation mark has no partner.
    """
    uneven: list[pa_csv.InvalidRow] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        uneven.append(row)
        return "skip"

    body = _below(data, skipped)
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(body),
            read_options=pa_csv.ReadOptions(
                column_names=names, use_threads=False, block_size=BLOCK_BYTES
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid as error:  # whose text quotes the line
        if body.size == 0 or "Empty CSV" in str(error):
            return pa.table({name: pa.array([], pa.string()) for name in names}), []
        raise errors.StudyError(UNBALANCED) from None
    if _is_quote_open(data, table):
        raise errors.StudyError(UNBALANCED)
    return table, uneven


def _uneven(body: pa.Buffer, delimiter: str, names: headers.Row, above: int) -> str:
    """Return what is wrong with a file of which many rows do not fit the header.

    Args:
        body: what is below the header.
        delimiter: between the fields.
        names: of the header.
        above: the number of lines above the body.
    """
    named = DELIMITERS.get(delimiter, repr(delimiter))
    uneven = _uneven_rows(body, delimiter, len(names))
    line, cells = next(uneven, (0, 0))
    others = sum(1 for _ in uneven)
    where = (
        f"Line {above + line:,} has {cells:,} cell{'' if cells == 1 else 's'}"
        if line
        else "Some lines have more or fewer cells"
    )
    return (
        f"{where}, but the header has {_listed(names)}."
        + (f" {others + 1:,} rows in all do not fit it." if others else "")
        + f" Put cells that contain a {named} in quotation marks. If the columns are not separated "
        f"by a {named}, write the right delimiter in a first line of its own, such as sep=; for "
        "semicolons."
    )


def _listed(names: headers.Row) -> str:
    """Return how many columns there are, with the first names, which may be long."""
    first = [repr(name[:MAX_SHOWN]) for name in names[:SHOWN_NAMES]]
    more = ", ..." if len(names) > SHOWN_NAMES else ""
    return f"{len(names):,} columns ({', '.join(first)}{more})"


def _uneven_rows(body: pa.Buffer, delimiter: str, columns: int) -> Iterator[tuple[int, int]]:
    """Yield the line on which each row begins that does not fit the header, and its cells.

    Arrow counts rows, without empty lines, and a quoted cell may hold line breaks.
    """
    text = io.TextIOWrapper(pa.BufferReader(body), encoding="utf-8", errors="replace", newline="")
    reader = csv.reader(text, delimiter=delimiter)
    before = 0
    with contextlib.suppress(csv.Error):  # as in `_rows`
        for row in reader:
            if row and len(row) != columns:
                yield before + 1, len(row)
            before = reader.line_num


def _below(data: bytes, lines: int) -> pa.Buffer:
    position = 0
    for _ in range(lines):
        position = data.find(b"\n", position) + 1 or len(data)
    return pa.py_buffer(data).slice(position)


def _is_quote_open(data: bytes, table: pa.Table) -> bool:
    """Return whether a quotation mark without a partner joined all lines below it to one field."""
    if data.count(b'"') % 2 == 0 or table.num_rows == 0:
        return False
    last = table.slice(table.num_rows - 1).to_pylist()[0]
    return any("\n" in value for value in last.values() if value)
