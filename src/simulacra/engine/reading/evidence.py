"""Whether a row is one of a table or names its columns.

What its cells have in common with the columns below them says so, all columns together.
"""

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence

NUMBER = re.compile(r"[-+(]?\s*[$€£]?\s*\d[\d.,  ]*\s*[%)€£]?")
DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?")
NO_ANSWER = re.compile(r"[-.?*]+|#?<?n\.?/?a\.?n?>?|#N/A.*|null|missing", re.IGNORECASE)
"""Texts that mean in most languages that a cell is empty."""

LETTERS, DIGITS = re.compile(r"[^\W\d_]+"), re.compile(r"\d+")
MARKS = "9@-_/"
"""What a pattern has that tells it from that of any word."""

LIMIT = 3.0
"""What one column can add to the evidence: no column decides alone."""

# The probability that a row of names has such a cell.
EMPTY_NAME, EMPTY_OPTION, NUMBER_AS_NAME, ANSWER_AS_NAME, OTHER_NAME = 0.05, 0.3, 0.1, 0.001, 0.95

MIN_NUMERIC = 0.8
"""A column of numbers has at least this share of them."""

MIN_KNOWN = 10
"""Of fewer cells no range and no pattern is known."""

MIN_PATTERN = 0.9
"""The share of the cells of a column that are written alike, such as C017 and C018."""


@dataclasses.dataclass(frozen=True)
class Profile:
    """What the cells of a column are like.

    Attributes:
        rows: how many cells were seen.
        counts: how often each text occurs.
        filled: how many cells hold an answer.
        once: how many answers occur once.
        is_numeric: the answers are numbers or dates.
        low, high: the least and greatest plain number; NaN without one.
        pattern: how at least `MIN_PATTERN` of the answers are written, such as C017 and C018; None
            if they differ, or most occur again.
    """

    rows: int
    counts: Counter[str]
    filled: int
    once: int
    is_numeric: bool
    low: float
    high: float
    pattern: str | None

    @classmethod
    def of(cls, cells: Sequence[str]) -> "Profile":
        """Return the profile of the cells of a column, whose empty ones are empty texts."""
        counts = Counter(cells)
        answers = {cell: count for cell, count in counts.items() if not is_missing(cell)}
        filled = sum(answers.values())
        numeric = sum(count for cell, count in answers.items() if is_quantity(cell))
        numbers = [number for cell in answers if not math.isnan(number := as_number(cell))]
        is_numeric = filled > 0 and numeric >= MIN_NUMERIC * filled
        once = sum(count == 1 for count in answers.values())
        is_varied = not is_numeric and filled >= MIN_KNOWN and once > filled / 2
        return cls(
            rows=len(cells),
            counts=counts,
            filled=filled,
            once=once,
            is_numeric=is_numeric,
            low=min(numbers, default=math.nan),
            high=max(numbers, default=math.nan),
            pattern=_common_pattern(answers) if is_varied else None,
        )

    def against(self, cell: str, *, empty_name: float = EMPTY_OPTION) -> float:
        """Return how much likelier a cell is among names than among the cells of this column.

        It is the logarithm of the ratio of the two probabilities, between `-LIMIT` and `LIMIT`.

        Args:
            cell: what the row has in this column.
            empty_name: the probability that a row of names has nothing there.
        """
        return max(-LIMIT, min(LIMIT, self._log_ratio(cell, empty_name)))

    def _log_ratio(self, cell: str, empty_name: float) -> float:
        seen = self.counts[cell]
        if self.filled == 0:
            ratio = 0.0
        elif not cell:
            ratio = math.log(empty_name * (self.rows + 2) / (seen + 1))
        elif is_missing(cell):
            ratio = min(0.0, math.log(ANSWER_AS_NAME * (self.rows + 2) / (seen + 1)))
        elif self.is_numeric and is_quantity(cell):
            ratio = math.log(NUMBER_AS_NAME / OTHER_NAME) if self.spans(cell) else 0.0
        elif seen:
            is_option = seen == self.filled  # a check box echoes the option that stands above it
            ratio = 0.0 if is_option else math.log(ANSWER_AS_NAME * self.filled / seen)
        elif self.is_numeric:
            ratio = math.log(OTHER_NAME * (self.filled + 2))
        else:
            name = NUMBER_AS_NAME if is_quantity(cell) else OTHER_NAME
            ratio = math.log(name * (self.filled + 2) / (self.once + 1)) + self._by_pattern(cell)
        return ratio

    def _by_pattern(self, cell: str) -> float:
        if self.pattern is None:
            return 0.0
        return -2.0 if _pattern(cell) == self.pattern else 2.0

    def spans(self, cell: str) -> bool:
        """Return whether a number may be one of the column; any may if few are known."""
        number = as_number(cell)
        if self.filled < MIN_KNOWN or math.isnan(number) or math.isnan(self.low):
            return True
        margin = self.high - self.low
        return self.low - margin <= number <= self.high + margin


def is_missing(cell: str) -> bool:
    """Return whether a cell is empty, or says so."""
    return not cell or NO_ANSWER.fullmatch(cell) is not None


def is_quantity(cell: str) -> bool:
    """Return whether a cell is a number or a date."""
    return NUMBER.fullmatch(cell) is not None or DATE.fullmatch(cell) is not None


def as_number(cell: str) -> float:
    """Return a number written plainly, NaN for anything else."""
    try:
        return float(cell) if cell[-1:].isdigit() else math.nan
    except ValueError:
        return math.nan


def _common_pattern(answers: Mapping[str, int]) -> str | None:
    """Return how nearly all texts are written, None if they differ or are plain words."""
    patterns: Counter[str] = Counter()
    for cell, count in answers.items():
        patterns[_pattern(cell)] += count
    pattern, alike = patterns.most_common(1)[0]
    is_common = alike >= MIN_PATTERN * patterns.total()
    return pattern if is_common and any(mark in pattern for mark in MARKS) else None


def _pattern(cell: str) -> str:
    return DIGITS.sub("9", LETTERS.sub("a", cell))
