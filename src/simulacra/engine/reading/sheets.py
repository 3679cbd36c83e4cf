"""The sheet of a workbook that holds the respondents, among codebooks, notes and lists."""

import dataclasses
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine import errors, limits
from simulacra.engine.columns.schema import CleaningAction

MAX_CODEBOOK_ROWS = 20_000
"""A longer sheet is no codebook."""

HEADER_ROWS = 10
"""Among so many rows at the top of a sheet are the names of its columns."""

MIN_LISTED = 0.5
"""A codebook lists at least this share of the columns of another sheet, and little else."""

MIN_NAMES = 2
SHOWN_SHEETS = 5


@dataclasses.dataclass(frozen=True)
class Span:
    """A merged region that is higher than one row: its first and last row, and its column."""

    top: int
    bottom: int
    column: int


@dataclasses.dataclass(frozen=True)
class Cells:
    """The cells of a sheet as text, and its merged regions."""

    table: pa.Table
    spans: tuple[Span, ...] = ()

    @property
    def is_table(self) -> bool:
        """Tell whether there are two columns and two rows."""
        return bool(self.table.num_columns > 1 and self.table.num_rows > 1)


@dataclasses.dataclass(frozen=True)
class Choice:
    """The sheet that is read.

    Attributes:
        name: its name.
        cells: what it holds.
        actions: why it was read, and others were not.
        origin: the same for an error about what it holds; empty if there are no others.
    """

    name: str
    cells: Cells
    actions: tuple[CleaningAction, ...]
    origin: str


def choose(
    visible: Mapping[str, bool],
    wanted: str | None,
    bounds: limits.StudyBounds,
    load: Callable[[str], Cells],
) -> Choice:
    """Return the first sheet that holds enough rows and is no codebook, or the one that is wanted.

    Args:
        visible: name of each sheet to whether Excel shows it, in their order.
        wanted: the sheet that the caller names.
        bounds: how large a study may be.
        load: returns the cells of a sheet.

    Raises:
        errors.StudyError: no sheet holds a table.
    """
    loaded: dict[str, Cells] = {}

    def cells(name: str) -> Cells:
        if name not in loaded:
            loaded[name] = load(name)
        return loaded[name]

    shown = [name for name, is_visible in visible.items() if is_visible]
    candidates = [wanted] if wanted is not None else shown
    passed: dict[str, str] = {}
    smaller: list[str] = []
    for name in candidates:
        if not cells(name).is_table:
            continue
        if cells(name).table.num_rows <= bounds.min_rows:
            smaller.append(name)
            continue
        others = {other: cells(other) for other in _others(name, shown, wanted, cells(name))}
        reason = _no_respondents(cells(name), others, bounds)
        if reason is None:
            return _choice(name, cells(name), visible, passed)
        passed[name] = reason
    for name in [*smaller, *passed]:
        return _choice(name, cells(name), visible, {})
    raise errors.StudyError(_no_table(visible, wanted))


def _others(name: str, shown: list[str], wanted: str | None, cells: Cells) -> list[str]:
    if wanted is not None or cells.table.num_rows > MAX_CODEBOOK_ROWS:
        return []
    return [other for other in shown if other != name]


def _no_respondents(
    cells: Cells, others: Mapping[str, Cells], bounds: limits.StudyBounds
) -> str | None:
    """Return why the rows of a sheet are no respondents, None if they may be."""
    values = [set(column.drop_null().to_pylist()) for column in cells.table.columns]
    for name, other in others.items():
        if not other.is_table or other.table.num_rows <= bounds.min_rows:
            continue
        for row in zip(*(column.to_pylist() for column in
                         other.table.slice(0, HEADER_ROWS).columns), strict=True):  # fmt: skip
            names = {cell for cell in row if cell}
            listed = max((names & column for column in values), key=len, default=set())
            if len(listed) >= max(MIN_NAMES, MIN_LISTED * len(names)) and any(
                len(column & names) >= MIN_LISTED * len(column) for column in values
                if len(column & names) == len(listed)
            ):  # fmt: skip
                return f"lists {len(listed)} of the {len(names)} columns of {name!r}"
        if not _repeats(cells.table) and _repeats(other.table):
            return f"holds texts of which none occurs again, unlike {name!r}"
    return None


def _repeats(table: pa.Table) -> bool:
    """Return whether a column has numbers, or a value that occurs again, as answers do."""
    for column in table.columns:
        filled = column.drop_null()
        numbers = pc.sum(pc.match_substring_regex(filled, r"^-?\d")).as_py() or 0
        if len(pc.unique(filled)) < len(filled) or 2 * numbers > len(filled):
            return True
    return False


def _choice(
    name: str, cells: Cells, visible: Mapping[str, bool], passed: Mapping[str, str]
) -> Choice:
    others = [other for other in visible if other != name]
    if not others:
        return Choice(name, cells, (), "")
    described = [
        f"{other!r} (hidden)" if not visible[other]
        else f"{other!r}, which {passed[other]}" if other in passed else repr(other)
        for other in others
    ]  # fmt: skip
    more = f" and {len(others) - SHOWN_SHEETS} more" if len(others) > SHOWN_SHEETS else ""
    listed = "; ".join(described[:SHOWN_SHEETS]) + more
    reason = f"sheet {name!r} was read, {len(others)} other sheet(s) were not: {listed}"
    origin = f"Sheet {name!r} was read; the workbook also has {listed}."
    return Choice(name, cells, (CleaningAction(None, "read", reason, len(others)),), origin)


def _no_table(visible: Mapping[str, bool], wanted: str | None) -> str:
    others = [name for name in visible if name != wanted]
    where = (
        "No sheet of the workbook holds" if wanted is None else f"Sheet {wanted!r} does not hold"
    )
    hidden = [repr(name) for name in others if not visible[name]]
    aside = (
        f" Hidden sheets were passed over: {', '.join(hidden[:SHOWN_SHEETS])}." if hidden else ""
    )
    if wanted is not None and others:
        aside = f" The other sheets are {', '.join(map(repr, others[:SHOWN_SHEETS]))}."
    return f"{where} a table of at least two columns and two rows.{aside}"
