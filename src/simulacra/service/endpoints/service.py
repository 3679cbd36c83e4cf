"""Health and readiness."""

from importlib.metadata import version
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from simulacra.service import errors, tenancy
from simulacra.service.http import guards, openapi, serving
from simulacra.service.jobs import workers

router = APIRouter(tags=["service"], dependencies=[guards.Open])


class HealthDocument(BaseModel):
    """That the process is alive."""

    status: Literal["ok"]
    version: str


class ReadinessDocument(BaseModel):
    """That the process can serve requests."""

    status: Literal["ready"]
    version: str
    confinement: str = Field(description="Of jobs: `full`, `partial` or `unknown`.")


@router.get(
    "/healthz",
    operation_id="getHealth",
    summary="Ask whether the process is alive",
    responses={
        200: {
            "description": "It is.",
            "links": {"ready": openapi.link("getReadiness", "Ask whether it can serve.")},
        }
    },
)
async def get_health() -> HealthDocument:
    """Tell that the process is alive, whatever it depends on; see `/readyz`."""
    return HealthDocument(status="ok", version=version("simulacra"))


@router.get(
    "/readyz",
    operation_id="getReadiness",
    summary="Ask whether requests can be served",
    responses={
        200: {
            "description": "They can.",
            "links": {"token": openapi.link("issueToken", "Get an access token.")},
        }
    },
)
async def get_readiness(runtime: serving.Runtime) -> ReadinessDocument:
    """Tell whether requests can be served: database, its tables and object store are there.

    A process that is about to end is not ready either. `confinement` says whether the workers
    confine all jobs (`full`, `partial`, or `unknown` while there is no worker).
    """
    if runtime.draining.is_set():
        raise errors.NotReadyError("This process is about to end.")
    await runtime.readiness.check()
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        confinement = workers.confinement(await workers.alive(session))
    return ReadinessDocument(status="ready", version=version("simulacra"), confinement=confinement)
