"""From an Arrow column to a draft: what its type is."""

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types as pt

from simulacra.engine.cleaning import texts
from simulacra.engine.cleaning.drafts import Draft, floats, number
from simulacra.engine.columns.schema import ColumnType

PLAIN = (
    (pt.is_boolean, ColumnType.BOOLEAN, (pa.int8(),)),
    (pt.is_date, ColumnType.DATE, (pa.date32(), pa.int32())),
    (pt.is_timestamp, ColumnType.DATETIME, (pa.timestamp("us"), pa.int64())),
    (pt.is_null, ColumnType.NOMINAL, (pa.float64(),)),
)
"""Arrow types that need only casts, one after the other."""


def draft(
    array: pa.ChunkedArray, *, is_labelled: bool = False, as_levels: bool = False
) -> Draft | None:
    """Return a column's draft, or None if its Arrow type holds neither numbers nor categories.

    Args:
        array: the column.
        is_labelled: the order of a dictionary is that of the file's value labels.
        as_levels: text is wanted as it stands, even where it could be read as numbers or dates.
    """
    kind = array.type
    if pt.is_dictionary(kind):
        if not _is_text(kind.value_type):
            return draft(array.cast(kind.value_type))
        if kind.ordered or is_labelled:
            return _dictionary(array)
        array = pa.chunked_array([_merged(array).cast(pa.string())])
    if _is_text(array.type):
        return texts.recognise(array.cast(pa.string()), as_levels=as_levels)
    if pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind):
        return number(floats(array.cast("float64", safe=False)))
    return _plain(array)


def _plain(array: pa.ChunkedArray) -> Draft | None:
    for has_type, column_type, arrow_types in PLAIN:
        if has_type(array.type):
            for arrow_type in arrow_types:
                array = array.cast(arrow_type, safe=False)
            levels = ("false", "true") if column_type is ColumnType.BOOLEAN else ()
            return Draft(column_type, floats(array), levels)
    return None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))


def _merged(array: pa.ChunkedArray) -> pa.DictionaryArray:
    unified = array.unify_dictionaries().combine_chunks()
    return unified.chunk(0) if isinstance(unified, pa.ChunkedArray) else unified


def _dictionary(array: pa.ChunkedArray) -> Draft:
    merged = _merged(array)
    levels = [level for level in merged.dictionary.to_pylist() if level is not None]
    codes = pc.index_in(merged.cast(pa.string()), pa.array(levels, pa.string()))
    codes = pc.if_else(merged.is_valid(), codes, None)
    kind = ColumnType.ORDINAL if array.type.ordered else ColumnType.NOMINAL
    return Draft(kind, floats(pa.chunked_array([codes])), tuple(levels))
