"""A segment as a caller names it, checked against a schema; it loads no numerical code."""

import contextlib
import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

from simulacra.engine import errors
from simulacra.engine.columns.schema import Schema
from simulacra.engine.scenario import conditions
from simulacra.engine.words import LIBRARY, Words


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the respondents of a segment have in common.

    Attributes:
        levels: column to the levels that it may have.
        ranges: column to ``min`` and ``max``, as conditions have them.
    """

    levels: Mapping[str, Sequence[str]]
    ranges: Mapping[str, Any]


def parse(schema: Schema, segment: Mapping[str, Any], words: Words = LIBRARY) -> Wanted:
    """Return a segment in terms of the schema.

    Args:
        schema: of the study.
        segment: column to a level, to a list of levels, or to ``{"min": ..., "max": ...}``; a
            respondent is in the segment who meets all of them.
        words: what the caller calls that by which a study gets another schema.

    Raises:
        errors.ConditionError: lists every fault, with its JSON pointer below the segment.
    """
    if not segment:
        detail = "The segment names no column; leave it out to have some chosen."
        raise errors.ConditionError([errors.FieldError("", detail, "invalid_field")])
    levels: dict[str, Sequence[str]] = {}
    ranges: dict[str, Any] = {}
    faults: list[errors.FieldError] = []
    for name, given in segment.items():
        if name in schema and schema[name].type.is_categorical and not _are_levels(given):
            detail = f"Give column {name!r} one of its levels, or a list of levels."
            faults.append(errors.FieldError(errors.pointer(name), detail, "invalid_field"))
            continue
        if name in schema and not schema[name].type.is_categorical:
            ranges[name] = _ends(given)
            asked = {"numeric": {name: ranges[name]}}
        else:
            texts = map(_text, given) if _is_list(given) else [_text(given)]
            levels[name] = [*dict.fromkeys(texts)]
            asked = {
                "categorical": {name: dict.fromkeys(levels[name], 1 / len(levels[name] or "?"))}
            }
        try:
            conditions.parse(schema, asked, words)
        except errors.ConditionError as error:
            faults += _pointed(name, given, error)
    if faults:
        raise errors.ConditionError(faults)
    return Wanted(levels, ranges)


def _pointed(
    name: object, given: object, error: errors.ConditionError
) -> Iterator[errors.FieldError]:
    """Yield the faults of a column as a segment has them: it has no kinds, and levels in a list."""
    places: dict[str, int] = {}
    if _is_list(given):
        places = {errors.pointer(_text(level)): index for index, level in enumerate(given)}
    for fault in error.fields:
        _, _, _, *within = fault.pointer.split("/")  # nothing, the kind, the column
        below = "".join(f"/{part}" for part in within)
        if not isinstance(given, Mapping):
            below = f"/{places[below]}" if below in places else ""
        yield dataclasses.replace(fault, pointer=errors.pointer(name) + below)


def _is_list(given: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(given, Iterable) and not isinstance(given, str | Mapping)


def _are_levels(given: object) -> bool:
    """Tell whether something is a level, or a list of some."""
    each = [*given] if _is_list(given) else [given]
    return bool(each) and all(isinstance(one, str | int | float) for one in each)


def _ends(given: object) -> object:
    """Return a range; that of a single value, alone or in a list, has it as both ends."""
    if isinstance(given, Mapping):
        return given
    value = given[0] if isinstance(given, list) and len(given) == 1 else given
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    return {"min": value, "max": value}


def _text(level: object) -> str:
    return str(level).lower() if isinstance(level, bool) else str(level)
