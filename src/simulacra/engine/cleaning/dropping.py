"""Which columns a model cannot use, and why."""

import re
from collections.abc import Sequence

import numpy as np

from simulacra.engine import disclosure
from simulacra.engine.cleaning import pooling
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.nominal import NOMINAL

MAX_MISSING_SHARE = 0.98
MIN_KNOWN = 10
MIN_VARYING = 5
MIN_VARYING_SHARE = 0.002
MAX_LEVEL_LENGTH = 500
"""The longest level in characters; a longer text is prose, which a schema must not publish."""

UNIQUE_SHARE = 0.5
MIN_ANSWERED = 0.3
"""From this share of rows on that give one of the common answers, the others are write-ins of a
question with answers, and are pooled."""
MIN_UNIQUE = 20
MAX_TRIED = 5_000
"""Levels, evenly spread, by which it is told what most of them look like."""
MIN_PHONE = 1_000_000

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
PHONE_NAME = re.compile(r"(^|[\W_])(phone|mobile|telephone|tel|fax)([\W_]|$)", re.IGNORECASE)
PHONE = re.compile(r"\+?[\d ()/.-]{7,20}")
RANGE = re.compile(r"(\d+)\s*[-/]\s*(\d+)")
IDENTIFIER = re.compile(
    r"(^|[\W_])(id|uuid|guid|serial|respondent|respid|caseid|case|record)([\W_]|$)"
    r"|(respondent|response|record|participant|customer|user)[\W_]*(id|no|nr|number)([\W_]|$)",
    re.IGNORECASE,
)
MAX_BIRTHDAYS = 20
"""The largest expected number of repeats among values drawn at random from a range that may fail to
occur: by chance they do so once in exp(20) columns, the birthday problem."""
MIN_SERIAL = 100_000_000
"""Whole numbers from here on, if all differ, are serial numbers whatever the column's name."""

UNSHARED = f"no answer is shared by {disclosure.THRESHOLD} rows"


def reason(name: str, draft: Draft) -> str | None:
    """Return why a column is dropped, or None if it stays.

    Args:
        name: the name of the column in the file.
        draft: its values.
    """
    known = draft.values[draft.known]
    rows = len(draft.values)
    if len(known) < MIN_KNOWN or len(known) < (1 - MAX_MISSING_SHARE) * rows:
        return f"almost all missing: {len(known)} of {rows} rows have a value"
    _, counts = np.unique(known, return_counts=True)
    if len(counts) == 1 and len(known) == rows:
        is_pooled = any(note.action == "pooled" for note in draft.notes)
        return UNSHARED if is_pooled else "constant: every row has the same value"
    varying = rows - max(counts.max(), rows - len(known))
    if varying < max(MIN_VARYING, MIN_VARYING_SHARE * rows):
        return f"near-zero variance: {varying} of {rows} rows differ from the rest"
    if draft.type.is_categorical:
        return _text_reason(draft, len(counts), len(known))
    if draft.type is INTEGER and len(counts) > UNIQUE_SHARE * len(known):
        return _number_reason(name, known, len(counts), rows)
    return None


def obstacle(draft: Draft) -> str | None:
    """Return why a column cannot be kept even if a caller asks for it, or None if it can.

    The bounds of very few values would be those of single respondents, and a text that differs in
    nearly every row has no level left once rare levels are pooled.
    """
    known = draft.values[draft.known]
    if len(known) < MIN_KNOWN:
        return f"fewer than {MIN_KNOWN} rows have a value"
    states, counts = np.unique(known, return_counts=True)
    if draft.type.is_categorical and counts.max() < disclosure.THRESHOLD:
        return f"fewer than {disclosure.THRESHOLD} rows share a value"
    if len(states) + (len(known) < len(draft.values)) < 2:
        return "there is nothing to learn from one value"
    return None


def _text_reason(draft: Draft, distinct: int, known: int) -> str | None:
    counts = draft.level_counts
    is_common = counts >= disclosure.THRESHOLD
    common = [draft.levels[level] for level in np.flatnonzero(is_common)]
    longest = max(map(len, common), default=0)
    if longest > MAX_LEVEL_LENGTH:
        return f"free text: the longest has {longest:,} characters"
    if common == [pooling.POOL] == [*draft.levels]:
        return UNSHARED
    if draft.type is not NOMINAL or distinct < MIN_UNIQUE:
        return None
    tried = draft.levels[:: -(-len(draft.levels) // MAX_TRIED)]
    patterns = [("e-mail addresses", EMAIL)]
    if not _are_ranges(tried):
        patterns.append(("phone numbers", PHONE))
    for content, pattern in patterns:
        matching = sum(pattern.fullmatch(level) is not None for level in tried)
        if matching > len(tried) / 2:
            return f"personal data: most values look like {content}"
    is_question = len(common) > 1 and counts[is_common].sum() >= MIN_ANSWERED * known
    if distinct > UNIQUE_SHARE * known and not is_question:
        return f"identifier or free text: {distinct} different texts in {known} rows"
    return None


def _number_reason(name: str, known: np.ndarray, distinct: int, rows: int) -> str | None:
    if PHONE_NAME.search(name) and np.median(np.abs(known)) >= MIN_PHONE:
        return "personal data: most values look like phone numbers"
    if distinct < len(known):
        return None
    if IDENTIFIER.search(name) or known.min() >= MIN_SERIAL:
        return "identifier: a different whole number in every row"
    if len(known) == rows and np.all(np.abs(np.diff(known)) == 1):
        return "identifier: the number of the row"
    span = known.max() - known.min() + 1
    if len(known) ** 2 > 2 * MAX_BIRTHDAYS * span:
        return (
            f"identifier: {len(known):,} different whole numbers, though so many numbers within "
            f"{span:,.0f} would repeat if they were not assigned"
        )
    return None


def _are_ranges(levels: Sequence[str]) -> bool:
    """Tell whether most levels are two numbers of as many digits, and all such are in order.

    So are bands of income and years of schools; the parts of phone numbers are in order in half of
    them at most, or have different lengths.
    """
    found = [match.groups() for match in map(RANGE.fullmatch, levels) if match]
    ends = [(int(low), int(high)) for low, high in found if len(low) == len(high)]
    return len(ends) > len(levels) / 2 and all(low < high for low, high in ends)
