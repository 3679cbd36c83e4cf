"""`simulacra watch`: follow a job on a server to its end."""

import argparse
import re
from typing import Any

from simulacra.cli import failures, server, terminal
from simulacra.engine.progress import Progress, ProgressCallback

JOB_ID = re.compile(r"job_[A-Za-z0-9]+")
WAIT_SECONDS = 1
"""How long an answer may take. The server answers earlier only once the job has ended, so a longer
wait would freeze the progress bar."""
TIMEOUT_SECONDS = 30


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "watch",
        help="follow a job on a server",
        description="Follow a job on a server to its end. Exit code 0: it is completed; 1: it has "
        f"failed, expired or been cancelled. Reads {', '.join(server.VARIABLES)} from the "
        "environment, and SSL_CERT_FILE where the server has a certificate authority of its own.",
    )
    parser.add_argument("job_id", metavar="JOB_ID", type=_job_id)
    parser.set_defaults(run=run)


def _job_id(text: str) -> str:
    if not JOB_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not the id of a job; give the job_id of an answer, job_ and letters"
        )
    return text


def run(arguments: argparse.Namespace) -> int:
    """Follow the job and print how it ended."""
    import httpx

    environment = server.variables()
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        api = server.Server(client, environment)
        with terminal.progress() as on_progress:
            job = _follow(api, arguments.job_id, on_progress)
    terminal.say(f"{job['job_id']} is completed.")
    for name in ("dataset_id", "generation_id"):
        if name in job:
            terminal.say(f"  {name:<14} {job[name]}")
    return 0


def _follow(api: server.Server, job_id: str, on_progress: ProgressCallback) -> dict[str, Any]:
    """Return the job once it is completed.

    Raises:
        failures.CommandError: the job failed, expired or was cancelled.
    """
    while True:
        job = api.get(f"/v1/jobs/{job_id}", wait_seconds=WAIT_SECONDS)
        status = job.get("status")
        if status == "completed":
            return job
        if status not in ("queued", "processing"):
            raise failures.CommandError(_ending(job_id, job))
        on_progress(_progress(job))


def _progress(job: dict[str, Any]) -> Progress:
    try:
        shown = job["progress"]
        step, steps = shown.get("step"), shown.get("steps")
        return Progress(shown["stage"], shown["fraction"], step, steps)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise failures.CommandError("The answer of the server is not a job.") from None


def _ending(job_id: str, job: dict[str, Any]) -> str:
    error = job.get("error")
    why = f": {error.get('detail')} ({error.get('code')})" if error else "."
    status = job.get("status")
    return f"{job_id} {'has' if status in ('failed', 'expired') else 'is'} {status}{why}"
