"""Operations that are to end, as every answer of theirs says: since when, until when, what instead.

A route names it among its dependencies, beside ``deprecated=True`` for the OpenAPI document::

    @router.get("/v1/old", deprecated=True, dependencies=[deprecation.announced(since, until, new)])
"""

import datetime as dt
import email.utils
from typing import Any

from fastapi import Depends, Response

NOTICE = dt.timedelta(days=30)
"""How long before its end an operation says so at least."""


def announced(since: dt.datetime, until: dt.datetime, successor: str) -> Any:  # noqa: ANN401 - a dependency
    """Return a dependency that puts Deprecation (RFC 9745), Sunset (RFC 8594) and Link on answers.

    Args:
        since: when the operation became deprecated, with a time zone.
        until: when it ends, likewise.
        successor: address of what takes its place.

    Raises:
        ValueError: there are fewer than `NOTICE` between the two.
    """
    if until - since < NOTICE:
        raise ValueError(f"an operation is announced to end {NOTICE.days} days before it does")
    headers = {
        "Deprecation": f"@{int(since.timestamp())}",
        "Sunset": email.utils.format_datetime(until.astimezone(dt.UTC), usegmt=True),
        "Link": f'<{successor}>; rel="successor-version"',
    }

    async def say(response: Response) -> None:
        response.headers.update(headers)

    return Depends(say)
