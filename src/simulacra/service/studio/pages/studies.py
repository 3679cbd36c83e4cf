"""The studies of the tenant."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulacra.service.datasets import repository
from simulacra.service.http import paging, serving
from simulacra.service.studio import guard, rendering

router = APIRouter(route_class=rendering.Page)


@router.get("/")
async def list_studies(
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    after: paging.After = None,
) -> Response:
    """Show the studies, the newest first."""
    async with runtime.database.transaction(person.tenant_id) as session:
        rows, next_after = await repository.page(session, after, paging.DEFAULT_LIMIT)
    return rendering.render(
        request, "studies.html", studies=rows, next_after=next_after, is_first=after is None
    )
