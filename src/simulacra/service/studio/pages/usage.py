"""What the tenant has used, and may use."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulacra.service.database import tables
from simulacra.service.http import serving
from simulacra.service.studio import guard, rendering
from simulacra.service.tenants import administration
from simulacra.service.usage import windows

router = APIRouter(prefix="/usage", route_class=rendering.Page)


@router.get("")
async def show_usage(
    request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Show the figures of the current window, and of what is stored."""
    async with runtime.database.transaction(person.tenant_id) as session:
        tenant = await session.get_one(tables.Tenant, person.tenant_id)
        usage = await administration.usage_of(session, tenant)
        left = windows.remaining(tenant, usage.window)
    return rendering.render(
        request,
        "usage.html",
        tenant=tenant,
        usage=usage,
        left=left,
        most=runtime.policy.capacity.of(tenant),
        base_url=runtime.policy.base_url,
    )
