"""What becomes of a study, for those who have to say so."""

import dataclasses
import datetime as dt

from fastapi import APIRouter
from pydantic import BaseModel, Field

from simulacra.service import custody
from simulacra.service.database import tables
from simulacra.service.http import guards, serving
from simulacra.service.stores import directory
from simulacra.service.stores.location import Location

router = APIRouter(tags=["service"])


class CustodyStep(BaseModel):
    """One step of a study's way."""

    name: str = Field(description="An identifier of the step.")
    what: str = Field(description="What is held.")
    place: str = Field(description="Where it lies.")
    key: str = Field(description="The key that it is encrypted under.")
    readers: str = Field(description="Who can read it.")
    end: str = Field(description="When it ends, and how.")
    recorded: list[str] = Field(description="Actions of the audit trail that it leaves.")


class CustodyDocument(BaseModel):
    """The way of a study through this installation."""

    retention_hours: float = Field(description="Life of what the tenant makes from now on.")
    steps: list[CustodyStep] = Field(description="In the order in which a study takes them.")


@router.get(
    "/v1/custody",
    operation_id="getCustody",
    summary="Read where a study lies, and who can read it",
    response_description="The steps of a study.",
)
async def get_custody(caller: guards.ReadUsage, runtime: serving.Runtime) -> CustodyDocument:
    """Return, for each step of a study, place, key, readers, end and record.

    The texts are true for the caller's tenant: lifetimes and places are those that hold now.
    """
    async with runtime.database.transaction(caller.tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, caller.tenant_id)
        hours = tenant.retention_hours
        row = await directory.current(session, caller.tenant_id)
    policy = runtime.policy
    retention = policy.retention if hours is None else dt.timedelta(hours=hours)
    steps = custody.steps(retention, policy.artifact_link, policy.job_history, _own(row))
    return CustodyDocument(
        retention_hours=retention / dt.timedelta(hours=1),
        steps=[CustodyStep(**dataclasses.asdict(step)) for step in steps],
    )


def _own(row: tables.CustomerStore | None) -> custody.OwnStorage | None:
    if row is None:
        return None
    location = Location.model_validate(row.location)
    return custody.OwnStorage(location.bucket, location.key, row.holds_studies)
