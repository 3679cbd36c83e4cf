"""The runtime that serves a request, as a parameter of endpoints."""

from typing import Annotated, cast

from fastapi import Depends, Request

from simulacra.service import runtime


def runtime_of(request: Request) -> runtime.Runtime:
    """Return the runtime that serves `request`."""
    return cast("runtime.Runtime", request.app.state.runtime)


async def serving(request: Request) -> runtime.Runtime:
    """Return it to FastAPI, which would call a plain function in another thread."""
    return runtime_of(request)


Runtime = Annotated[runtime.Runtime, Depends(serving)]
"""A parameter of endpoints."""
