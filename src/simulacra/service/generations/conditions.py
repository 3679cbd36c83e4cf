"""Conditions checked against a dataset's schema, with an answer of bounded length.

Conditions that name thousands of columns or levels that are not there were made for another
dataset: that is said once, not of each.
"""

import json
from collections.abc import Iterator, Mapping

from simulacra.engine import errors as engine_errors
from simulacra.engine.columns import schema
from simulacra.engine.scenario import conditions
from simulacra.service import errors
from simulacra.service.datasets import payloads
from simulacra.service.generations.schemas import Conditions

MOST_UNKNOWN, MOST_FAULTS = 20, 500


def check(schema_text: str, scenario: Conditions) -> None:
    """Refuse conditions that do not fit a published schema; blocks for as long as this takes.

    Raises:
        errors.ConditionsInvalidError: more than `MOST_UNKNOWN` columns, or levels, are unknown.
        simulacra.engine.errors.ConditionError: any other faults, up to `MOST_FAULTS` of them.
    """
    published = schema.Schema.from_json(json.loads(schema_text))
    _refuse_many(
        "simio_unknown_condition_column", "columns", list(_unknown_columns(published, scenario))
    )
    _refuse_many(
        "simio_unknown_condition_level", "levels", list(_unknown_levels(published, scenario))
    )
    try:
        conditions.parse(published, scenario.asked(), payloads.FORM)
    except engine_errors.ConditionError as error:
        if len(error.fields) <= MOST_FAULTS:
            raise
        raise engine_errors.ConditionError(error.fields[:MOST_FAULTS]) from None


def _unknown_columns(published: schema.Schema, scenario: Conditions) -> Iterator[str]:
    maps = (scenario.categorical, scenario.numeric, scenario.means or {}, scenario.bands or {})
    for kind, given in zip(("categorical", "numeric", "means", "bands"), maps, strict=True):
        yield from (errors.pointer(kind, name) for name in given if name not in published)


def _unknown_levels(published: schema.Schema, scenario: Conditions) -> Iterator[str]:
    for column in published.columns:
        shares, known = scenario.categorical.get(column.name), set(column.levels or ())
        if known and isinstance(shares, Mapping):
            for level in shares:
                if level not in known:
                    yield errors.pointer("categorical", column.name, level)


def _refuse_many(code: str, what: str, pointers: list[str]) -> None:
    if len(pointers) > MOST_UNKNOWN:
        detail = f"{len(pointers)} {what} that the conditions name are not in the dataset's schema."
        faults = [
            errors.Fault(f"/conditions{pointer}", "This is not in the schema.", code)
            for pointer in pointers[:MOST_UNKNOWN]
        ]
        raise errors.ConditionsInvalidError(detail, faults)
