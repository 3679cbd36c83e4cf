"""Health, the error pages and the OpenAPI document."""

import asyncio
import dataclasses
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select

from simulacra.service import runtime
from simulacra.service.http import catalog, guards, openapi, problems

HEALTH_SECONDS = 2

router = APIRouter(tags=["service"], dependencies=[guards.Open])


@router.get("/healthz", operation_id="getHealth", responses=openapi.problems())
async def get_health(
    running: runtime.Running,
) -> dict[str, str]:
    """Tell whether the service and its database answer."""
    try:
        async with asyncio.timeout(HEALTH_SECONDS):
            await running.database.look_up(select(1))
    except TimeoutError:
        raise problems.Problem(
            "simio_unavailable",
            f"The database did not answer within {HEALTH_SECONDS} seconds.",
            headers={"Retry-After": "2"},
        ) from None
    return {"status": "ok", "version": version("simulacra")}


@router.get("/errors", operation_id="listErrors", summary="List the error codes")
async def list_errors() -> dict[str, list[dict[str, Any]]]:
    """Return every code with its meaning, cause, fix and whether to retry."""
    return {"errors": [dataclasses.asdict(entry) for entry in catalog.CATALOG.values()]}


@router.get(
    "/errors/{code}",
    operation_id="getError",
    summary="Explain an error code",
    responses=openapi.problems(404),
)
async def get_error(code: str) -> dict[str, Any]:
    """Return what a code means, why it happens, what to do, and whether to retry."""
    entry = catalog.CATALOG.get(code)
    if entry is None:
        raise problems.Problem("simio_not_found", f"There is no error code {code!r}; see /errors.")
    return dataclasses.asdict(entry)


@router.get("/openapi.json", operation_id="getOpenapi", include_in_schema=False)
async def get_openapi(request: Request) -> dict[str, Any]:
    """Return the contract."""
    return openapi.document(request.app)
