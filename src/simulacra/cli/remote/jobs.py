"""Jobs at a server, and the rows that are left."""

import argparse
from typing import Any

from simulacra.cli import option_types
from simulacra.cli.remote import command, connection, tables
from simulacra.cli.remote.command import Answer, Commands
from simulacra.cli.remote.tables import Column

JOB_ID = command.identifier("job_", "job", "jobs")
OUTAGE_SECONDS = 300.0
"""How long a server may be out of reach while a job is followed, as when it is restarted."""
STATUSES = ("queued", "processing", "completed", "failed", "expired", "cancelled")


def register(commands: Commands) -> None:
    """Add the commands."""
    commands.theme("jobs and usage")
    jobs = commands.add("jobs", "list jobs, the newest first", show_jobs)
    jobs.add_argument("--status", choices=STATUSES, help="only those in this state")
    jobs.add_argument(
        "--kind", metavar="OPERATION", help="only those of this operation, such as createDataset"
    )
    add_limit(jobs)
    watch = commands.add(
        "watch",
        "follow a job to its end",
        follow,
        takes="JOB_ID",
        more="Watching does not affect the job. A server that is out of reach or restarting is "
        "waited for.",
        examples="simulacra remote watch job_5mTHKwdLZpyyGlV7gCfg8U",
    )
    add_watch(watch)
    cancel = commands.add("cancel", "end a job; nothing is billed for it", end, takes="JOB_ID")
    cancel.add_argument("job_id", metavar="JOB_ID", type=JOB_ID)
    commands.add("usage", "show the rows that were billed and that are left", show_usage)


def add_watch(parser: argparse.ArgumentParser) -> None:
    """Add the job to follow, and how long."""
    parser.add_argument("job_id", metavar="JOB_ID", type=JOB_ID)
    command.add_timeout(parser)


def add_limit(parser: argparse.ArgumentParser) -> None:
    """Add the option for how long a list is."""
    parser.add_argument(
        "--limit",
        metavar="N",
        type=option_types.WholeNumber(1),
        default=20,
        help="at most so many (default: 20)",
    )


def show_jobs(arguments: argparse.Namespace) -> Answer:
    """List jobs."""
    with connection.open_client(arguments) as api:
        found, more = command.first(api.jobs(arguments.status, arguments.kind), arguments.limit)
    documents: list[dict[str, Any]] = [job.document for job in found]
    columns = [
        Column("JOB", [it["job_id"] for it in documents]),
        Column("OPERATION", [it["operation"] for it in documents]),
        Column("STATUS", [it["status"] for it in documents]),
        Column("DONE", [f"{it['progress']['fraction']:.0%}" for it in documents], number=True),
        Column("BEGUN", [tables.ago(it["created_at"]) for it in documents]),
        Column("RESULT", [result_of(it) for it in documents], least_width=105),
    ]
    return listing("jobs", documents, columns, more=more)


def result_of(job: dict[str, Any]) -> str:
    """Return the id of what a job has made, if anything."""
    return job.get("generation_id") or job.get("dataset_id") or "-"


def listing(
    name: str, documents: list[dict[str, Any]], columns: list[Column], *, more: bool
) -> Answer:
    """Return a list as an answer."""
    lines = tables.lines(columns) if documents else ["There are none."]
    tail = ["There are more: --limit N shows them."] if more else []
    return Answer({name: documents, "more": more}, [*lines, *tail])


def follow(arguments: argparse.Namespace) -> Answer:
    """Follow a job to its end."""
    with connection.open_client(arguments, retry_seconds=OUTAGE_SECONDS) as api:
        job = api.job(arguments.job_id)
        with command.progress() as on_progress:
            job.wait(arguments.timeout, progress=on_progress)
    made = {
        name: job.document[name]
        for name in ("dataset_id", "generation_id")
        if job.document.get(name) is not None
    }
    return Answer(
        job.document,
        [f"{job.id} is completed.", *(f"  {name:<14} {it}" for name, it in made.items())],
    )


def end(arguments: argparse.Namespace) -> Answer:
    """Cancel a job."""
    with connection.open_client(arguments) as api:
        job = api.job(arguments.job_id).cancel()
    line = {
        "queued": "ends within a second or so.",
        "processing": "ends within a second or so.",
        "cancelled": "is cancelled.",
    }.get(job.status, f"had ended before: it is {job.status}.")
    return Answer(job.document, [f"{job.id} {line}"])


def show_usage(arguments: argparse.Namespace) -> Answer:
    """Show the current window of the subscription."""
    with connection.open_client(arguments) as api:
        usage = api.usage()
        found = api.configuration
    limit = "no limit"
    return Answer(
        dict(usage.document),
        command.fields(
            {
                "service": found.base_url,
                "client": found.client_id,
                "window": f"{usage.window_starts_at:%Y-%m-%d} to {usage.window_ends_at:%Y-%m-%d}",
                "rows of the window": limit
                if usage.subscription_rows is None
                else f"{usage.subscription_rows:,}",
                "rows billed": f"{usage.rows_used:,}, of {usage.generations:,} generations",
                "rows reserved": f"{usage.rows_reserved:,}",
                "rows left": limit if usage.rows_remaining is None else f"{usage.rows_remaining:,}",
                "rows of one request": f"{usage.max_rows_per_request:,} at most",
            }
        ),
    )
