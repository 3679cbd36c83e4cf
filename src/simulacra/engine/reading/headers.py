"""Where a table begins in a grid of cells, and what its columns are called.

Programs write more above the data than one line of names: titles, a second line with the options
of multi-selects (SurveyMonkey) or the wording of the questions (Qualtrics), merged cells.
"""

import dataclasses
import re
from collections import Counter
from collections.abc import Sequence

from simulacra.engine import errors, limits
from simulacra.engine.columns.schema import CleaningAction

Row = Sequence[str]

MIN_FILLED = 0.25
"""Share of the columns that a line of names fills at least; a title fills fewer."""

MAX_NAME = 5_000
"""Characters of a column's name."""

MIN_NUMBERS = 0.2
"""Share of numbers in a first row from which on it may be data."""

NUMBER = re.compile(r"[-+(]?\s*[$€£]?\s*\d[\d.,  ]*\s*[%)€£]?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
IMPORT_ID = re.compile(r'\{"ImportId"')
EMPTY_OPTION = re.compile(r"(open-ended )?response", re.IGNORECASE)
MIN_CONTRASTING = 2
CONTRASTING = 0.8


@dataclasses.dataclass(frozen=True)
class Layout:
    """The top of a table.

    Attributes:
        names: unique names of the columns.
        labels: what the names stand for, where the file says so.
        body: index of the first row of data.
        actions: what was skipped, merged or named.
    """

    names: list[str]
    labels: dict[str, str]
    body: int
    actions: list[CleaningAction]


def find(rows: Sequence[Row], bounds: limits.StudyBounds) -> Layout:
    """Return the layout of a grid whose first rows are `rows`; empty cells are empty strings.

    Raises:
        errors.StudyError: there is no line of names, or it has too many.
    """
    width = _width(rows)
    top = _top(rows, width)
    _check(rows, top, width, bounds)
    header = _widened(rows[top], rows[top + 1 :], width)
    actions = [_skipped(top)] if top else []
    below = [row for row in rows[top + 1 :] if len(row) == len(header)]
    if _is_data(header, below):
        reason = "the first row holds data, so the columns are named by their position"
        actions.append(CleaningAction(None, "read", reason, len(header)))
        return Layout(_named([""] * len(header), actions), {}, top, actions)
    if _is_of_options(header, below):
        actions.append(_merged("options", "header"))
        return Layout(_named(_combined(header, below[0]), actions), {}, top + 2, actions)
    depth = _depth_of_wordings(below)
    if depth:
        actions.append(_merged("wordings", "labels"))
        names = _named(header, actions)
        labels = {name: text for name, text in zip(names, below[0], strict=True) if text}
        return Layout(names, labels, top + 1 + depth, actions)
    return Layout(_named(header, actions), {}, top + 1, actions)


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
            f"The file has {columns:,} columns; up to {bounds.max_columns:,} can be modelled."
        )
    if columns < 2:
        raise errors.StudyError(
            "The file has one column, or separates columns by something else than a comma, "
            "semicolon, tab or vertical bar. At least two columns are needed."
        )
    longest = max(len(cell) for row in rows[top : top + 2] for cell in row)
    if longest > MAX_NAME:
        raise errors.StudyError(
            f"The first rows hold a text of {longest:,} characters; names of columns have up to "
            f"{MAX_NAME:,}. The first row should name the columns."
        )


def _skipped(top: int) -> CleaningAction:
    return CleaningAction(None, "skipped", f"{top} lines above the names of the columns", top)


def _merged(what: str, into: str) -> CleaningAction:
    reason = f"the second row holds {what}; it was joined to the {into}, not read as data"
    return CleaningAction(None, "read", reason, 1)


def _widened(header: Row, below: Sequence[Row], width: int) -> list[str]:
    """Give a name to the column that has none: R's row names, or what a last separator makes."""
    if len(header) != width - 1:
        return [*header]
    is_last_empty = not any(row[-1] for row in below if len(row) == width)
    return [*header, ""] if is_last_empty else ["", *header]


def _is_data(header: Row, below: Sequence[Row]) -> bool:
    """Tell data from names; years and other different whole numbers may be names.

    Where some cells are numbers, one of the others tells: a name is not an answer too.
    """
    numbers = [cell for cell in header if NUMBER.fullmatch(cell)]
    if len(numbers) == sum(map(bool, header)):
        return len(set(numbers)) < len(numbers) or not all(cell.isdigit() for cell in numbers)
    return len(numbers) >= MIN_NUMBERS * len(header) and any(
        cell and cell not in numbers and any(row[column] == cell for row in below)
        for column, cell in enumerate(header)
    )


def _is_of_options(header: Row, below: Sequence[Row]) -> bool:
    """Tell whether the row below has the names where the header has none.

    The first column is often a nameless row number, and a column without any cell does not count.
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
    """Join each question, which stands above the first of its options only, to the option."""
    names, question = [], ""
    for name, option in zip(header, options, strict=True):
        question = name or question
        if not option or EMPTY_OPTION.fullmatch(option):
            names.append(question)
        else:
            names.append(f"{question} - {option}" if question else option)
    return names


def _depth_of_wordings(below: Sequence[Row]) -> int:
    """Return how many rows under the names say what they stand for: 0, 1 or 2."""
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


def _named(given: Sequence[str], actions: list[CleaningAction]) -> list[str]:
    """Name the nameless and number the namesakes."""
    seen: set[str] = set()
    made: list[str] = []
    for position, text in enumerate(given, 1):
        name = base = text or f"column_{position}"
        number = 2
        while name in seen:
            name, number = f"{base}_{number}", number + 1
        if name != base:
            reason = f"another column is called {base!r} too"
            actions.append(CleaningAction(name, "renamed", reason, 1))
        seen.add(name)
        made.append(name)
    return made
