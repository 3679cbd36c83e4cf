"""Health, readiness and the OpenAPI document."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request

from simulacra.service import errors, tenancy
from simulacra.service.http import guards, openapi, serving
from simulacra.service.jobs import workers

router = APIRouter(tags=["service"], dependencies=[guards.Open])


@router.get("/healthz", operation_id="getHealth", responses=openapi.problems())
async def get_health() -> dict[str, str]:
    """Tell that the process is alive, whatever it depends on; see `/readyz`."""
    return {"status": "ok", "version": version("simulacra")}


@router.get("/readyz", operation_id="getReadiness", responses=openapi.problems(503))
async def get_readiness(runtime: serving.Runtime) -> dict[str, str]:
    """Tell whether requests can be served: database, its tables and object store are there.

    A process that is about to end is not ready either. `confinement` says whether the workers
    confine all jobs (`full`, `partial`, or `unknown` while there is no worker).
    """
    if runtime.draining.is_set():
        raise errors.NotReadyError("This process is about to end.")
    await runtime.readiness.check()
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        confinement = workers.confinement(await workers.alive(session))
    return {"status": "ready", "version": version("simulacra"), "confinement": confinement}


@router.get("/openapi.json", operation_id="getOpenapi", include_in_schema=False)
async def get_openapi(request: Request) -> dict[str, Any]:
    """Return the contract."""
    return openapi.document(request.app)
