"""The header of a table in a grid of cells: where it begins, and the names of the columns.

Programs write more than one line of names above the data: titles, merged cells, a second line with
the options of multiple-response questions (SurveyMonkey) or with the questions (Qualtrics).
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence

from simulacra.engine import errors, limits
from simulacra.engine.columns.schema import CleaningAction

Row = Sequence[str]

MIN_FILLED = 0.25
"""The smallest share of columns that a line of names fills; a title fills fewer."""

MIN_MISFIT = 3
"""A line above a table with fewer cells is a title, or one with a note beside it."""

MAX_NAME_LENGTH = 5_000
"""The longest name of a column in characters."""

MIN_NUMBERS = 0.2
"""A first row with at least this share of numbers may be data."""

NUMBER = re.compile(r"[-+(]?\s*[$€£]?\s*\d[\d.,  ]*\s*[%)€£]?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
IMPORT_ID = re.compile(r'\{"ImportId"')
EMPTY_OPTION = re.compile(r"(open-ended )?response", re.IGNORECASE)
MIN_CONTRASTING = 2
CONTRASTING = 0.8


@dataclasses.dataclass(frozen=True)
class Layout:
    """The header of a table.

    Attributes:
        names: the unique names of the columns.
        labels: name to the wording of the question, where the file has it.
        body: the index of the first row of data.
        actions: what was skipped, joined or renamed.
        depth: how many rows hold names, options and wordings.
        written: the names that the header itself holds, where it is one short of the rows.
    """

    names: list[str]
    labels: dict[str, str]
    body: int
    actions: list[CleaningAction]
    depth: int
    written: Row | None = None


def find(rows: Sequence[Row], bounds: limits.StudyBounds, depth: int | None = None) -> Layout:
    """Return the layout of a grid from its first rows, whose empty cells are empty strings.

    Args:
        rows: the first rows.
        bounds: how large a study may be.
        depth: how many rows hold names, if the caller says so.

    Raises:
        errors.StudyError: the grid has one column or too many, or a name is too long.
    """
    width = _width(rows)
    top = _top(rows, width)
    _check(rows, top, width, bounds)
    found = _layout(rows, top, width) if depth is None else _stated(rows, top, width, depth)
    is_short = len(rows[top]) < len(found.names) and found.body > top  # else it holds data
    return dataclasses.replace(found, written=rows[top]) if is_short else found


def is_misfit(row: Row, columns: int) -> bool:
    """Return whether a line above a table is no title, but a header that no row fits.

    It is as wide as a table, and every cell of it is a name. One that is one short of the rows is
    widened instead.
    """
    return (
        len(row) not in (columns - 1, columns)
        and len(row) >= max(MIN_MISFIT, columns / 2)
        and len(set(row)) == len(row)
        and all(cell and not NUMBER.fullmatch(cell) and not DATE.fullmatch(cell) for cell in row)
    )


def _layout(rows: Sequence[Row], top: int, width: int) -> Layout:
    header = _widened(rows[top], rows[top + 1 :], width)
    actions = [_skipped(top)] if top else []
    if len(header) > len(rows[top]):
        actions.append(_short("first" if header[1:] == [*rows[top]] else "last"))
    below = [row for row in rows[top + 1 :] if len(row) == len(header)]
    if _is_data(header, below):
        reason = "the first row holds data, so the columns are named by their position"
        actions.append(CleaningAction(None, "read", reason, len(header)))
        return Layout(_unique_names([""] * len(header), actions), {}, top, actions, 0)
    if _is_of_options(header, below):
        actions.append(_merged("options", "header"))
        names = _unique_names(_combined(header, below[0]), actions)
        return Layout(names, {}, top + 2, actions, 2)
    depth = _depth_of_wordings(below)
    if depth:
        actions.append(_merged("wordings", "labels"))
        names = _unique_names(header, actions)
        labels = {name: text for name, text in zip(names, below[0], strict=True) if text}
        return Layout(names, labels, top + 1 + depth, actions, 1 + depth)
    return Layout(_unique_names(header, actions), {}, top + 1, actions, 1)


def _stated(rows: Sequence[Row], top: int, width: int, depth: int) -> Layout:
    """Return the layout of a grid of which a caller says how many rows hold names."""
    actions = [_skipped(top)] if top else []
    if depth == 0:
        return Layout(_unique_names([""] * width, actions), {}, top, actions, 0)
    found = _layout(rows, top, width)
    if found.depth == depth:
        return found
    header = _widened(rows[top], rows[top + 1 :], width)
    for row in rows[top + 1 : top + depth]:
        header = _combined(header, [*row, *[""] * (len(header) - len(row))][: len(header)])
    return Layout(_unique_names(header, actions), {}, top + depth, actions, depth)


def _width(rows: Sequence[Row]) -> int:
    widths = Counter(len(row) for row in rows if any(row))
    return widths.most_common(1)[0][0] if widths else 0


def _top(rows: Sequence[Row], width: int) -> int:
    enough = max(2, MIN_FILLED * _filled_columns(rows, width))
    for index, row in enumerate(rows):
        is_first = not any(map(any, rows[:index]))
        fits = len(row) == width or (len(row) == width - 1 and is_first)
        if fits and sum(map(bool, row)) >= enough:
            return index
    return next((index for index, row in enumerate(rows) if any(row)), 0)


def _filled_columns(rows: Sequence[Row], width: int) -> int:
    cut = [row for row in rows if len(row) == width]
    return sum(any(row[column] for row in cut) for column in range(width))


def _check(rows: Sequence[Row], top: int, width: int, bounds: limits.StudyBounds) -> None:
    columns = max(width, len(rows[top]) if rows else 0)
    if columns > bounds.max_columns:
        raise errors.StudyError(
            f"The file has {columns:,} columns; up to {bounds.max_columns:,} can be modelled. "
            "Leave out columns that are not needed."
        )
    if columns < 2:
        raise errors.StudyError(
            "The file has one column, or its columns are separated by something else than a "
            "comma, semicolon, tab or vertical bar. At least two columns are needed."
        )
    longest = max(len(cell) for row in rows[top : top + 2] for cell in row)
    if longest > MAX_NAME_LENGTH:
        raise errors.StudyError(
            f"The first rows hold a text of {longest:,} characters; names of columns have up to "
            f"{MAX_NAME_LENGTH:,}. The first row should name the columns."
        )


def _skipped(top: int) -> CleaningAction:
    return CleaningAction(None, "skipped", f"{top} lines above the names of the columns", top)


def _short(which: str) -> CleaningAction:
    reason = f"the header is one name short of the rows; the {which} column was taken to have none"
    return CleaningAction(None, "read", reason, 1)


def _merged(what: str, into: str) -> CleaningAction:
    reason = f"the second row holds {what}; it was joined to the {into}, not read as data"
    return CleaningAction(None, "read", reason, 1)


def _widened(header: Row, below: Sequence[Row], width: int) -> list[str]:
    """Return the header with an empty name added if it is one short.

    The first name is missing above the row names of R, the last if lines end with a delimiter.
    """
    if len(header) != width - 1:
        return [*header]
    is_last_empty = not any(row[-1] for row in below if len(row) == width)
    return [*header, ""] if is_last_empty else ["", *header]


def _is_data(header: Row, below: Sequence[Row]) -> bool:
    """Return whether the first row is data; years and other different whole numbers may be names.

    Where only some cells are numbers, a text that occurs again below in its column is an answer, so
    the row is data.
    """
    numbers = [cell for cell in header if NUMBER.fullmatch(cell)]
    if len(numbers) == sum(map(bool, header)):
        return len(set(numbers)) < len(numbers) or not all(cell.isdigit() for cell in numbers)
    return len(numbers) >= MIN_NUMBERS * len(header) and any(
        cell and cell not in numbers and any(row[column] == cell for row in below)
        for column, cell in enumerate(header)
    )


def _is_of_options(header: Row, below: Sequence[Row]) -> bool:
    """Return whether the row below holds the names that are missing in the header.

    The first column is often a row number without a name, and an empty column does not count.
    """
    nameless = [
        column
        for column, name in enumerate(header)
        if not name and column > 0 and any(row[column] for row in below)
    ]
    return bool(nameless and below) and all(
        below[0][column] and not NUMBER.fullmatch(below[0][column]) for column in nameless
    )


def _combined(header: Row, options: Row) -> list[str]:
    """Return names that join each question to its option; it is only above the first of them."""
    names, question = [], ""
    for name, option in zip(header, options, strict=True):
        question = name or question
        if not option or EMPTY_OPTION.fullmatch(option):
            names.append(question)
        else:
            names.append(f"{question} - {option}" if question else option)
    return names


def _depth_of_wordings(below: Sequence[Row]) -> int:
    """Return how many rows under the names hold the wording of questions: 0, 1 or 2."""
    if len(below) > 1 and sum(IMPORT_ID.match(cell) is not None for cell in below[1]) > 1:
        return 2
    if len(below) < 4:
        return 0
    columns = list(zip(*below, strict=True))
    numeric = [column for column in columns if _is_numeric(column[1:])]
    contrasting = sum(bool(column[0]) and not _is_numeric(column[:1]) for column in numeric)
    return int(contrasting >= MIN_CONTRASTING and contrasting >= CONTRASTING * len(numeric))


def _is_numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(NUMBER.fullmatch(cell) or DATE.fullmatch(cell) for cell in filled)


def _unique_names(header: Sequence[str], actions: list[CleaningAction]) -> list[str]:
    """Return a unique name for each column; a name that is missing is made of the position.

    Adds to `actions` which columns were renamed.
    """
    seen: set[str] = set()
    names: list[str] = []
    for position, text in enumerate(header, 1):
        name = base = text or f"column_{position}"
        number = 2
        while name in seen:
            name, number = f"{base}_{number}", number + 1
        if name != base:
            reason = f"another column is called {base!r} too"
            actions.append(CleaningAction(name, "renamed", reason, 1))
        seen.add(name)
        names.append(name)
    return names
