"""Value labels: the answers that the codes of a column stand for."""

import dataclasses
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulacra.engine.columns.schema import CleaningAction

MAX_UNLABELLED = 12
"""The most codes without a label among labelled ones, as in a scale of 0 to 10 with labels at its
ends only; a column with more is a number."""

MAX_ORDINAL_CODES = 20
MAX_SLIP_SHARE = 0.05
"""Codes without a label that at most this share of the rows has are slips of a coder."""

NO_ANSWER = re.compile(
    r"\W*(refus|don'?t know|do not know|no answer|not answered|no response|not applicable|missing|"
    r"prefer not|not asked|not stated|skipped|unknown|n/?a\b|dk\b|ref\b|wei(ß|ss) nicht|"
    r"keine angabe|ne sait pas|no sabe|no contesta)",
    re.IGNORECASE,
)

MIN_GAP, MIN_GAP_SHARE = 2, 0.1
"""How far above the values without a label a code is off their scale, and in shares of its length:
97 may be the oldest age where others are up to 93."""

LabelValues = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class ValueLabels:
    """The value labels of one column.

    Attributes:
        labels: code to label.
        is_ordinal: the file states that the codes are ordered.
        is_scale: the file states that the codes are numbers.
        has_stated_missing: a caller states which codes stand for no answer.
    """

    labels: Mapping[float, str]
    is_ordinal: bool
    is_scale: bool
    has_stated_missing: bool = False

    @classmethod
    def of(
        cls,
        labels: Mapping[float, str],
        is_ordinal: bool,  # noqa: FBT001 - as the file states them, together
        is_scale: bool,  # noqa: FBT001
        *,
        has_stated_missing: bool = False,
    ) -> "ValueLabels":
        """Return the labels without superfluous spaces; empty ones are left out."""
        tidy = {code: " ".join(label.split()) for code, label in labels.items()}
        filled = {code: label for code, label in tidy.items() if label}
        return cls(filled, is_ordinal, is_scale, has_stated_missing)

    def no_answers(self, values: npt.NDArray[np.float64]) -> list[float]:
        """Return the labelled codes of a column of numbers that stand for no answer.

        A code does if it is negative where no other value is, if it is written in the digits that
        are set aside for this (9, 98, 888) and lies well apart from the values without a label,
        or behind a labelled end of their scale, or if its label says so.

        Args:
            values: float64, shape (rows,): the codes of the column, NaN where missing.
        """
        if self.has_stated_missing:
            return []
        known = np.unique(values[~np.isnan(values)])
        bare = known[~np.isin(known, list(self.labels))]
        if not len(bare):
            return [code for code, label in self.labels.items() if NO_ANSWER.match(label)]
        low, high = float(bare.min()), float(bare.max())
        gap = max(MIN_GAP, MIN_GAP_SHARE * (high - low))
        ends = [code for code in self.labels if code > high]
        return [
            code
            for code, label in sorted(self.labels.items())
            if (code < 0 <= low)
            or (_is_set_aside(code) and (code - high >= gap or (code > high and code > min(ends))))
            or NO_ANSWER.match(label)
        ]


def _is_set_aside(code: float) -> bool:
    """Tell whether a code has the digits that coders set aside: 7, 8 or 9 alone, or 9s in front."""
    digits = _plain(abs(code))
    return bool(re.fullmatch(r"7+|8+|9+|9+[4-9]", digits))


def apply(
    name: str, values: npt.NDArray[np.float64], value_labels: ValueLabels
) -> tuple[pa.Array, LabelValues, list[CleaningAction]]:
    """Return a dictionary of labels in the order of their codes, or else numbers.

    The codes of the levels and what was done are returned too.

    Args:
        name: of the column.
        values: float64, shape (rows,): its codes, NaN where missing.
        value_labels: of the column.
    """
    if _is_number(values, value_labels):
        array, actions = _numbers(name, values, value_labels)
        return array, (), actions
    values, actions = _without_slips(name, values, value_labels)
    codes = sorted({*np.unique(values[~np.isnan(values)]), *value_labels.labels})
    texts = [value_labels.labels.get(code) or _plain(code) for code in codes]
    levels, relabelled = _distinct(name, texts, [_plain(code) for code in codes])
    positions = np.searchsorted(codes, np.where(np.isnan(values), codes[0], values))
    array = pa.DictionaryArray.from_arrays(
        pa.array(positions.astype(np.int32), mask=np.isnan(values)),
        pa.array(levels, pa.string()),
        ordered=value_labels.is_ordinal,
    )
    return array, tuple(map(float, codes)), actions + relabelled


def _without_slips(
    name: str, values: npt.NDArray[np.float64], value_labels: ValueLabels
) -> tuple[npt.NDArray[np.float64], list[CleaningAction]]:
    """Return values without codes that cannot be answers: unlabelled fractions and negatives.

    Negative codes can be answers where another negative code has a label.
    """
    if not value_labels.labels:
        return values, []
    is_slip = ~np.isnan(values) & ~np.isin(values, list(value_labels.labels))
    is_slip &= (values != np.round(values)) | ((values < 0) & (min(value_labels.labels) >= 0))
    count = int(is_slip.sum())
    reason = f"{count} negative or broken codes without a label taken as missing"
    actions = [CleaningAction(name, "blanked", reason, count)] if count else []
    return np.where(is_slip, np.nan, values), actions


def _is_number(values: npt.NDArray[np.float64], value_labels: ValueLabels) -> bool:
    known = values[~np.isnan(values)]
    present = np.unique(known)
    bare = present[~np.isin(present, list(value_labels.labels))]
    if len(bare) == len(present):  # no value has a label
        is_whole = bool(np.all(present == np.round(present)))
        return not (value_labels.is_ordinal and is_whole and 1 < len(present) <= MAX_ORDINAL_CODES)
    is_slip = np.isin(known, bare).sum() <= MAX_SLIP_SHARE * len(known)
    if len(bare) == 0 or is_slip:
        return False
    is_whole = bool(np.all(bare == np.round(bare)))
    return (
        value_labels.is_scale
        or not is_whole
        or len(bare) > max(MAX_UNLABELLED, len(value_labels.labels))
    )


def _numbers(
    name: str, values: npt.NDArray[np.float64], value_labels: ValueLabels
) -> tuple[pa.Array, list[CleaningAction]]:
    """Return numbers; labelled codes that are no numbers of the scale are missing."""
    refused = value_labels.no_answers(values)
    is_refused = np.isin(values, refused)
    actions = [
        CleaningAction(
            name,
            "blanked",
            f"{count} values {_plain(code)} ({value_labels.labels[code]!r}), off the scale of the "
            "other values, taken as no answer",
            count,
        )
        for code in refused
        if (count := int(np.sum(values == code)))
    ]
    unused = len(value_labels.labels.keys() - refused)
    if unused:
        reason = f"a column of numbers; {unused} value labels are not used"
        actions.append(CleaningAction(name, "removed", reason, unused))
    return pa.array(values, mask=np.isnan(values) | is_refused), actions


def apply_to_texts(
    name: str, texts: Sequence[str | None], labels: Mapping[str, str], *, is_ordinal: bool
) -> tuple[pa.Array, tuple[str, ...], list[CleaningAction]]:
    """Return a dictionary of labels for codes that are texts, the codes, and what was done."""
    tidy = {code.strip(): " ".join(label.split()) for code, label in labels.items()}
    bare = sorted({text for text in texts if text is not None and text not in tidy})
    codes = [*sorted(tidy), *bare]
    levels, actions = _distinct(name, [tidy.get(code) or code for code in codes], codes)
    position_of = {code: position for position, code in enumerate(codes)}
    indices = pa.array([None if text is None else position_of[text] for text in texts], pa.int32())
    array = pa.DictionaryArray.from_arrays(
        indices, pa.array(levels, pa.string()), ordered=is_ordinal
    )
    return array, tuple(codes), actions


def _distinct(
    name: str, texts: Sequence[str], codes: Sequence[str]
) -> tuple[list[str], list[CleaningAction]]:
    """Return levels in which the code tells equal labels apart, and an action if there are any."""
    counts = Counter(texts)
    levels = [
        f"{text} ({code})" if counts[text] > 1 else text
        for text, code in zip(texts, codes, strict=True)
    ]
    duplicates = sum(count for count in counts.values() if count > 1)
    reason = f"{duplicates} codes share their label; the code was added to it"
    return levels, [CleaningAction(name, "relabelled", reason, duplicates)] if duplicates else []


def _plain(code: float) -> str:
    return str(int(code)) if code == round(code) else str(code)
