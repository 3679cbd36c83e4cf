"""The data file of a triple-S study: the text of each variable in each row."""

import csv
import dataclasses
import io

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from simulacra.engine import errors, limits
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.reading import encodings
from simulacra.engine.reading.triple_s.definition import Definition, Question

DELIMITERS = (",", ";", "\t")
"""The first is that of the standard."""

WIDE = ("utf-16", "utf-32", "ucs")
"""Encodings that decode what is in any other without an error."""

MAX_UNEVEN_SHARE = 0.01
"""The largest share of lines with other fields than the definition; these are skipped."""

BLOCK_BYTES = 16 * 1024**2  # of the longest line that can be read


@dataclasses.dataclass(frozen=True)
class Fields:
    """The texts of a data file.

    Attributes:
        texts: for each variable its fields, arrays of texts, null where there are blanks only; a
            variable at places in a line has one.
        actions: what was done.
    """

    texts: list[list[pa.Array]]
    actions: list[CleaningAction]


def read(content: bytes, definition: Definition, bounds: limits.StudyBounds) -> Fields:
    """Return the texts of all variables.

    Raises:
        errors.StudyError: the file does not fit the definition, or exceeds the bounds.
    """
    text, guessed = _decoded(content, definition.encoding)
    actions = []
    if guessed is not None:
        reason = f"the text of the data is not in the encoding of the definition, but in {guessed}"
        actions.append(CleaningAction(None, "read", reason, 1))
    fields = (_delimited if definition.is_csv else _fixed)(text, definition, bounds)
    return dataclasses.replace(fields, actions=actions + fields.actions)


def _decoded(content: bytes, stated: str | None) -> tuple[str, str | None]:
    """Return the data, and their encoding if that is a guess.

    Text that is valid UTF-8 is hardly ever anything else, whatever the definition states.
    """
    is_marked = any(content.startswith(mark) for mark, _ in encodings.MARKS)
    if stated is not None and not is_marked:
        of_letters = [] if stated.lower().startswith(WIDE) else [stated]
        for encoding in ("utf-8", *of_letters):
            try:
                text = content.decode(encoding)
            except (UnicodeError, LookupError):
                continue
            return text.replace("\r\n", "\n").replace("\r", "\n"), None
    data, guessed = encodings.to_utf8(content)
    return data.decode(), guessed


def _filled(texts: pa.Array) -> pa.Array:
    """Return texts with their blanks, null where there is nothing else."""
    return pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), None, texts)


def _check_rows(count: int, bounds: limits.StudyBounds) -> None:
    if count > bounds.max_rows:
        raise errors.StudyError(
            f"The data have {count:,} rows; up to {bounds.max_rows:,} can be modelled. Take a "
            "random sample of them."
        )


def _fixed(text: str, definition: Definition, bounds: limits.StudyBounds) -> Fields:
    """Return the texts at the places that the definition names, counted in characters.

    Older programs count bytes, which shows in lines with letters of several bytes.
    """
    lines = text.rstrip("\n\x1a").split("\n")[definition.skip :]
    _check_rows(len(lines), bounds)
    expected = max(question.finish for question in definition.questions)
    has_bytes = _counts_bytes(lines, expected)
    if has_bytes:
        lines = [line.encode().decode("latin-1") for line in lines]
    actions = _lengths(lines, expected)
    if has_bytes:
        reason = "places in a line are counted in bytes, in which all lines have the same length"
        actions.append(CleaningAction(None, "read", reason, 1))
    array = pa.array(lines, pa.string())
    texts = []
    for question in definition.questions:
        piece = pc.utf8_slice_codeunits(array, question.start - 1, question.finish)
        texts.append([_filled(_restored(piece) if has_bytes else piece)])
    return Fields(texts, actions)


def _counts_bytes(lines: list[str], expected: int) -> bool:
    """Tell whether all lines have the length of the definition in bytes, and not in characters."""
    return all(len(line.encode()) == expected for line in lines) and not all(
        map(str.isascii, lines)
    )


def _restored(piece: pa.Array) -> pa.Array:
    """Return texts of which each character is a byte of UTF-8."""
    texts = [text.encode("latin-1").decode(errors="replace") for text in piece.to_pylist()]
    return pa.array(texts, pa.string())


def _lengths(lines: list[str], expected: int) -> list[CleaningAction]:
    """Return what the report says of lines of another length than the definition gives them."""
    short = sum(len(line) < expected for line in lines)
    long = sum(bool(line[expected:].strip()) for line in lines)
    actions = []
    if short:
        reason = f"{short:,} lines end before character {expected:,}; what they lack is missing"
        actions.append(CleaningAction(None, "read", reason, short))
    if long:
        reason = f"{long:,} lines go on behind character {expected:,}; what is there was not read"
        actions.append(CleaningAction(None, "read", reason, long))
    return actions


def _delimited(text: str, definition: Definition, bounds: limits.StudyBounds) -> Fields:
    data = text.encode()
    for _ in range(definition.skip):
        data = data.partition(b"\n")[2]
    first = data.partition(b"\n")[0].decode()
    needed = max(question.finish for question in definition.questions)
    splits = {mark: next(csv.reader([first], delimiter=mark), []) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: min(len(splits[mark]), needed))
    cells = splits[delimiter]
    if len(cells) < needed:
        raise errors.StudyError(
            f"The first line of the data has {len(cells):,} fields, but the triple-S definition "
            f"has data in field {needed:,}. Check that the two files belong together."
        )
    actions = []
    if _is_header(cells, definition.questions):
        data = data.partition(b"\n")[2]
        reason = "a line of names that the definition does not mention was skipped"
        actions.append(CleaningAction(None, "skipped", reason, 1))
    table, uneven = _table(data, delimiter, len(cells))
    _check_rows(table.num_rows, bounds)
    if uneven > MAX_UNEVEN_SHARE * max(table.num_rows, 1):
        raise errors.StudyError(
            f"{uneven:,} lines of the data do not have the {len(cells)} fields of the first. Look "
            "for a quotation mark without a partner, or export the study again."
        )
    if uneven:
        reason = f"{uneven:,} line(s) do not have the {len(cells)} fields of the first"
        actions.append(CleaningAction(None, "skipped", reason, uneven))
    texts = [
        [
            _filled(table.column(place).combine_chunks())
            for place in range(question.start - 1, question.finish)
        ]
        for question in definition.questions
    ]
    return Fields(texts, actions)


def _is_header(cells: list[str], questions: tuple[Question, ...]) -> bool:
    """Tell whether fields are the names of the variables that have their data there."""
    named = sum(
        cells[question.start - 1].strip().casefold() == question.name.casefold()
        for question in questions
    )
    return 2 * named > len(questions)


def _table(data: bytes, delimiter: str, width: int) -> tuple[pa.Table, int]:
    uneven = 0

    def skip(_: pa_csv.InvalidRow) -> str:
        nonlocal uneven
        uneven += 1
        return "skip"

    names = [str(place) for place in range(width)]
    if not data.strip():
        return pa.table({name: pa.array([], pa.string()) for name in names}), 0
    try:
        table = pa_csv.read_csv(
            io.BytesIO(data),
            read_options=pa_csv.ReadOptions(
                column_names=names, use_threads=False, block_size=BLOCK_BYTES
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=skip
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:  # whose text quotes the line
        raise errors.StudyError(
            "The data cannot be split into lines and fields. Look for a quotation mark without a "
            "partner, or export the study again."
        ) from None
    return table, uneven
