"""The Idempotency-Key header: its form."""

import re
from typing import Annotated

from fastapi import Depends, Header, Request

from simulacra.service import policy
from simulacra.service.http import problems

LENGTH = f"1 to {policy.MAX_IDEMPOTENCY_KEY_LENGTH}"
CHARACTERS = rf"[A-Za-z0-9._:-]{{1,{policy.MAX_IDEMPOTENCY_KEY_LENGTH}}}"
PATTERN = re.compile(rf'(?P<quote>"?)(?P<key>{CHARACTERS})(?P=quote)')


def read(idempotency_key: str | None) -> str | None:
    """Return the key without its quotes, or None if there is no header."""
    if idempotency_key is None:
        return None
    match = PATTERN.fullmatch(idempotency_key)
    if match is None:
        raise problems.Problem(
            "simio_invalid_idempotency_key",
            f"The key has {len(idempotency_key)} characters; a key is {LENGTH} characters of "
            "A-Z a-z 0-9 . _ : - and may stand in one pair of double quotes.",
        )
    return match["key"]


async def only(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            json_schema_extra={"pattern": f'^({CHARACTERS}|"{CHARACTERS}")$'},
            description=f"{LENGTH} of A-Z a-z 0-9 . _ : -; makes a retry of this request safe.",
        ),
    ] = None,
) -> str | None:
    """Return the key, unless there are several: none of them may be ignored silently."""
    key = read(idempotency_key)
    count = len(request.headers.getlist("idempotency-key"))
    if count > 1:
        raise problems.Problem(
            "simio_invalid_idempotency_key", f"The request has {count} keys; send one."
        )
    return key


Key = Annotated[str | None, Depends(only)]
