"""What waits for an operator, and what happened lately."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulacra.service import tenancy
from simulacra.service.audit import search
from simulacra.service.confinement import layers
from simulacra.service.http import serving
from simulacra.service.jobs import workers
from simulacra.service.monitoring import alerts, state
from simulacra.service.operators import guard, rendering
from simulacra.service.signups import service
from simulacra.service.tenants import administration

RECENT = 10

router = APIRouter(route_class=rendering.Page)


@router.get("/")
async def show_overview(request: Request, runtime: serving.Runtime, _: guard.SignedIn) -> Response:
    """Show the first page."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenants = await administration.all_tenants(session)
        waiting = await service.listed(session, service.SignupStatus.PENDING, RECENT)
        working = await workers.alive(session)
        recent, _next = await search.newest(session, search.Filter(), RECENT)
    present = await state.read(runtime.database, state.folders_of(runtime.policy.data_dir))
    active = sum(it.status == administration.TenantStatus.ACTIVE for it in tenants)
    return rendering.render(
        request,
        "overview.html",
        active=active,
        suspended=len(tenants) - active,
        signups=waiting,
        entries=recent,
        state=present,
        alerts=[
            it
            for it in alerts.raised(alerts.Situation(present, (), runtime.policy.job_seconds))
            if it.severity is not alerts.Severity.INFO  # requests for access are listed below
        ],
        workers=[(worker, sorted(layers.REQUIRED - set(worker.layers))) for worker in working],
    )
