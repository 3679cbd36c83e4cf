"""The studies of the tenant, and each of them: how far it is, how long it is kept."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service import policy
from simulacra.service.database import tables
from simulacra.service.database.statuses import DatasetStatus, JobStatus
from simulacra.service.datasets import repository
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.http import paging, serving
from simulacra.service.jobs import service as jobs
from simulacra.service.studio import guard, rendering, study

STAGES = {
    "queued": "Waits for its turn",
    "starting": "Starts",
    "reading": "Reads the file",
    "cleaning": "Cleans the answers",
    "fitting": "Trains the model",
    "writing": "Stores the model",
    "completed": "Done",
}
"""What the stages of a training are called."""
DAYS = (1, 2, 3, 5, policy.MAX_RETENTION.days)
"""How long a study may be kept, for the form."""

router = APIRouter(route_class=rendering.Page)


@router.get("/")
async def list_studies(
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    after: paging.After = None,
    done: str = "",
) -> Response:
    """Show the studies, the newest first."""
    async with runtime.database.transaction(person.tenant_id) as session:
        rows, next_after = await repository.page(session, after, paging.DEFAULT_LIMIT)
    return rendering.render(
        request,
        "studies.html",
        studies=rows,
        next_after=next_after,
        is_first=after is None,
        was_deleted=done == "deleted",
    )


@router.get("/studies/{dataset_id}")
async def show_study(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    done: str = "",
) -> Response:
    """Show one study: how far its training is, or what came of it."""
    dataset = await study.read(runtime, person, dataset_id)
    document = None
    if dataset.status == DatasetStatus.READY:
        dataset, document = await study.published(runtime, person, dataset_id)
    job = await jobs.read(runtime.database, person.caller, dataset.job_id)
    return rendering.render(
        request,
        "study.html",
        study=dataset,
        published=document,
        progress=job,
        stages=STAGES,
        days=_longer(dataset),
        was_kept=done == "kept",
    )


@router.get("/studies/{dataset_id}/progress")
async def show_progress(
    dataset_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Show how far a training is, as a part of the page; once it has ended, load that again."""
    dataset = await study.read(runtime, person, dataset_id)
    job = await jobs.read(runtime.database, person.caller, dataset.job_id)
    if JobStatus(job.status).is_final:
        return rendering.go(request, f"/studio/studies/{dataset_id}")
    return rendering.render(request, "progress.html", study=dataset, progress=job, stages=STAGES)


@router.post("/studies/{dataset_id}/keep", max_body_size=rendering.MAX_FORM_BYTES)
async def keep(
    dataset_id: str,
    request: Request,
    runtime: serving.Runtime,
    person: guard.SignedIn,
    days: Annotated[int, Form(ge=1, le=policy.MAX_RETENTION.days)],
) -> Response:
    """Keep a study longer, counted from its upload."""
    await datasets_of(runtime).extend(person.caller, dataset_id, 24 * days)
    return rendering.go(request, f"/studio/studies/{dataset_id}?done=kept")


@router.post("/studies/{dataset_id}/delete", max_body_size=rendering.MAX_FORM_BYTES)
async def delete(
    dataset_id: str, request: Request, runtime: serving.Runtime, person: guard.SignedIn
) -> Response:
    """Delete a study and end its jobs."""
    await datasets_of(runtime).delete(person.caller, dataset_id)
    return rendering.go(request, f"{rendering.HOME}?done=deleted")


def _longer(dataset: tables.Dataset) -> list[tuple[int, dt.datetime]]:
    """Return the days for which a study can be kept, and until when that is."""
    ends = [(days, dataset.created_at + dt.timedelta(days=days)) for days in DAYS]
    return [(days, until) for days, until in ends if until > dataset.expires_at]
