"""What type a raw column is, and its values as numbers.

Categories become the position of their level, dates and times their distance from 1970 (days,
microseconds); a missing value is NaN throughout.
"""

import dataclasses
import math
import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as pt

from simulacra.engine.schema import ColumnType, point

Values = npt.NDArray[np.float64]

MAX_EXACT = 2**53  # beyond it a float64 does not hold every integer
MAX_DECIMALS = 9
MAX_NUMBER = 1e29  # trees see 32 bits; beyond is a code for something else, as infinity is
SIGNIFICANT = 6

PLAIN = (
    (pt.is_boolean, ColumnType.BOOLEAN, (pa.int8(),)),
    (pt.is_date, ColumnType.DATE, (pa.date32(), pa.int32())),
    (pt.is_timestamp, ColumnType.DATETIME, (pa.timestamp("us"), pa.int64())),
    (pt.is_null, ColumnType.NOMINAL, (pa.float64(),)),
)
"""Arrow types that need only casts, one after the other."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+(,\d+)?")
PADDED = re.compile(r"[+-]?0\d")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?")


@dataclasses.dataclass(frozen=True)
class Draft:
    """A column whose type is known.

    Attributes:
        type: its type.
        values: one number a row.
        levels: of a category, by position.
        decimals: digits behind the point that all values have at most.
    """

    type: ColumnType
    values: Values
    levels: tuple[str, ...] = ()
    decimals: int = 0

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which rows have a value."""
        return ~np.isnan(self.values)


def draft(array: pa.ChunkedArray) -> Draft | None:
    """Return a column's draft, or None if its Arrow type holds neither numbers nor categories."""
    kind = array.type
    if pt.is_dictionary(kind) and _is_text(kind.value_type):
        return _dictionary(array, ordered=kind.ordered)
    if pt.is_dictionary(kind):
        return draft(array.cast(kind.value_type))
    if _is_text(kind):
        return _text(array)
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return _number(_floats(array.cast("float64", safe=False)))
    for has_type, column_type, arrow_types in PLAIN:
        if has_type(kind):
            for arrow_type in arrow_types:
                array = array.cast(arrow_type, safe=False)
            levels = ("false", "true") if column_type is ColumnType.BOOLEAN else ()
            return Draft(column_type, _floats(array), levels)
    return None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _floats(array: pa.ChunkedArray) -> Values:
    return np.array(pc.fill_null(array.cast("float64"), np.nan).to_numpy(), dtype=np.float64)


def _number(values: Values) -> Draft:
    values = np.where(np.abs(values) <= MAX_NUMBER, values, np.nan)
    decimals = _decimals(values[~np.isnan(values)])
    is_whole = decimals == 0 and not np.any(np.abs(values) >= MAX_EXACT)
    kind = ColumnType.INTEGER if is_whole else ColumnType.NUMBER
    return Draft(kind, values, decimals=decimals)


def _decimals(known: Values) -> int:
    """Return how many digits behind the point the values have; more than 9 only if all are tiny."""
    for decimals in range(MAX_DECIMALS):
        if np.all(np.round(known, decimals) == known):
            return decimals
    typical = float(np.median(np.abs(known[known != 0])))
    return max(MAX_DECIMALS, min(SIGNIFICANT - math.floor(math.log10(typical)), 300))


def _dictionary(array: pa.ChunkedArray, *, ordered: bool) -> Draft:
    unified = array.unify_dictionaries().combine_chunks()
    merged = unified.chunk(0) if isinstance(unified, pa.ChunkedArray) else unified
    if not ordered:
        return _text(pa.chunked_array([merged.cast(pa.string())]))
    levels = [level for level in merged.dictionary.to_pylist() if level is not None]
    codes = pc.index_in(merged.cast(pa.string()), pa.array(levels, pa.string()))
    codes = pc.if_else(merged.is_valid(), codes, None)
    return Draft(ColumnType.ORDINAL, _floats(pa.chunked_array([codes])), tuple(levels))


def _text(array: pa.ChunkedArray) -> Draft:
    encoded = pc.utf8_trim_whitespace(array.cast(pa.string())).combine_chunks().dictionary_encode()
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    texts: list[str] = encoded.dictionary.to_pylist()
    codes = _floats(pa.chunked_array([encoded.indices]))
    codes[np.isin(codes, [index for index, text in enumerate(texts) if text == ""])] = np.nan
    filled = [text for text in texts if text]
    for recognise in (_as_booleans, _as_numbers, _as_moments):
        if filled and (found := recognise(filled, texts, codes)):
            return found
    return _as_levels(texts, codes)


def _as_levels(texts: list[str], codes: Values) -> Draft:
    order = sorted((text for text in texts if text), key=lambda text: (text.casefold(), text))
    position = {text: index for index, text in enumerate(order)}
    return Draft(
        ColumnType.NOMINAL,
        _looked_up([position.get(text, np.nan) for text in texts], codes),
        tuple(order),
    )


def _as_booleans(filled: list[str], texts: list[str], codes: Values) -> Draft | None:
    if {text.lower() for text in filled} != {"false", "true"}:
        return None
    values = [float(text.lower() == "true") for text in texts]
    return Draft(ColumnType.BOOLEAN, _looked_up(values, codes), ("false", "true"))


def _as_numbers(filled: list[str], texts: list[str], codes: Values) -> Draft | None:
    if any(PADDED.match(text) for text in filled):
        return None  # 01234 is a code, not a number
    if _groups_thousands(filled):
        texts = [text.replace(",", "") for text in texts]
    elif all(DECIMAL_COMMA.fullmatch(text) for text in filled):
        texts = [text.replace(",", ".") for text in texts]
    elif not all(NUMBER.fullmatch(text) for text in filled):
        return None
    values = [float(text) if text else np.nan for text in texts]
    if any(abs(value) >= MAX_EXACT for value in values):
        return None
    return _number(_looked_up(values, codes))


def _groups_thousands(filled: list[str]) -> bool:
    """Tell 1,250 and 12,000 from decimal commas: threes behind each comma, and no bare thousand."""
    with_comma = [text for text in filled if "," in text]
    bare = [text for text in filled if "," not in text]
    return (
        bool(with_comma)
        and all(THOUSANDS.fullmatch(text) for text in with_comma)
        and all(NUMBER.fullmatch(text) and abs(float(text)) < 1000 for text in bare)
    )


def _as_moments(filled: list[str], texts: list[str], codes: Values) -> Draft | None:
    for kind, pattern in ((ColumnType.DATE, DATE), (ColumnType.DATETIME, DATETIME)):
        if all(pattern.fullmatch(text) for text in filled):
            try:
                values = [point(kind, text) if text else np.nan for text in texts]
            except ValueError:  # 2023-02-30
                return None
            return Draft(kind, _looked_up(values, codes))
    return None


def _looked_up(values: list[float], codes: Values) -> Values:
    table = np.asarray([*values, np.nan], dtype=np.float64)
    return table[np.where(np.isnan(codes), len(values), codes).astype(np.int64)]
