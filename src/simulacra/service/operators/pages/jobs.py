"""Jobs: what waits, runs and failed, and what an operator can do about one."""

import dataclasses
import enum
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from simulacra.service import tenancy
from simulacra.service.database import tables
from simulacra.service.database.statuses import OPEN, JobStatus
from simulacra.service.http import serving
from simulacra.service.jobs import administration
from simulacra.service.operators import guard, rendering
from simulacra.service.tenants import administration as tenants

PAGE_ROWS = 50

router = APIRouter(prefix="/jobs", route_class=rendering.Page)


class Done(enum.StrEnum):
    """What was done just before a page is shown."""

    RETRIED = "retried"
    CANCELLED = "cancelled"


@router.get("")
async def list_jobs(
    request: Request,
    runtime: serving.Runtime,
    operator: guard.SignedIn,
    status: str = "",
    operation: str = "",
    tenant_id: str = "",
    before: str = "",
) -> Response:
    """Show jobs, the newest first; a field that a form left empty lets all pass."""
    wanted = administration.Filter(
        tenant_id=tenant_id.strip() or None,
        status=JobStatus(status) if status in set(JobStatus) else None,
        operation=operation if operation in runtime.job_kinds else None,
    )
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        jobs, older = await administration.newest(session, wanted, PAGE_ROWS, before or None)
        names = {it.id: it.company_name for it in await tenants.all_tenants(session)}
        administration.note_view(session, operator.actor, wanted.tenant_id)
    chosen = {field: value for field, value in dataclasses.asdict(wanted).items() if value}
    return rendering.render(
        request,
        "jobs.html",
        jobs=jobs,
        names=names,
        wanted=wanted,
        statuses=list(JobStatus),
        operations=sorted(runtime.job_kinds),
        is_first=not before,
        newest=f"?{urlencode(chosen)}" if chosen else "?",
        older=f"?{urlencode(chosen | {'before': older})}" if older else None,
    )


@router.get("/{job_id}")
async def show_job(
    job_id: str,
    request: Request,
    runtime: serving.Runtime,
    operator: guard.SignedIn,
    done: Done | None = None,
) -> Response:
    """Show one job."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        job = await administration.get(session, job_id)
        tenant = await session.get_one(tables.Tenant, job.tenant_id)
        if done is None:  # what was done just before is on record itself
            administration.note_view(session, operator.actor, job.tenant_id, job.id)
    is_open = JobStatus(job.status) in OPEN
    return rendering.render(
        request, "job.html", job=job, company=tenant.company_name, is_open=is_open, done=done
    )


@router.post("/{job_id}/retry", max_body_size=rendering.MAX_FORM_BYTES)
async def retry(job_id: str, runtime: serving.Runtime, operator: guard.SignedIn) -> Response:
    """Have an open job begin anew at once."""
    await administration.retry(runtime.database, runtime.endings, job_id, operator.actor)
    return _shown(job_id, Done.RETRIED)


@router.post("/{job_id}/cancel", max_body_size=rendering.MAX_FORM_BYTES)
async def cancel(job_id: str, runtime: serving.Runtime, operator: guard.SignedIn) -> Response:
    """End an open job."""
    await administration.cancel(runtime.database, runtime.endings, job_id, operator.actor)
    return _shown(job_id, Done.CANCELLED)


def _shown(job_id: str, done: Done) -> Response:
    return rendering.redirect(f"/operator/jobs/{job_id}?done={done}")
