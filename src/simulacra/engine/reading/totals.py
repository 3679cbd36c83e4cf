"""Rows of totals in a table.

Their numbers are the sums or means of the rows they stand below or above, or a label that is none
of its column stands alone in them.
"""

import functools
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from simulacra.engine.reading import evidence

Floats = npt.NDArray[np.float64]

SPARSE = 0.67
"""A row that fills at most this share of what most rows fill may hold totals."""

EDGE_ROWS = 3
"""So many rows at either end may hold totals even if they are full."""

MAX_SPARSE = 1_000
MIN_SUMMED = 3
"""A sum of fewer rows may be an answer."""

SAMPLE_ROWS = 100
NEAR = 4.0
"""A sum is within this factor of what a sample of the rows suggests."""

MIN_AGREEING, MIN_SHARE = 2, 0.5
"""So many sums show a row of totals, or one in a row with few cells or with a label that is none of
its column. They are at least this share of the numbers in the row."""

MIN_UNLIKE = 2.5
"""The evidence that a text is none of its column."""

EXACT = 1e-9
"""Sums of floating-point numbers agree to this share."""

ALONE = 0.5
"""A row with a label alone fills at most this share of what most rows fill."""

SHOWN_COLUMNS = 3

LABEL = re.compile(
    r"\W*(grand |sub-?|zwischen|gesamt|sous-?)?\s*(total\w*|sums?|summe|somme|suma|som|means?|"
    r"averages?|mittelwert|durchschnitt|moyenne|media|promedio|gemiddelde|gesamt\w*|insgesamt|"
    r"ensemble|razem|ukupno|yhteensä|toplam|итого|всего|per ?cent\w*|pro[cz]ent\w*|"
    r"pou?rcent\w*)\b.*|\s*(in\s)?%\s*",
    re.IGNORECASE | re.DOTALL,
)
"""Labels of totals; one proves nothing in a row with other cells that are no sums."""

NUMBER = r"^\s*[-+]?\d[\d,.  ' ]*\s*[%€$£]?\s*$"
PLAIN = r"^[-+]?\d+(\.\d*)?$"


def find(table: pa.Table, counts: npt.NDArray[np.int32]) -> dict[int, str]:
    """Return the rows of totals, and the evidence for each.

    Args:
        table: columns of text.
        counts: int32, shape (rows,): the filled cells of each row.
    """
    usual = float(np.median(counts[counts > 0])) if counts.any() else 0.0
    sparse = np.flatnonzero((counts > 0) & (counts <= SPARSE * usual))
    filled = np.flatnonzero(counts)
    edges = {*filled[:EDGE_ROWS].tolist(), *filled[-EDGE_ROWS:].tolist()}
    candidates = sorted(edges | ({*sparse.tolist()} if len(sparse) <= MAX_SPARSE else set()))
    search = _Search(table, counts, usual)
    found: dict[int, str] = {}
    for row in candidates:
        reason = search.reason(row, found, is_edge=row in edges)
        if reason is not None:
            found[row] = reason
    return found


class _Search:
    """What the columns of a table sum up to, each found when it is asked for."""

    def __init__(self, table: pa.Table, counts: npt.NDArray[np.int32], usual: float) -> None:
        self.table = table
        self.counts = counts
        self.usual = usual

    @functools.cached_property
    def sample(self) -> pa.Table:
        """Rows from the whole of the table, without those that may hold totals."""
        rows = self.table.num_rows
        full = np.flatnonzero(self.counts[EDGE_ROWS : rows - EDGE_ROWS] > SPARSE * self.usual)
        places = np.linspace(0, max(len(full) - 1, 0), min(SAMPLE_ROWS, len(full))).astype(int)
        return self.table.take(pa.array(full[places] + EDGE_ROWS))

    @functools.cached_property
    def profiles(self) -> list[evidence.Profile]:
        """What the columns are like."""
        return [evidence.Profile.of([cell or "" for cell in column.to_pylist()])
                for column in self.sample.columns]  # fmt: skip

    @functools.cached_property
    def estimates(self) -> Floats:
        """What the columns sum up to, as far as the sample tells, shape (columns,)."""
        sums = np.array([np.nansum(_numbers(column)) for column in self.sample.columns])
        scale = self.table.num_rows / max(self.sample.num_rows, 1)
        return np.asarray(sums * scale, dtype=np.float64)

    def reason(self, row: int, totals: Mapping[int, str], *, is_edge: bool) -> str | None:
        """Return why a row holds totals; None if it may be a respondent."""
        cells = [column[row].as_py() or "" for column in self.table.columns]
        filled = [(at, cell.strip()) for at, cell in enumerate(cells) if cell.strip()]
        numbers = {
            at: number
            for at, cell in filled
            if self.profiles[at].is_numeric and abs(number := _number(cell)) > 0
        }  # a sum of zeros shows nothing
        label = next(
            (cell for at, cell in filled if at not in numbers and self._is_label(at, cell)), None
        )
        is_sparse = bool(self.counts[row] <= SPARSE * self.usual)
        if label is None and not is_sparse and not self._may_be_sums(numbers):
            return None
        for kind in ("sum", "mean", "percentage"):
            agreeing = self._agreeing(kind, row, numbers, totals)
            is_beyond = kind != "mean" and self._is_beyond(agreeing, numbers)
            is_shown = is_beyond and (is_sparse or len(agreeing) >= MIN_AGREEING)
            if (label or is_shown) and len(agreeing) >= max(1, MIN_SHARE * len(numbers)):
                names = [repr(self.table.column_names[at]) for at in agreeing[:SHOWN_COLUMNS]]
                return f"{kind}s of {', '.join(names)}"
        if is_edge and label and LABEL.fullmatch(label) and len(filled) <= ALONE * self.usual:
            return "a label that is none of its column, and most other cells empty"
        return None

    def _is_label(self, at: int, cell: str) -> bool:
        """Return whether a text is none of its column."""
        profile = self.profiles[at]
        is_total = LABEL.fullmatch(cell) is not None and profile.counts[cell] == 0
        return is_total or profile.against(cell) > MIN_UNLIKE

    def _is_beyond(self, columns: Sequence[int], numbers: Mapping[int, float]) -> bool:
        """Return whether a sum is greater than every answer of its column."""
        return any(abs(numbers[at]) > max(abs(self.profiles[at].low), abs(self.profiles[at].high))
                   for at in columns)  # fmt: skip

    def _may_be_sums(self, numbers: Mapping[int, float]) -> bool:
        """Return whether numbers are about as large as the sums of their columns."""
        near = [
            abs(self.estimates[at]) / NEAR <= abs(number) <= abs(self.estimates[at]) * NEAR
            for at, number in numbers.items()
        ]
        return sum(map(bool, near)) > len(numbers) / 2

    def _agreeing(
        self, kind: str, row: int, numbers: Mapping[int, float], totals: Mapping[int, str]
    ) -> list[int]:
        """Return the columns whose number in a row sums up rows it may refer to.

        It is their sum, their mean or the percentage of those with 1.

        These are the rows since the last totals, all above, all below, and all.
        """
        since = max((other + 1 for other in totals if other < row), default=0)
        last = self.table.num_rows
        parts = [(since, row), (0, row), (row + 1, last), (0, last)]
        excluded = [*totals, row]
        return [
            at
            for at, number in numbers.items()
            if any(self._agrees(kind, at, number, part, excluded) for part in parts)
        ]

    def _agrees(
        self, kind: str, at: int, number: float, part: tuple[int, int], excluded: Sequence[int]
    ) -> bool:
        """Return whether a number is, as it is rounded, what some rows sum up to or their mean.

        A whole number may be the mean of many columns by chance, and counts as none. A percentage
        is that of the rows with 1 in a column of 0 and 1, and so above all of its numbers.
        """
        sums, known = self._running(at)
        start, end = part
        left_out = [other for other in excluded if start <= other < end]
        total = sums[end] - sums[start] - sum(sums[one + 1] - sums[one] for one in left_out)
        count = known[end] - known[start] - sum(known[one + 1] - known[one] for one in left_out)
        if count < MIN_SUMMED or (kind == "mean" and number == round(number)):
            return False
        if kind == "percentage" and abs(number) <= self.profiles[at].high:
            return False
        wanted = {"sum": total, "mean": total / count, "percentage": 100 * total / count}[kind]
        decimals = len(repr(number).partition(".")[2]) if number != round(number) else 0
        return bool(abs(wanted - number) <= max(0.5001 * 10.0**-decimals, EXACT * abs(wanted)))

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - a search lives as long as one reading
    def _running(self, at: int) -> tuple[Floats, Floats]:
        """Return the sums and the counts of the numbers above each row, shape (rows + 1,)."""
        values = _numbers(self.table.column(at))
        return (
            np.concatenate([[0.0], np.cumsum(np.nan_to_num(values))]),
            np.concatenate([[0.0], np.cumsum(~np.isnan(values))]),
        )


def _number(cell: str) -> float:
    """Return a number with marks of currency and between thousands; NaN for anything else."""
    if re.fullmatch(NUMBER, cell) is None:
        return math.nan
    bare = re.sub(r",(\d{3})", r"\1", re.sub(r"[^\d,.+-]", "", cell)).replace(",", ".")
    return float(bare) if re.fullmatch(PLAIN, bare) else math.nan


def _numbers(column: pa.ChunkedArray) -> Floats:
    """Return the same of a column of text, float64, shape (rows,)."""
    is_number = pc.match_substring_regex(column, NUMBER)
    bare = pc.replace_substring_regex(column, r"[^\d,.+-]", "")
    bare = pc.replace_substring_regex(bare, r",(\d{3})", r"\1")
    bare = pc.replace_substring(bare, ",", ".")
    kept = pc.if_else(pc.and_(is_number, pc.match_substring_regex(bare, PLAIN)), bare, None)
    return np.asarray(pc.fill_null(kept.cast(pa.float64()), np.nan), dtype=np.float64)
