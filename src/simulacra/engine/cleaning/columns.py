"""From an Arrow column to a draft: which column type it is."""

import pyarrow as pa
from pyarrow import types as arrow_types

from simulacra.engine.cleaning import texts
from simulacra.engine.columns import nominal, registry
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.texts.conventions import UNKNOWN, Conventions


def draft(
    array: pa.ChunkedArray,
    conventions: Conventions = UNKNOWN,
    *,
    is_labelled: bool = False,
    as_levels: bool = False,
) -> Draft | None:
    """Return a column's draft, or None if its Arrow type holds neither numbers nor categories.

    Args:
        array: the column.
        conventions: how its texts are written.
        is_labelled: the order of a dictionary is that of the file's value labels.
        as_levels: keep texts as levels even where they could be read as numbers or dates.
    """
    arrow_type = array.type
    if arrow_types.is_dictionary(arrow_type):
        if not _is_text(arrow_type.value_type):
            return draft(array.cast(arrow_type.value_type), conventions)
        if not arrow_type.ordered and not is_labelled:
            array = pa.chunked_array([nominal.single_dictionary(array).cast(pa.string())])
    if _is_text(array.type):
        return texts.recognise(array.cast(pa.string()), conventions, as_levels=as_levels)
    return registry.analyse(array)


def meaningless(arrow_type: pa.DataType) -> str:
    """Return why a column of a type that has no draft cannot be modelled."""
    if (
        arrow_types.is_binary(arrow_type)
        or arrow_types.is_large_binary(arrow_type)
        or arrow_types.is_binary_view(arrow_type)
        or arrow_types.is_fixed_size_binary(arrow_type)
    ):
        return "bytes that are no UTF-8 text"
    if arrow_types.is_map(arrow_type):
        return "maps of keys to values"
    if arrow_types.is_struct(arrow_type):
        return "structs that hold more than single values"
    if arrow_types.is_nested(arrow_type) and not arrow_types.is_union(arrow_type):
        return "lists that do not hold the options chosen of a few, each once"
    return f"unsupported type {arrow_type}"


def _is_text(arrow_type: pa.DataType) -> bool:
    return bool(
        arrow_types.is_string(arrow_type)
        or arrow_types.is_large_string(arrow_type)
        or arrow_types.is_string_view(arrow_type)
    )
