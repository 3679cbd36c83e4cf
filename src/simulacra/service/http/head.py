"""HEAD, which every path answers that answers GET (RFC 9110, section 9.3.2)."""

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from simulacra.service.http import guards


def answer(app: FastAPI) -> None:
    """Have an application answer HEAD as it does GET, where no route says how itself."""
    app.add_middleware(_Head, app=app)


class _Head:
    """ASGI layer that hands HEAD on as GET; the server leaves the body out."""

    def __init__(self, inner: ASGIApp, app: FastAPI) -> None:
        self._inner = inner
        self._own = [
            route.path_regex
            for route in guards.routes(app)
            if isinstance(route, APIRoute) and "HEAD" in (route.methods or ())
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        if not is_head or any(path.match(scope["path"]) for path in self._own):
            await self._inner(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}  # the server and the log go on seeing HEAD
        await self._inner(asked, receive, send)
        scope["route"] = asked.get("route")
