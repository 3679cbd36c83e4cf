"""Tables of Arrow whose types say the same thing in several ways, brought to one of them.

Views, run-end encoded columns, extension types and bytes that are UTF-8 become plain columns,
dictionaries get texts for values, and a struct of single values becomes a column a field. What has
no meaning here stays as it is, and cleaning drops it with the reason.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from simulacra.engine.columns.schema import CleaningAction

NAME, FACTS = b"ARROW:extension:name", b"ARROW:extension:metadata"
"""In the metadata of a field whose extension type is not registered."""
PANDAS_INTERVAL = "pandas.interval"
CLOSED = {"left": ("[", ")"), "right": ("(", "]"), "both": ("[", "]"), "neither": ("(", ")")}
FIELD = "."
"""Between the name of a struct and that of a field."""


def plain(table: pa.Table) -> tuple[pa.Table, list[CleaningAction]]:
    """Return a table with plain columns, and what was done; names may come twice as before."""
    named: list[tuple[str, pa.ChunkedArray]] = []
    actions: list[CleaningAction] = []
    for field, column in zip(table.schema, table.columns, strict=True):
        made = list(_columns(field, column))
        if len(made) > 1 or made[0][0] != field.name:
            reason = f"a struct; each of its {len(made)} fields is a column"
            actions.append(CleaningAction(field.name, "split", reason, len(made)))
        named += made
    return pa.table([column for _, column in named], names=[name for name, _ in named]), actions


def _columns(field: pa.Field, column: pa.ChunkedArray) -> Iterator[tuple[str, pa.ChunkedArray]]:
    """Yield the plain columns of a column, with their names."""
    column = _one(field, column)
    kind = column.type
    if (
        not types.is_struct(kind)
        or not kind.num_fields
        or any(types.is_nested(each.type) and not types.is_struct(each.type) for each in kind)
    ):
        yield field.name, column
        return
    for each, values in zip(kind, column.flatten(), strict=True):
        yield from _columns(each.with_name(f"{field.name}{FIELD}{each.name}"), values)


def _one(field: pa.Field, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column in the plain form of its type."""
    kind = column.type
    interval = _interval(field, kind)
    if interval is not None:
        return _ordered(_texts_of_intervals(_storage(column), interval))
    decode = next((decode for is_such, decode in DECODERS if is_such(kind)), None)
    if decode is None:
        return column
    decoded = decode(column)
    return decoded if decoded.type == kind else _one(pa.field(field.name, decoded.type), decoded)


def _storage(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not isinstance(column.type, pa.BaseExtensionType):
        return column
    return pa.chunked_array([chunk.storage for chunk in column.chunks], column.type.storage_type)


def _runs(column: pa.ChunkedArray) -> pa.ChunkedArray:
    decoded = [pc.run_end_decode(chunk) for chunk in column.chunks]
    return pa.chunked_array(decoded, column.type.value_type)


def _is_extension(kind: pa.DataType) -> bool:
    return isinstance(kind, pa.BaseExtensionType)


def _is_binary(kind: pa.DataType) -> bool:
    return bool(
        types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


def _is_list(kind: pa.DataType) -> bool:
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return bytes as texts if all are UTF-8."""
    if not types.is_binary(column.type) and not types.is_large_binary(column.type):
        column = column.cast(pa.large_binary())
    try:
        text = column.cast(pa.large_string())
        text.validate(full=True)
    except pa.ArrowInvalid:
        return column
    return text


def _list(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return lists of texts, or of what they hold."""
    value = column.type.value_type
    if types.is_dictionary(value) and _is_text(value.value_type):
        value = value.value_type
    if _is_text(value):
        return pa.chunked_array([pa.array(column.to_pylist(), pa.list_(pa.string()))])
    if _is_binary(value):
        try:
            lists = [None if cell is None else [None if it is None else it.decode() for it in cell]
                     for cell in column.to_pylist()]  # fmt: skip
        except UnicodeDecodeError:
            return column
        return pa.chunked_array([pa.array(lists, pa.list_(pa.string()))])
    if types.is_list_view(column.type) or types.is_large_list_view(column.type):
        return pa.chunked_array([pa.array(column.to_pylist(), pa.list_(value))])
    return column


def _dictionary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return an ordered dictionary with texts for values; of another one, the values."""
    kind = column.type
    if not kind.ordered:
        chunks = [_values(chunk).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks) if chunks else pa.chunked_array([[]], pa.string())
    chunks = [
        pa.DictionaryArray.from_arrays(chunk.indices, _texts(chunk.dictionary), ordered=True)
        for chunk in column.chunks
    ]
    return pa.chunked_array(chunks) if chunks else pa.chunked_array([[]], pa.string())


def _values(chunk: pa.DictionaryArray) -> pa.Array:
    """Return the values of a dictionary as a type that has all kernels."""
    values = chunk.dictionary
    if _is_text(values.type) or _interval(pa.field("", values.type), values.type):
        return _texts(values)
    return values


def _texts(values: pa.Array) -> pa.Array:
    """Return the values of a dictionary as texts: whole numbers without decimals."""
    interval = _interval(pa.field("", values.type), values.type)
    if interval is not None:
        return _texts_of_intervals(_storage(pa.chunked_array([values])), interval).combine_chunks()
    plain_values = _one(pa.field("", values.type), pa.chunked_array([values]))
    if types.is_floating(plain_values.type):
        listed = [None if it is None else _number(it) for it in plain_values.to_pylist()]
        return pa.array(listed, pa.string())
    try:
        return _whole(plain_values.cast(pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.array([None if it is None else str(it) for it in plain_values.to_pylist()])


def _whole(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else str(value)


@dataclasses.dataclass(frozen=True)
class _Interval:
    """Intervals of pandas, and which of their ends belong to them."""

    closed: str


def _interval(field: pa.Field, kind: pa.DataType) -> _Interval | None:
    """Return what is known of intervals of pandas, None if the column holds others."""
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name != PANDAS_INTERVAL:
            return None
        facts = json.loads(kind.__arrow_ext_serialize__())
    else:
        metadata = field.metadata or {}
        if metadata.get(NAME) != PANDAS_INTERVAL.encode() or not types.is_struct(kind):
            return None
        facts = json.loads(metadata.get(FACTS, b"{}"))
    return _Interval(facts.get("closed", "right"))


def _texts_of_intervals(column: pa.ChunkedArray, interval: _Interval) -> pa.ChunkedArray:
    """Return intervals as pandas writes them: (0, 30]."""
    first, last = CLOSED.get(interval.closed, CLOSED["right"])
    listed = [
        None if it is None or it["left"] is None else f"{first}{it['left']}, {it['right']}{last}"
        for it in column.to_pylist()
    ]
    return pa.chunked_array([pa.array(listed, pa.string())])


def _ordered(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return texts of intervals as an ordered dictionary, by their lower ends."""
    levels = sorted({text for text in column.to_pylist() if text is not None}, key=_lower_end)
    positions = pc.index_in(column, pa.array(levels, pa.string()))
    chunks: Sequence[pa.Array] = [
        pa.DictionaryArray.from_arrays(chunk, pa.array(levels, pa.string()), ordered=True)
        for chunk in positions.chunks
    ]
    return pa.chunked_array(chunks)


def _lower_end(text: str) -> tuple[float, str]:
    try:
        return float(text[1:].partition(",")[0]), text
    except ValueError:  # an interval of dates, whose texts have their order
        return 0.0, text


DECODERS: tuple[
    tuple[Callable[[pa.DataType], bool], Callable[[pa.ChunkedArray], pa.ChunkedArray]], ...
] = (
    (_is_extension, _storage),
    (types.is_run_end_encoded, _runs),
    (types.is_dictionary, _dictionary),
    (types.is_string_view, lambda column: column.cast(pa.large_string())),
    (_is_binary, _decoded),
    (_is_list, _list),
)
"""How columns of a kind of types become plainer; what becomes of them is decoded again."""
