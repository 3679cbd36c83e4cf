"""CSV files, in all the variants that programs export."""

import contextlib
import csv
import io
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from simulacra.engine import errors, limits
from simulacra.engine.codebook import RawStudy, Variable
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.options import AS_FOUND, FileOptions
from simulacra.engine.reading import dialects, encodings, evidence, headers, rows
from simulacra.engine.reading.dialects import Dialect

SAMPLE_LINES = 100
SAMPLE_BYTES = 4 * 1024**2
BLOCK_BYTES = 16 * 1024**2  # of the longest line that can be read
MAX_UNEVEN_SHARE = 0.01
"""The largest share of lines with more or fewer fields than the header; these are skipped."""

MIN_FIT = 0.8
"""The share of numbers in the columns of numbers of lines that are short of trailing cells."""

SHOWN_NAMES, MAX_SHOWN = 3, 40
"""How many names of columns a message lists, and how much of each."""

DELIMITER_PREFIX = b"sep="  # in the first line of files for Excel

FORMULA = r'^="([^"]*)"$'

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
    stated = how.delimiter or declared
    dialect = dialects.find(sample, data, stated and stated[0], stated and stated[1:])
    first, lines = dialect.split(sample)
    layout = headers.find(first, bounds, how.header_rows)
    for index, row in enumerate(first[: layout.body]):
        if headers.is_misfit(row, len(layout.names)):
            body = _below(data, lines[index + 1])
            raise errors.StudyError(_uneven(body, dialect, row, above + lines[index + 1]))
    skipped = lines[layout.body]
    table, uneven = _parse(data, skipped, dialect, layout.names)
    mended: list[CleaningAction] = []
    if layout.written is None:  # else a line as long as the header is no whole line
        table, uneven, mended = _mend(table, uneven, dialect)
    if len(uneven) > MAX_UNEVEN_SHARE * table.num_rows:
        # That the first name is missing was a guess, and not right for a file with uneven rows.
        names = layout.names if layout.written is None else layout.written
        body = _below(data, skipped)
        raise errors.StudyError(_uneven(body, dialect, names, above + skipped))
    if table.num_rows == 0:
        raise errors.StudyError(
            f"The file has a header of {_listed(layout.names)}, but no rows below it. "
            "Export the study with its answers."
        )
    actions = [*_assumptions(encoding, dialect), *layout.actions, *mended]
    if uneven:
        reason = f"{len(uneven):,} line(s) do not have the {len(layout.names)} fields of the header"
        actions.append(CleaningAction(None, "skipped", reason, len(uneven)))
    table, left_out = rows.of_respondents(table, layout)
    table, unwrapped = _without_formulas(table)
    variables = {name: Variable(label) for name, label in layout.labels.items()}
    quote = "" if dialect.quote == '"' else dialect.quote
    found = {"delimiter": dialect.delimiter + quote, "header_rows": layout.depth}
    return RawStudy(table, variables, actions=(*actions, *left_out, *unwrapped), overrides=found)


def _assumptions(encoding: str | None, dialect: Dialect) -> list[CleaningAction]:
    reasons = []
    if encoding:
        reasons.append(f"the text is not UTF-8 and was taken as {encoding}")
    if dialect.delimiter != ",":
        reasons.append(f"the columns are separated by {dialect.name}")
    if dialect.quote != '"':
        reasons.append(f"texts are enclosed in {dialect.quote} instead of quotation marks")
    if dialect.has_escapes:
        reasons.append("a backslash before a quotation mark makes it a part of the text")
    return [CleaningAction(None, "read", reason, 1) for reason in reasons]


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


def _parse(
    data: bytes, skipped: int, dialect: Dialect, names: list[str]
) -> tuple[pa.Table, list[pa_csv.InvalidRow]]:
    """Return the table below the header, and the lines with more or fewer fields than it.

    Args:
        data: the file as UTF-8.
        skipped: the number of lines above the data.
        dialect: of the fields.
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
                delimiter=dialect.delimiter,
                quote_char=dialect.quote,
                escape_char="\\" if dialect.has_escapes else False,
                newlines_in_values=True,
                ignore_empty_lines=False,  # they may stand between two tables
                invalid_row_handler=skip,
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
    if _is_quote_open(data, table, dialect):
        raise errors.StudyError(UNBALANCED)
    return table, uneven


def _without_formulas(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Return the table with the texts in columns of ="01067", which make Excel keep zeros."""
    actions = []
    for at, name in enumerate(table.column_names):
        filled = table[name].drop_null()
        if not len(filled) or not filled[0].as_py().startswith('="'):
            continue
        if pc.all(pc.match_substring_regex(filled, FORMULA)).as_py():
            bare = pc.replace_substring_regex(table[name], FORMULA, r"\1")
            cells = pc.if_else(pc.equal(bare, ""), None, bare)
            table = table.set_column(at, name, cells)
            reason = 'texts written as formulas of Excel, ="..."'
            actions.append(CleaningAction(name, "read", reason, len(filled)))
    return table, actions


def _mend(
    table: pa.Table, uneven: list[pa_csv.InvalidRow], dialect: Dialect
) -> tuple[pa.Table, list[pa_csv.InvalidRow], list[CleaningAction]]:
    """Return the table with the lines that can be evened, the lines that cannot, and what was done.

    Trailing cells that are missing are added to a line, unless its cells are unlike those of their
    columns, or lines were broken in two; and trailing cells that are empty are cut off.
    """
    if not uneven:
        return table, [], []
    lines = [_cells_of(row.text, dialect) for row in uneven]
    columns = table.num_columns
    is_long = [len(cells) > columns for cells in lines]
    is_cut = [long and not any(cells[columns:]) for cells, long in zip(lines, is_long, strict=True)]
    is_short = [bool(cells) and not long for cells, long in zip(lines, is_long, strict=True)]
    below = _below_empty_line(table, uneven)  # it is found out later whether that is another table
    among = [short and row.number < below
             for row, short in zip(uneven, is_short, strict=True)]  # fmt: skip
    fit = _fit(table, [cells for cells, one in zip(lines, among, strict=True) if one])
    if not fit or _are_broken(uneven, columns):
        is_short = [short and not one for short, one in zip(is_short, among, strict=True)]
    even = [cut or short for cut, short in zip(is_cut, is_short, strict=True)]
    if not any(even):
        return table, uneven, []
    added = [[*cells[:columns], *[""] * (columns - len(cells))]
             for cells, mend in zip(lines, even, strict=True) if mend]  # fmt: skip
    places = [row.number for row, mend in zip(uneven, even, strict=True) if mend]
    left = [row for row, mend in zip(uneven, even, strict=True) if not mend]
    actions = []
    if short := sum(len(cells) > 1 or bool(cells[0])
                    for cells, mend in zip(lines, is_short, strict=True) if mend):  # fmt: skip
        reason = f"{short:,} line(s) have fewer cells than the header; the last ones are missing"
        actions.append(CleaningAction(None, "read", reason, short))
    if any(is_cut):
        reason = f"{sum(is_cut):,} line(s) end with more empty cells than the header"
        actions.append(CleaningAction(None, "read", reason, sum(is_cut)))
    return _with_lines(table, added, places, uneven), left, actions


def _cells_of(line: str, dialect: Dialect) -> list[str]:
    """Return the cells of a line, none if it holds something else."""
    found = dialect.split(line)[0]
    return found[0] if len(found) == 1 else []


def _fit(table: pa.Table, lines: Sequence[Sequence[str]]) -> bool:
    """Return whether the cells of short lines are like those of the same columns in whole lines."""
    if table.num_rows == 0:
        return False
    if not lines:
        return True
    sample = table.slice(0, SAMPLE_LINES)
    profiles = [
        evidence.Profile.of([cell or "" for cell in column.to_pylist()])
        for column in sample.columns
    ]
    cells = [(cell, profile) for line in lines[:SAMPLE_LINES]
             for cell, profile in zip(line, profiles, strict=False)
             if profile.is_numeric and not evidence.is_missing(cell)]  # fmt: skip
    return sum(evidence.is_quantity(cell) for cell, _ in cells) >= MIN_FIT * len(cells)


def _below_empty_line(table: pa.Table, uneven: Sequence[pa_csv.InvalidRow]) -> float:
    """Return the number of the line below which all are uneven or empty, infinity without one."""
    total = table.num_rows + len(uneven)
    is_uneven = np.zeros(total, dtype=bool)
    is_uneven[[row.number - 1 for row in uneven]] = True
    is_empty = np.zeros(total, dtype=bool)
    is_empty[~is_uneven] = ~rows.has_value(table)
    whole = np.flatnonzero(~is_uneven & ~is_empty)
    last = int(whole[-1]) + 1 if whole.size else 0
    return last + 2 if is_empty[last : last + 1].any() else math.inf


def _are_broken(uneven: Sequence[pa_csv.InvalidRow], columns: int) -> bool:
    """Return whether most short lines are halves of one: a line break stands in a text."""
    pairs: int = sum(
        second.number == first.number + 1
        and first.actual_columns + second.actual_columns == columns + 1
        for first, second in itertools.pairwise(uneven)
    )
    return 2 * pairs > len(uneven) / 2


def _with_lines(
    table: pa.Table,
    added: Sequence[Sequence[str]],
    places: Sequence[int],
    uneven: Sequence[pa_csv.InvalidRow],
) -> pa.Table:
    """Return a table with lines that were left out, each at its place among all lines."""
    total = table.num_rows + len(uneven)
    is_whole = np.ones(total, dtype=bool)
    is_whole[[row.number - 1 for row in uneven]] = False
    order = np.concatenate([np.flatnonzero(is_whole), np.array(places) - 1])
    cells = [[cell or None for cell in column] for column in zip(*added, strict=True)]
    more = pa.table([pa.array(column, pa.string()) for column in cells], names=table.column_names)
    return pa.concat_tables([table, more]).take(pa.array(np.argsort(order, kind="stable")))


def _uneven(body: pa.Buffer, dialect: Dialect, names: headers.Row, above: int) -> str:
    """Return what is wrong with a file of which many rows do not fit the header.

    Args:
        body: what is below the header.
        dialect: of the fields.
        names: of the header.
        above: the number of lines above the body.
    """
    named = dialect.name
    uneven = _uneven_rows(body, dialect, len(names))
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


def _uneven_rows(body: pa.Buffer, dialect: Dialect, columns: int) -> Iterator[tuple[int, int]]:
    """Yield the line on which each row begins that does not fit the header, and its cells.

    Arrow counts rows, without empty lines, and a quoted cell may hold line breaks.
    """
    text = io.TextIOWrapper(pa.BufferReader(body), encoding="utf-8", errors="replace", newline="")
    reader = dialect.reader(text)
    before = 0
    with contextlib.suppress(csv.Error):  # as in `Dialect.split`
        for row in reader:
            if row and len(row) != columns:
                yield before + 1, len(row)
            before = reader.line_num


def _below(data: bytes, lines: int) -> pa.Buffer:
    position = 0
    for _ in range(lines):
        position = data.find(b"\n", position) + 1 or len(data)
    return pa.py_buffer(data).slice(position)


def _is_quote_open(data: bytes, table: pa.Table, dialect: Dialect) -> bool:
    """Return whether a quotation mark without a partner joined all lines below it to one field."""
    if table.num_rows == 0:
        return False
    if not dialect.has_escapes and data.count(dialect.quote.encode()) % 2 == 0:
        return False
    last = table.slice(table.num_rows - 1).to_pylist()[0]
    return any("\n" in value for value in last.values() if value)
