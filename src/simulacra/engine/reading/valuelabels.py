"""Value labels: codes that stand for answers."""

import dataclasses
import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from simulacra.engine.columns.schema import CleaningAction

MAX_UNLABELLED = 12
"""So many codes without a label may stand between labelled ones, as in a scale of 0 to 10 whose
ends are labelled; with more, the column is a number."""

MAX_ORDINAL_CODES = 20
MAX_SLIP_SHARE = 0.05
"""Codes without a label in fewer rows are slips in a column of labels, whatever they are."""

NO_ANSWER = re.compile(
    r"\W*(refus|don'?t know|do not know|no answer|not answered|no response|not applicable|missing|"
    r"prefer not|not asked|not stated|skipped|unknown|n/?a\b|dk\b|ref\b|wei(ß|ss) nicht|"
    r"keine angabe|ne sait pas|no sabe|no contesta)",
    re.IGNORECASE,
)

Codes = tuple[float, ...]


@dataclasses.dataclass(frozen=True)
class Coding:
    """How a column's codes are to be read.

    Attributes:
        labels: code to label.
        is_ordinal: the file says that the codes are ordered.
        is_scale: the file says that the codes are numbers.
    """

    labels: Mapping[float, str]
    is_ordinal: bool
    is_scale: bool

    @classmethod
    def of(cls, labels: Mapping[float, str], is_ordinal: bool, is_scale: bool) -> "Coding":  # noqa: FBT001
        """Return the coding with tidy labels; an empty label is none."""
        tidy = {code: " ".join(label.split()) for code, label in labels.items()}
        return cls({code: label for code, label in tidy.items() if label}, is_ordinal, is_scale)


def apply(
    name: str, values: npt.NDArray[np.float64], coding: Coding
) -> tuple[pa.Array, Codes, list[CleaningAction]]:
    """Return a dictionary of the labels in the order of their codes, or numbers.

    Also the code of each level, and what was done.
    """
    if _is_number(values, coding):
        array, actions = _numbers(name, values, coding)
        return array, (), actions
    values, actions = _without_slips(name, values, coding)
    codes = sorted({*np.unique(values[~np.isnan(values)]), *coding.labels})
    texts = [coding.labels.get(code) or _plain(code) for code in codes]
    levels, noted = _distinct(name, texts, [_plain(code) for code in codes])
    positions = np.searchsorted(codes, np.where(np.isnan(values), codes[0], values))
    array = pa.DictionaryArray.from_arrays(
        pa.array(positions.astype(np.int32), mask=np.isnan(values)),
        pa.array(levels, pa.string()),
        ordered=coding.is_ordinal,
    )
    return array, tuple(map(float, codes)), actions + noted


def _without_slips(
    name: str, values: npt.NDArray[np.float64], coding: Coding
) -> tuple[npt.NDArray[np.float64], list[CleaningAction]]:
    """Take codes without a label as missing that can be none: fractions, and negative ones.

    Where a label belongs to a negative code, others may too.
    """
    if not coding.labels:
        return values, []
    is_slip = ~np.isnan(values) & ~np.isin(values, list(coding.labels))
    is_slip &= (values != np.round(values)) | ((values < 0) & (min(coding.labels) >= 0))
    count = int(is_slip.sum())
    reason = f"{count} negative or broken codes without a label taken as missing"
    actions = [CleaningAction(name, "blanked", reason, count)] if count else []
    return np.where(is_slip, np.nan, values), actions


def _is_number(values: npt.NDArray[np.float64], coding: Coding) -> bool:
    known = values[~np.isnan(values)]
    present = np.unique(known)
    bare = present[~np.isin(present, list(coding.labels))]
    if len(bare) == len(present):  # no value has a label
        whole = bool(np.all(present == np.round(present)))
        return not (coding.is_ordinal and whole and 1 < len(present) <= MAX_ORDINAL_CODES)
    is_slip = np.isin(known, bare).sum() <= MAX_SLIP_SHARE * len(known)
    if len(bare) == 0 or is_slip:
        return False
    is_whole = bool(np.all(bare == np.round(bare)))
    return coding.is_scale or not is_whole or len(bare) > max(MAX_UNLABELLED, len(coding.labels))


def _numbers(
    name: str, values: npt.NDArray[np.float64], coding: Coding
) -> tuple[pa.Array, list[CleaningAction]]:
    """Return numbers; codes that are labelled as no answer are missing."""
    refused = [code for code, label in coding.labels.items() if NO_ANSWER.match(label)]
    is_refused = np.isin(values, refused)
    count, actions = int(is_refused.sum()), []
    if count:
        reason = f"{count} codes in a column of numbers that are labelled as no answer"
        actions.append(CleaningAction(name, "blanked", reason, count))
    kept = len(coding.labels.keys() - refused)
    if kept:
        reason = f"a column of numbers; {kept} value labels are not used"
        actions.append(CleaningAction(name, "removed", reason, kept))
    return pa.array(values, mask=np.isnan(values) | is_refused), actions


def apply_to_texts(
    name: str, texts: Sequence[str | None], labels: Mapping[str, str], *, is_ordinal: bool
) -> tuple[pa.Array, list[CleaningAction]]:
    """Return a dictionary of the labels of codes that are texts."""
    tidy = {code.strip(): " ".join(label.split()) for code, label in labels.items()}
    bare = sorted({text for text in texts if text is not None and text not in tidy})
    codes = [*sorted(tidy), *bare]
    levels, actions = _distinct(name, [tidy.get(code) or code for code in codes], codes)
    place = {code: position for position, code in enumerate(codes)}
    indices = pa.array([None if text is None else place[text] for text in texts], pa.int32())
    array = pa.DictionaryArray.from_arrays(
        indices, pa.array(levels, pa.string()), ordered=is_ordinal
    )
    return array, actions


def _distinct(
    name: str, texts: Sequence[str], codes: Sequence[str]
) -> tuple[list[str], list[CleaningAction]]:
    """Tell codes with the same label apart by naming the code."""
    counts = Counter(texts)
    levels = [
        f"{text} ({code})" if counts[text] > 1 else text
        for text, code in zip(texts, codes, strict=True)
    ]
    twins = sum(count for count in counts.values() if count > 1)
    reason = f"{twins} codes share their label; the code was added to it"
    return levels, [CleaningAction(name, "relabelled", reason, twins)] if twins else []


def _plain(code: float) -> str:
    return str(int(code)) if code == round(code) else str(code)
