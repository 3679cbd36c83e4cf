"""Names that a table is asked for by, checked against a dataset's schema; each blocks meanwhile."""

import json

from simulacra.engine.columns import schema
from simulacra.engine.tabulating import naming
from simulacra.service import errors
from simulacra.service.generations.tabulation_schemas import MAX_CELLS, CrosstabRequest

SUPPORT_WEIGHT = "support_weight"
"""As `engine.pipeline` names the column, which loads numerical code."""


def check(schema_text: str, request: CrosstabRequest) -> None:
    """Refuse a table that does not fit a published schema, or that is too large.

    Raises:
        simulacra.engine.errors.TableError: names do not fit; says it of every one.
        errors.InvalidFieldsError: it would have more than `MAX_CELLS` cells.
    """
    published = _schema(schema_text)
    naming.check(published, request.rows, request.banner, request.weight)
    cells = naming.count_cells(published, request.rows, request.banner)
    if cells > MAX_CELLS:
        detail = (
            f"The table would have {cells:,} cells; one table may have {MAX_CELLS:,} at most. Name "
            "fewer rows, or fewer columns in the banner."
        )
        raise errors.InvalidFieldsError([errors.Fault("/rows", detail)])


def check_columns(schema_text: str, columns: list[str] | None) -> None:
    """Refuse a comparison by names that do not fit a published schema.

    Raises:
        simulacra.engine.errors.TableError: they do not; says it of every one.
    """
    if columns is not None:
        published = _schema(schema_text)
        naming.check_columns(published, published, columns)


def check_support_weight(schema_text: str) -> None:
    """Refuse a support weight where the study has a column of this name.

    Raises:
        errors.InvalidFieldsError: it has.
    """
    if SUPPORT_WEIGHT in _schema(schema_text):
        detail = f"The study has a column {SUPPORT_WEIGHT!r} of its own; leave this out."
        raise errors.InvalidFieldsError([errors.Fault("/support_weight", detail)])


def _schema(text: str) -> schema.Schema:
    return schema.Schema.from_json(json.loads(text))
