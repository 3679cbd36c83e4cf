"""Numbers of request bodies."""

from typing import Annotated

from pydantic import BeforeValidator, Field


def _whole(value: object) -> object:
    """Take 5000.0 for 5000: some clients' JSON knows no integers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
"""A field of a model."""
