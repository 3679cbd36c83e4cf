"""The runtime that serves a request, as a parameter of endpoints."""

from typing import Annotated, cast

from fastapi import Depends, Request

from simulacra.service import runtime


def runtime_of(request: Request) -> runtime.Runtime:
    """Return the runtime that serves `request` (a FastAPI dependency)."""
    return cast("runtime.Runtime", request.app.state.runtime)


Runtime = Annotated[runtime.Runtime, Depends(runtime_of)]
"""A parameter of endpoints."""
