"""Reading what is used of a subscription."""

from fastapi import APIRouter

from simulacra.service.database import tables
from simulacra.service.http import guards, openapi, serving
from simulacra.service.usage import ledger, schemas, windows

router = APIRouter(tags=["usage"])


@router.get(
    "/v1/usage",
    operation_id="getUsage",
    summary="Read the rows used and left",
    responses={
        200: {
            "description": "The figures.",
            "links": {"generations": openapi.link("listGenerations", "See what rows were for.")},
        }
    },
)
async def get_usage(caller: guards.ReadUsage, runtime: serving.Runtime) -> schemas.UsageDocument:
    """Return the figures of the current window.

    Rows are reserved when a generation is asked for, and billed by `rows_generated` when it ends;
    what it did not make is given back.
    """
    async with runtime.database.transaction(caller.tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, caller.tenant_id)
        window = await windows.current(session, tenant)
        return schemas.document(tenant, window, await ledger.billed_generations(session, window))
