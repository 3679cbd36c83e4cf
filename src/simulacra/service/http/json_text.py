"""JSON that means one thing only, after I-JSON (RFC 7493): each name once, whole characters.

Python's reader keeps the last of two equal names, so that half of a share map could be lost
silently; and it accepts lone surrogates, which no later step can write. How deep it reads depends
on how deep it was called, so there is a limit of our own, far from where any step gives up.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from simulacra.service.http import guards

AT_ONCE_BYTES = 16 * 1024
"""A body up to this size takes two milliseconds or so, which a thread is not worth."""
MAX_DEPTH = 32
"""Arrays and objects within each other; what the operations take has five."""
TOO_DEEP = f"it is nested too deeply; {MAX_DEPTH} levels are the limit"
_PARSER = ThreadPoolExecutor(1, "json")  # more of them would leave less to the event loop


def parse(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON can say
    """Return what `body` says. NaN and infinities pass; it is the field that refuses them.

    Raises:
        json.JSONDecodeError: it is not JSON, says a name twice in one object, is nested too
            deeply, or holds a number or character that cannot be used.
    """
    try:
        value = json.loads(body, object_pairs_hook=_each_name_once)
        _check_depth(value)
        json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError:
        raise
    except RecursionError:
        raise _refusal(TOO_DEEP) from None
    except UnicodeError:
        raise _refusal("it is not UTF-8, or holds half of a surrogate pair") from None
    except ValueError:
        raise _refusal("it has a number of too many digits") from None
    return value


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _within(outer)]
        if not level:
            return
    raise _refusal(TOO_DEEP)


def _within(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _each_name_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) < len(members):
        (repeated, _), *_ = Counter(name for name, _ in members).most_common(1)
        raise _refusal(f"an object has the name {repeated!r} more than once")
    return value


def _refusal(reason: str) -> json.JSONDecodeError:
    return json.JSONDecodeError(reason, "", 0)


class Route(APIRoute):
    """A route that reads its JSON body with `parse`, once its guard has let the caller in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the framework's handler around our kind of request."""
        handle, guard = super().get_route_handler(), guards.guard_of(self)

        async def handle_strictly(request: Request) -> Response:
            if guard is not None:
                await guard.admit(request)
            return await handle(_Request(request.scope, request.receive))

        return handle_strictly


class _Request(Request):
    async def json(self) -> Any:  # noqa: ANN401 - as the framework declares it
        body = await self.body()
        if len(body) <= AT_ONCE_BYTES:
            return parse(body)
        # Meanwhile all others are served.
        return await asyncio.get_running_loop().run_in_executor(_PARSER, parse, body)
