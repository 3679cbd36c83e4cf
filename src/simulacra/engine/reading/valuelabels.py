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

LabelValues = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class ValueLabels:
    """The value labels of one column.

    Attributes:
        labels: code to label.
        is_ordinal: the file states that the codes are ordered.
        is_scale: the file states that the codes are numbers.
    """

    labels: Mapping[float, str]
    is_ordinal: bool
    is_scale: bool

    @classmethod
    def of(cls, labels: Mapping[float, str], is_ordinal: bool, is_scale: bool) -> "ValueLabels":  # noqa: FBT001
        """Return the labels without superfluous spaces; empty ones are left out."""
        tidy = {code: " ".join(label.split()) for code, label in labels.items()}
        return cls({code: label for code, label in tidy.items() if label}, is_ordinal, is_scale)


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
    """Return numbers; codes that are labelled as no answer are missing."""
    refused = [code for code, label in value_labels.labels.items() if NO_ANSWER.match(label)]
    is_refused = np.isin(values, refused)
    count, actions = int(is_refused.sum()), []
    if count:
        reason = f"{count} codes in a column of numbers that are labelled as no answer"
        actions.append(CleaningAction(name, "blanked", reason, count))
    unused = len(value_labels.labels.keys() - refused)
    if unused:
        reason = f"a column of numbers; {unused} value labels are not used"
        actions.append(CleaningAction(name, "removed", reason, unused))
    return pa.array(values, mask=np.isnan(values) | is_refused), actions


def apply_to_texts(
    name: str, texts: Sequence[str | None], labels: Mapping[str, str], *, is_ordinal: bool
) -> tuple[pa.Array, list[CleaningAction]]:
    """Return a dictionary of labels for codes that are texts, and what was done."""
    tidy = {code.strip(): " ".join(label.split()) for code, label in labels.items()}
    bare = sorted({text for text in texts if text is not None and text not in tidy})
    codes = [*sorted(tidy), *bare]
    levels, actions = _distinct(name, [tidy.get(code) or code for code in codes], codes)
    position_of = {code: position for position, code in enumerate(codes)}
    indices = pa.array([None if text is None else position_of[text] for text in texts], pa.int32())
    array = pa.DictionaryArray.from_arrays(
        indices, pa.array(levels, pa.string()), ordered=is_ordinal
    )
    return array, actions


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
