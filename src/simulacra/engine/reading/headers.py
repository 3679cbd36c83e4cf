"""The header of a table in a grid of cells: where it begins, and the names of the columns.

Programs write more than one line of names above the data: titles, merged cells, a second line with
the options of multiple-response questions (SurveyMonkey) or with the questions (Qualtrics). Others
write none. What a row is, all of its cells decide together; see `evidence`.
"""

import dataclasses
import functools
import itertools
import re
from collections import Counter
from collections.abc import Sequence

from simulacra.engine import errors, limits
from simulacra.engine.columns.schema import CleaningAction
from simulacra.engine.reading import evidence

Row = Sequence[str]

MIN_FILLED = 0.25
"""The smallest share of columns that a line of names fills, unless the line below has the names
that it lacks; a title fills fewer."""

MIN_MISFIT = 3
"""A line above a table with fewer cells is a title, or one with a note beside it."""

MAX_NAME_LENGTH = 5_000
"""The longest name of a column in characters."""

PRIOR = 3.0
"""The first row names the columns and the rows below are data, unless the evidence is stronger."""

NAMED_BELOW = 1.5
"""The evidence that a text below a missing name is that name."""

CONTRASTING, MIN_CONTRASTING = 0.5, 2
"""So many cells of a second row of names differ from those below, each with such evidence."""

MAX_ALIKE = 0.1
"""At most this share of the cells of a second row of names are like answers below them."""

MAX_DEPTH = 4
"""The most rows of names, options and wordings."""

MIN_BODY = 8
"""Fewer rows below are not enough to tell names from rare answers."""

MIN_SEQUENCE = 4
"""So many whole numbers at equal distances, such as years, are names."""

MAX_DIGITS = 9
"""Of a number in a name."""

IMPORT_ID = re.compile(r'\{"ImportId"')
EMPTY_OPTION = re.compile(r"(open-ended )?response", re.IGNORECASE)
ORDINALS = ("first", "second", "third", "fourth", "fifth")


@dataclasses.dataclass(frozen=True)
class Layout:
    """The header of a table.

    Attributes:
        names: the unique names of the columns.
        labels: name to the wording of the question, where the file has it.
        body: the index of the first row of data.
        actions: what was skipped, joined or renamed.
        depth: how many rows hold names, options and wordings.
        header: these rows.
        written: the names that the header itself holds, where it is one short of the rows.
    """

    names: list[str]
    labels: dict[str, str]
    body: int
    actions: list[CleaningAction]
    depth: int
    header: tuple[Row, ...]
    written: Row | None = None

    @property
    def nameless(self) -> list[bool]:
        """For each column, whether it has no name in the file."""
        return [not any(row[at] for row in self.header) for at in range(len(self.names))]


def find(rows: Sequence[Row], bounds: limits.StudyBounds, depth: int | None = None) -> Layout:
    """Return the layout of a grid from its first rows, whose empty cells are empty strings.

    Args:
        rows: the first rows; those below the header may have fewer cells than it.
        bounds: how large a study may be.
        depth: how many rows hold names, if the caller says so.

    Raises:
        errors.StudyError: the grid has one column or too many, or a name is too long.
    """
    width = _width(rows)
    top = _top(rows, width)
    _check(rows, top, width, bounds)
    grid = _Grid.of(rows[top:], width)
    titles = grid.titles(grid.depth())
    if titles:
        top += titles
        grid = _Grid.of(rows[top:], width)
    first, found = grid.rows[0], grid.depth()
    is_short = len(first) > len(rows[top])
    actions = [_skipped(top)] if top else []
    if found == 0 and depth is None:
        weight = grid.weigh(0)
        reason = (
            "the first row holds data, so the columns are named by their position: "
            f"{weight.alike} of its {weight.filled} cells are like those below them"
        )
        actions.append(CleaningAction(None, "read", reason, len(first)))
    depth = found if depth is None else min(depth, len(grid.rows))
    if depth and is_short:
        actions.append(_short("first" if first[1:] == tuple(rows[top]) else "last"))
    header, wordings = grid.joined(depth, actions)
    names = _unique_names(header, actions)
    return Layout(
        names=names,
        labels={name: text for name, text in zip(names, wordings, strict=True) if text},
        body=top + depth,
        actions=actions,
        depth=depth,
        header=grid.rows[:depth],
        written=rows[top] if is_short and depth else None,
    )


def is_misfit(row: Row, columns: int) -> bool:
    """Return whether a line above a table is no title, but a header that no row fits.

    It is as wide as a table, and every cell of it is a name. One that is one short of the rows is
    widened instead.
    """
    return (
        len(row) not in (columns - 1, columns)
        and len(row) >= max(MIN_MISFIT, columns / 2)
        and len(set(row)) == len(row)
        and all(cell and not evidence.is_quantity(cell) for cell in row)
    )


@dataclasses.dataclass(frozen=True)
class _Weight:
    """The evidence that a row holds names.

    Attributes:
        total: the logarithm of how much likelier that is than that it holds answers.
        filled: its cells with a text.
        alike, unlike: those of them that are like the cells below, and those that are not.
    """

    total: float
    filled: int
    alike: int
    unlike: int


class _Grid:
    """The rows from the first that may name the columns, all as wide as the table."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self.rows = rows

    @classmethod
    def of(cls, rows: Sequence[Row], width: int) -> "_Grid":
        """Return the grid of rows of which the first may be one name short of the others."""
        first = _widened(rows[0], rows[1:], width)
        return cls((tuple(first), *(_padded(row, len(first)) for row in rows[1:])))

    @functools.lru_cache(maxsize=MAX_DEPTH + 1)  # noqa: B019 - a grid lives as long as its reading
    def _profiles(self, start: int, without: Row = ()) -> list[evidence.Profile]:
        body = [row for row in self.rows[start:] if any(row) and row != without]
        return [evidence.Profile.of(cells) for cells in zip(*body, strict=True)]

    def profiles(self, index: int) -> list[evidence.Profile]:
        """Return what the columns are like below a row, without the copies of a header."""
        row, below = self.rows[index], max(index + 1, MAX_DEPTH)
        is_enough = sum(map(any, self.rows[below:])) >= MIN_BODY
        start = below if is_enough else index + 1
        profiles = self._profiles(start)
        is_copied = row in self.rows[start:] and any(
            profile.is_numeric and not evidence.is_missing(cell) and not evidence.is_quantity(cell)
            for cell, profile in zip(row, profiles, strict=True)
        )
        return self._profiles(start, row) if is_copied else profiles

    def weigh(self, index: int) -> _Weight:
        """Return the evidence that a row holds names, of which each text counts once."""
        row, profiles = self.rows[index], self.profiles(index)
        if not profiles:
            return _Weight(0.0, sum(map(bool, row)), 0, 0)
        empty_name = evidence.EMPTY_NAME if index == 0 else evidence.EMPTY_OPTION
        are_names = _is_sequence(row, profiles)
        given: set[str] = set()
        total, alike, unlike = 0.0, 0, 0
        for at, (cell, profile) in enumerate(zip(row, profiles, strict=True)):
            found = profile.against(cell, empty_name=empty_name)
            if (are_names and cell.isdigit()) or (
                not cell and self._is_named_below(index, at, profile)
            ):
                found = max(found, 0.0)
            if cell and found >= 0.0 and profile.filled and self._is_missing_name(index, at):
                found += NAMED_BELOW
            alike += bool(cell) and found < 0
            unlike += bool(cell) and found > CONTRASTING
            if cell and cell in given:
                found = min(found, 0.0)
            given.add(cell)
            total += found
        return _Weight(total, sum(map(bool, row)), alike, unlike)

    def _is_missing_name(self, index: int, at: int) -> bool:
        return index > 0 and at > 0 and not any(row[at] for row in self.rows[:index])

    def _is_named_below(self, index: int, at: int, profile: evidence.Profile) -> bool:
        """Return whether the next row has the name that is missing, as below a question."""
        below = self.rows[index + 1][at] if index + 1 < len(self.rows) else ""
        return bool(below) and profile.against(below) >= 0

    def depth(self) -> int:
        """Return how many rows hold names, options and wordings; none if the first holds data."""
        if self.weigh(0).total + PRIOR < 0:
            return 0
        depth = 1
        while depth < min(MAX_DEPTH, len(self.rows)) and self._names_more(depth):
            depth += 1
        return depth

    def titles(self, depth: int) -> int:
        """Return how many of the first rows are titles above a row that names all columns.

        The row above the names may also hold few groups of columns, which are a part of the names.
        """
        for index in range(1, depth):
            above, names = self.rows[index - 1], self.rows[index]
            is_sparse = 2 * sum(map(bool, above)) <= len(above)
            if is_sparse and all(names) and len({*names}) == len(names):
                return index - 1 if _are_groups(above) else index
        return 0

    def _names_more(self, index: int) -> bool:
        """Return whether a row below one of names holds options, wordings or identifiers."""
        if _has_identifiers(self.rows[index]):
            return True
        if index + 1 < len(self.rows) and _has_identifiers(self.rows[index + 1]):
            return True  # the wordings of Qualtrics stand above
        if sum(map(any, self.rows[index + 1 :])) < MIN_BODY:
            return False
        weight = self.weigh(index)
        return (
            weight.total - PRIOR > 0
            and weight.unlike >= min(MIN_CONTRASTING, weight.filled) > 0
            and weight.alike <= MAX_ALIKE * weight.filled
        )

    def joined(self, depth: int, actions: list[CleaningAction]) -> tuple[Row, Row]:
        """Return the names and the wordings that the first rows hold, empty where there are none.

        Adds to `actions` what the rows below the first were taken for.
        """
        names: Row = self.rows[0] if depth else [""] * len(self.rows[0])
        wordings: Row = [""] * len(names)
        for index in range(1, depth):
            row = self.rows[index]
            weight = self.weigh(index)
            if _has_identifiers(row):
                done = "identifiers of the questions and was left out"
            elif not self._are_names(names, index):
                names, done = _combined(names, row), "options; it was joined to the header"
            elif any(wordings) or not any(_wordings(row)):
                done = "no answers and was left out"
            else:
                wordings, done = _wordings(row), "wordings; it was joined to the labels"
            reason = (
                f"the {ORDINALS[index]} row holds {done}, not read as data: {weight.unlike} of its "
                f"{weight.filled} cells are unlike those below them"
            )
            actions.append(CleaningAction(None, "read", reason, 1))
        return names, wordings

    def _are_names(self, names: Row, index: int) -> bool:
        """Return whether names are different, and only row numbers and empty columns have none."""
        given = [name for name in names if name]
        return len({*given}) == len(given) and all(
            name or at == 0 or not self.rows[index][at] for at, name in enumerate(names)
        )


def _are_groups(row: Row) -> bool:
    """Return whether most texts in a row stand above two columns or more."""
    starts = [at for at, cell in enumerate(row) if cell]
    spans = [end - start for start, end in itertools.pairwise([*starts, len(row)])]
    return len(spans) > 1 and 2 * sum(span > 1 for span in spans) > len(spans)


def _wordings(row: Row) -> Row:
    """Return a row without texts that say nothing of a single question."""
    counts = Counter(row)
    return ["" if counts[cell] > 1 or EMPTY_OPTION.fullmatch(cell) else cell for cell in row]


def _has_identifiers(row: Row) -> bool:
    return sum(IMPORT_ID.match(cell) is not None for cell in row) > 1


def _is_sequence(row: Row, profiles: Sequence[evidence.Profile]) -> bool:
    """Return whether the whole numbers in a row are names, such as years and numbers of items."""
    cells = [(int(cell), profile) for cell, profile in zip(row, profiles, strict=True)
             if cell.isdigit() and cell.isascii() and len(cell) <= MAX_DIGITS]  # fmt: skip
    numbers = [number for number, _ in cells]
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    return len(steps) == 1 and steps != {0} and (
        len(numbers) >= MIN_SEQUENCE
        or all(profile.filled < evidence.MIN_KNOWN for _, profile in cells)
    )  # fmt: skip


def _padded(row: Row, width: int) -> tuple[str, ...]:
    """Return a row that is as wide as the table; one that is wider says nothing of its columns."""
    return (*row, *[""] * (width - len(row))) if len(row) <= width else ("",) * width


def _width(rows: Sequence[Row]) -> int:
    """Return the number of columns: that of most rows, or of a header above some that are shorter.

    A row that is as wide as such a header says that the others lack cells.
    """
    widths = Counter(len(row) for row in rows if any(row))
    if not widths:
        return 0
    commonest, widest = widths.most_common(1)[0][0], max(widths)
    first = next((row for row in rows if len(row) >= commonest and sum(map(bool, row)) > 1), ())
    if len(first) == widest > commonest and widths[widest] > 1 and is_misfit(first, 0):
        return widest
    return commonest


def _top(rows: Sequence[Row], width: int) -> int:
    enough = max(2, MIN_FILLED * _filled_columns(rows, width))
    for index, row in enumerate(rows):
        is_first = not any(map(any, rows[:index]))
        fits = len(row) == width or (len(row) == width - 1 and is_first)
        if fits and sum(map(bool, row)) >= enough:
            return _first_of_questions(rows, index)
    return next((index for index, row in enumerate(rows) if any(row)), 0)


def _first_of_questions(rows: Sequence[Row], index: int) -> int:
    """Return the first of the rows that name the columns, of which one was found.

    A row of few questions over many options stands above it. Unlike a title it has names that the
    row below lacks, or tells those apart that occur there more than once.
    """
    while index > 0 and _are_questions(rows[index - 1], rows[index]):
        index -= 1
    return index


def _are_questions(above: Row, below: Row) -> bool:
    if len(above) != len(below) or sum(map(bool, above)) < MIN_CONTRASTING:
        return False
    if any(name and not option for name, option in zip(above, below, strict=True)):
        return True
    joined = _combined(above, below)
    return len({*below}) < len(below) and len({*joined}) == len(joined)


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
            "The file has one column, or nothing separates its columns in all lines alike. At "
            "least two columns are needed; the option delimiter names what separates them."
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


def _widened(header: Row, below: Sequence[Row], width: int) -> list[str]:
    """Return the header with an empty name added if it is one short.

    The first name is missing above the row names of R, the last if lines end with a delimiter.
    """
    if len(header) != width - 1:
        return [*header]
    is_last_empty = not any(row[-1] for row in below if len(row) == width)
    return [*header, ""] if is_last_empty else ["", *header]


def _combined(header: Row, options: Row) -> list[str]:
    """Return names that join each question to its options; it is only above the first of them.

    What stands below a question with one column is no option if other questions have it too.
    """
    names, question = [], ""
    are_single = [
        bool(name) and (at + 1 == len(header) or bool(header[at + 1]) or not options[at + 1])
        for at, name in enumerate(header)
    ]
    alone = Counter(option for option, single in zip(options, are_single, strict=True) if single)
    for name, option, is_single in zip(header, options, are_single, strict=True):
        question = name or question
        if not option:
            names.append(name)
        elif (is_single and alone[option] > 1) or EMPTY_OPTION.fullmatch(option):
            names.append(question)
        else:
            names.append(f"{question} - {option}" if question else option)
    return names


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
