"""`simulacra operator jobs`: see what is done in the background, and get it going again."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation, naming
from simulacra.service.database.statuses import JobStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from simulacra.cli.operator.installation import Installation
    from simulacra.service.audit.entry import Actor
    from simulacra.service.database import tables
    from simulacra.service.jobs.transitions import Endings
    from simulacra.service.settings import Settings
    from simulacra.service.tenancy import Database


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("jobs", help="see jobs, begin one anew, cancel one")
    jobs = parser.add_subparsers(metavar="VERB", required=True)
    listing = jobs.add_parser("list", help="list jobs, the newest first")
    naming.add_tenant_filter(listing, "only jobs of this tenant")
    listing.add_argument("--status", choices=[it.value for it in JobStatus])
    listing.add_argument("--operation", help="for example createDataset or createGeneration")
    console.add_page(listing, "before", "JOB_ID", "only jobs that are older than this one")
    console.add_options(listing)
    listing.set_defaults(run=print_all)
    for verb, run, meaning in (
        ("show", show, "show a job, its attempts, its times and its error"),
        ("retry", retry, "begin an open job anew at once, instead of after its pause"),
        ("cancel", cancel, "end an open job; nothing is billed for it"),
    ):
        one = jobs.add_parser(verb, help=meaning)
        one.add_argument("job_id", metavar="JOB_ID")
        console.add_options(one)
        one.set_defaults(run=run)


def print_all(arguments: argparse.Namespace) -> int:
    """List jobs."""
    from simulacra.service import tenancy
    from simulacra.service.jobs import administration

    status = None if arguments.status is None else JobStatus(arguments.status)

    async def read(parts: "Installation", _: "Settings") -> "console.Page":
        tenant_id = await naming.tenant_id_if_given(parts, arguments.tenant)
        wanted = administration.Filter(tenant_id, status, arguments.operation)
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            found, following = await administration.newest(
                session, wanted, arguments.limit, arguments.before
            )
            administration.note_view(session, installation.actor(), tenant_id)
        return console.Page([_row(it) for it in found], "before", following)

    console.print_page(arguments, installation.use(arguments.data_dir, read))
    return 0


def _row(job: "tables.Job") -> "dict[str, console.Value]":
    return {
        "job_id": job.id,
        "tenant_id": job.tenant_id,
        "operation": job.operation,
        "status": job.status,
        "stage": job.stage,
        "progress_percent": round(100 * job.progress),
        "attempts": job.attempt,
        "code": (job.error or {}).get("code"),
        "created_at": job.created_at,
        "ended_at": job.ended_at,
    }


def show(arguments: argparse.Namespace) -> int:
    """Show one job."""
    from simulacra.service import tenancy
    from simulacra.service.jobs import administration

    async def read(parts: "Installation", _: "Settings") -> "dict[str, console.Value]":
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            job = await administration.get(session, arguments.job_id)
            administration.note_view(session, installation.actor(), job.tenant_id, job.id)
            return _fields(job)

    fields = installation.use(arguments.data_dir, read)
    if arguments.json:
        console.print_json(fields)
    else:
        console.print_fields(fields)
    return 0


def _fields(job: "tables.Job") -> "dict[str, console.Value]":
    error = job.error or {}
    return {
        "job_id": job.id,
        "tenant_id": job.tenant_id,
        "operation": job.operation,
        "dataset_id": job.dataset_id,
        "generation_id": job.generation_id,
        "request_id": job.request_id,
        "status": job.status,
        "stage": job.stage,
        "progress_percent": round(100 * job.progress),
        "step": job.step,
        "steps": job.steps,
        "attempts": job.attempt,
        "attempts_excused": job.excused_attempts,
        "created_at": job.created_at,
        "admitted_at": job.admitted_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "error_code": error.get("code"),
        "error_detail": error.get("detail"),
    }


def retry(arguments: argparse.Namespace) -> int:
    """Begin an open job anew."""
    from simulacra.service.jobs import administration

    return _change(arguments, administration.retry)


def cancel(arguments: argparse.Namespace) -> int:
    """End an open job."""
    from simulacra.service.jobs import administration

    return _change(arguments, administration.cancel)


def _change(
    arguments: argparse.Namespace,
    change: "Callable[[Database, Endings, str, Actor], Awaitable[None]]",
) -> int:
    """Make a change and show the job as it is then."""

    async def make(parts: "Installation", _: "Settings") -> None:
        await change(parts.database, parts.runtime.endings, arguments.job_id, installation.actor())

    installation.use(arguments.data_dir, make)
    return show(arguments)
