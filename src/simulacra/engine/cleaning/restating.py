"""What reading and cleaning found out about a study, stated as the overrides of `pipeline.fit`."""

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.drafts import Draft
from simulacra.engine.columns.schema import CleaningAction, Column, MultipleResponseSet
from simulacra.engine.options import Options


def overrides(
    raw: RawStudy,
    columns: Sequence[tuple[Column, Draft]],
    sets: Iterable[MultipleResponseSet],
    actions: Sequence[CleaningAction],
    options: Options,
) -> dict[str, Any]:
    """Return the arguments with which the same file is read and cleaned in the same way.

    What a file states itself, such as the types of a Parquet file, is not repeated. Columns go by
    their names in the file.

    Args:
        raw: the study as it was read.
        columns: those that are left, and their drafts.
        sets: the multiple-response sets.
        actions: what was done.
        options: what the caller has stated.
    """
    source_name = {column.name: column.source_name for column, _ in columns}
    guessed = [(column, draft) for column, draft in columns if _is_guessed(raw, column)]
    conventions = [(column.source_name, draft.conventions) for column, draft in guessed]
    split = {one.name for one in raw.answer_lists}  # separators state their sets
    found: dict[str, Any] = {
        **raw.overrides,
        "decimal": options.decimal,
        "types": {column.source_name: _type(column, options) for column, _ in guessed},
        "keep": _named("kept", source_name, actions),
        "drop": _named("dropped", dict.fromkeys(raw.table.column_names), actions),
        "missing": {
            **raw.overrides.get("missing", {}),
            **{name: [*it.missing] for name, it in conventions if it.missing},
        },
        "dates": {name: it.date_order for name, it in conventions if it.date_order},
        "sets": {
            one.label: [source_name[name] for name in one.columns]
            for one in sets
            if one.name not in split
        },
        "weight": options.weight,
    }
    if raw.sets:  # the file states them itself
        del found["sets"]
    return {name: value for name, value in found.items() if value not in (None, [], {})}


def _is_guessed(raw: RawStudy, column: Column) -> bool:
    """Tell whether the type of a column was found out from its cells."""
    kind = raw.table.schema.field(column.source_name).type
    if pa.types.is_integer(kind):
        return column.type.is_temporal
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _type(column: Column, options: Options) -> str | list[str]:
    for name in (column.source_name, column.name):
        if name in options.levels:
            return [*options.levels[name]]
    return str(column.type)


def _named(action: str, names: dict[str, Any], actions: Sequence[CleaningAction]) -> list[str]:
    """Return the names in the file of the columns to which something was done."""
    done = dict.fromkeys(each.column for each in actions if each.action == action)
    return [names[name] or name for name in done if name in names]
