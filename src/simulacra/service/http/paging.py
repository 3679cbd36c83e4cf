"""Where a page of a list begins, and how long it is."""

from typing import Annotated

from fastapi import Query

After = Annotated[str | None, Query(description="`next_after` of the page before.")]
DEFAULT_LIMIT = 50
Limit = Annotated[int, Query(ge=1, le=100)]
"""Parameters of operations that list; `database.paging` reads the page."""
