"""The state of an installation: what waits, what failed, what is stored, and how much room is left.

Read from the database and from this machine's disks, whichever process asks.
"""

import dataclasses
import datetime as dt
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from sqlalchemy import Integer, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, tenancy
from simulacra.service.audit.entry import Action, Detail, Reason
from simulacra.service.database import tables
from simulacra.service.database.statuses import OPEN, JobStatus
from simulacra.service.webhooks import repository as webhooks

LATELY = dt.timedelta(hours=1)
"""How far back ended jobs, refusals and attempts on other tenants are counted."""
NAMED_SIGNUPS = 20
"""Requests for access whose ids are read; there is one notice for each."""


@dataclasses.dataclass(frozen=True)
class Backlog:
    """The open jobs of one operation.

    Attributes:
        waiting, running: how many.
        longest_wait: seconds since the oldest was asked for.
        longest_run: seconds of the longest attempt: since the job began, over its attempts.
    """

    waiting: int = 0
    running: int = 0
    longest_wait: float = 0.0
    longest_run: float = 0.0


@dataclasses.dataclass(frozen=True)
class Disk:
    """Room on one disk.

    Attributes:
        free, total: bytes.
    """

    free: int
    total: int

    @property
    def free_share(self) -> float:
        """The part that is free, 0 to 1."""
        return self.free / self.total if self.total else 0.0


@dataclasses.dataclass(frozen=True)
class State:
    """An installation at one moment.

    Attributes:
        backlogs: by operation.
        completed, failed: jobs that ended so in the last hour.
        datasets, generations: that are alive.
        stored_bytes: of their seed files and artifacts.
        rows: generated in the last hour.
        waiting_signups: ids of requests for access without a decision, the newest first.
        refusals: tokens and credentials refused in the last hour.
        other_tenant: requests in the last hour for what belongs to another tenant.
        disks: by what lies there.
        certificate_expires: None if this process serves without one of its own.
        open_jobs: by tenant.
        deliveries: to webhooks, that wait.
        longest_delivery_wait: seconds since the oldest of those that are due was.
    """

    backlogs: Mapping[str, Backlog]
    completed: int
    failed: int
    datasets: int
    generations: int
    stored_bytes: int
    rows: int
    waiting_signups: Sequence[str]
    refusals: int
    other_tenant: int
    disks: Mapping[str, Disk]
    certificate_expires: dt.datetime | None
    open_jobs: Mapping[str, int]
    deliveries: int
    longest_delivery_wait: float


async def read(
    database: tenancy.Database, folders: Mapping[str, Path], certificate: Path | None = None
) -> State:
    """Return the present state.

    Args:
        database: of the installation.
        folders: the folders whose disks are looked at, by what lies there.
        certificate: the server's own, PEM.

    Raises:
        outages.DATABASE: the database does not answer.
    """
    async with database.transaction(tenancy.SYSTEM, is_snapshot=True) as session:
        figures = {
            **await _jobs(session),
            **await _holdings(session),
            **await _refused(session),
            **await _deliveries(session),
            "waiting_signups": await _signups(session),
        }
    disks = {name: _disk(folder) for name, folder in folders.items()}
    return State(disks=disks, certificate_expires=_expiry(certificate), **figures)


def folders_of(data_dir: Path) -> dict[str, Path]:
    """Return the folders that fill up: that for scratch, and the data directory if there is one."""
    folders = {"scratch": Path(tempfile.gettempdir())}
    return {"data": data_dir, **folders} if data_dir.is_dir() else folders


async def _jobs(session: AsyncSession) -> dict[str, Any]:
    job, now = tables.Job, clock.now(session)
    since = case((job.status == JobStatus.QUEUED, job.created_at), else_=job.started_at)
    tries = case((job.status == JobStatus.QUEUED, 1), else_=func.greatest(job.attempt, 1))
    age = func.max(func.extract("epoch", now - since) / tries)
    opened = await session.execute(
        select(job.operation, job.status, func.count(), age)
        .where(job.status.in_(OPEN))
        .group_by(job.operation, job.status)
    )
    backlogs: dict[str, Backlog] = {}
    for operation, status, number, seconds in opened:
        oldest = max(float(seconds or 0.0), 0.0)
        known = backlogs.get(operation, Backlog())
        backlogs[operation] = (
            dataclasses.replace(known, waiting=number, longest_wait=oldest)
            if status == JobStatus.QUEUED
            else dataclasses.replace(known, running=number, longest_run=oldest)
        )
    ended = await session.execute(
        select(job.status, func.count()).where(job.ended_at > now - LATELY).group_by(job.status)
    )
    by_status: dict[str, int] = {row[0]: row[1] for row in ended}
    by_tenant = await session.execute(
        select(job.tenant_id, func.count()).where(job.status.in_(OPEN)).group_by(job.tenant_id)
    )
    return {
        "backlogs": backlogs,
        "completed": by_status.get(JobStatus.COMPLETED, 0),
        "failed": by_status.get(JobStatus.FAILED, 0),
        "open_jobs": {row[0]: row[1] for row in by_tenant},
    }


async def _holdings(session: AsyncSession) -> dict[str, Any]:
    study, made, now = tables.Dataset, tables.Generation, clock.now(session)
    datasets, seed_bytes = (
        await session.execute(
            select(func.count(study.id), func.sum(study.seed_bytes)).where(
                study.deleted_at.is_(None), study.expires_at > now
            )
        )
    ).one()
    generations, artifact_bytes = (
        await session.execute(
            select(func.count(made.id), func.sum(made.size_bytes)).where(made.expires_at > now)
        )
    ).one()
    rows = await session.scalar(
        select(func.sum(made.rows_generated)).where(made.ready_at > now - LATELY)
    )
    return {
        "datasets": datasets,
        "generations": generations,
        "stored_bytes": int(seed_bytes or 0) + int(artifact_bytes or 0),
        "rows": int(rows or 0),
    }


async def _refused(session: AsyncSession) -> dict[str, Any]:
    entry = tables.AuditEntry
    reason = entry.details[Detail.REASON.value].as_string()
    found = await session.execute(
        select(reason, func.sum(entry.details[Detail.COUNT.value].as_string().cast(Integer)))
        .where(entry.action == Action.TOKEN_REFUSED, entry.at > clock.now(session) - LATELY)
        .group_by(reason)
    )
    by_reason: dict[str, int] = {word: int(number or 0) for word, number in found}
    other_tenant = by_reason.pop(Reason.OTHER_TENANT, 0)
    return {"refusals": sum(by_reason.values()), "other_tenant": other_tenant}


async def _deliveries(session: AsyncSession) -> dict[str, Any]:
    waiting, now = tables.WebhookDelivery, clock.now(session)
    late = func.max(func.extract("epoch", now - waiting.next_attempt_at))
    found = await session.execute(
        select(func.count(waiting.id), late).where(webhooks.is_deliverable())
    )
    number, seconds = found.one()
    return {"deliveries": number, "longest_delivery_wait": max(float(seconds or 0.0), 0.0)}


async def _signups(session: AsyncSession) -> list[str]:
    newest = select(tables.Signup.id).where(tables.Signup.status == "pending")
    newest = newest.order_by(tables.Signup.created_at.desc()).limit(NAMED_SIGNUPS)
    return list(await session.scalars(newest))


def _disk(folder: Path) -> Disk:
    usage = shutil.disk_usage(folder)
    return Disk(usage.free, usage.total)


def _expiry(certificate: Path | None) -> dt.datetime | None:
    if certificate is None:
        return None
    try:
        return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):  # it is gone, or just being replaced
        return None
