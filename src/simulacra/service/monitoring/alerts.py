"""What an operator is told: the conditions of a state that somebody should look at."""

import dataclasses
import datetime as dt
import enum
import platform
from collections.abc import Callable, Iterator, Sequence

from simulacra.service.monitoring.state import State

LONG_WAIT_SECONDS = 15 * 60
MANY_FAILURES, FAILED_SHARE = 5, 0.2
MIN_FREE_SHARE, MIN_FREE_BYTES = 0.05, 2 * 1024**3
CERTIFICATE_LIFE = dt.timedelta(days=14)
MANY_REFUSALS = 100


class Severity(enum.StrEnum):
    """How soon somebody should look."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclasses.dataclass(frozen=True)
class Alert:
    """Something that an operator should know.

    Attributes:
        key: the same for the same cause, so that nobody is told twice.
        severity: how soon to look.
        text: what is the matter and what to do, without a name of a customer.
    """

    key: str
    severity: Severity
    text: str


@dataclasses.dataclass(frozen=True)
class Situation:
    """What conditions are told.

    Attributes:
        state: of the installation.
        broken: names of records that are not whole; see `records`.
        job_seconds: how long an attempt at a job may take.
    """

    state: State
    broken: Sequence[str]
    job_seconds: float


def raised(situation: Situation) -> Iterator[Alert]:
    """Yield what somebody should look at."""
    for condition in CONDITIONS:
        yield from condition(situation)


def _long_runs(it: Situation) -> Iterator[Alert]:
    for operation, backlog in it.state.backlogs.items():
        if backlog.longest_run > 2 * it.job_seconds:
            yield Alert(
                f"run/{operation}",
                Severity.CRITICAL,
                f"An attempt at a {operation} takes {backlog.longest_run:,.0f} s, longer than it "
                "may. Is a worker alive? See worker.log.",
            )


def _broken_records(it: Situation) -> Iterator[Alert]:
    for record in it.broken:
        yield Alert(
            f"record/{record}",
            Severity.CRITICAL,
            f"The {record} is not whole. Run `simulacra operator audit verify` and `operator "
            "usage verify`, and keep the database as it is for an inquiry.",
        )


def _long_waits(it: Situation) -> Iterator[Alert]:
    for operation, backlog in it.state.backlogs.items():
        if backlog.longest_wait > LONG_WAIT_SECONDS:
            yield Alert(
                f"wait/{operation}",
                Severity.WARNING,
                f"{backlog.waiting:,} jobs of the kind {operation} wait, the oldest since "
                f"{backlog.longest_wait / 60:,.0f} minutes. Start more workers, or see worker.log.",
            )


def _late_deliveries(it: Situation) -> Iterator[Alert]:
    if it.state.longest_delivery_wait > LONG_WAIT_SECONDS:
        yield Alert(
            "webhooks",
            Severity.WARNING,
            f"{it.state.deliveries:,} deliveries to webhooks wait, the oldest since "
            f"{it.state.longest_delivery_wait / 60:,.0f} minutes. Is a worker alive? See "
            "worker.log. If one is, receivers of a customer are slow.",
        )


def _failures(it: Situation) -> Iterator[Alert]:
    ended = it.state.completed + it.state.failed
    if it.state.failed >= MANY_FAILURES and it.state.failed > FAILED_SHARE * ended:
        yield Alert(
            "failures",
            Severity.WARNING,
            f"{it.state.failed:,} of {ended:,} jobs that ended in the last hour failed. See "
            "worker.log and the audit trail.",
        )


def _full_disks(it: Situation) -> Iterator[Alert]:
    for name, disk in it.state.disks.items():
        least = max(MIN_FREE_SHARE * disk.total, min(MIN_FREE_BYTES, disk.total / 4))
        if disk.free < least:
            yield Alert(
                f"disk/{name}/{platform.node()}",
                Severity.CRITICAL,
                f"{disk.free / 1024**3:,.1f} of {disk.total / 1024**3:,.0f} GiB are free on the "
                f"disk for {name} of {platform.node()}. Uploads and jobs fail when it is full.",
            )


def _certificate(it: Situation) -> Iterator[Alert]:
    expires = it.state.certificate_expires
    if expires is not None and expires - dt.datetime.now(dt.UTC) < CERTIFICATE_LIFE:
        yield Alert(
            "certificate",
            Severity.CRITICAL,
            f"The certificate of the API expires on {expires:%Y-%m-%d}.",
        )


def _refusals(it: Situation) -> Iterator[Alert]:
    if it.state.refusals >= MANY_REFUSALS:
        yield Alert(
            "refusals",
            Severity.WARNING,
            f"{it.state.refusals:,} tokens or credentials were refused in the last hour. See "
            "`simulacra operator audit list --action token.refused`.",
        )


def _other_tenant(it: Situation) -> Iterator[Alert]:
    if it.state.other_tenant:
        yield Alert(
            "other_tenant",
            Severity.CRITICAL,
            f"{it.state.other_tenant:,} requests in the last hour asked for what belongs to "
            "another tenant. They got nothing, but where do they know the ids from? The trail "
            "names the clients.",
        )


def _signups(it: Situation) -> Iterator[Alert]:
    for signup_id in it.state.waiting_signups:
        yield Alert(
            f"signup/{signup_id}",
            Severity.INFO,
            f"A request for access waits for a decision: {signup_id}. See the operators' page, or "
            "`simulacra operator signups list`.",
        )


CONDITIONS: tuple[Callable[[Situation], Iterator[Alert]], ...] = (
    _long_waits,
    _long_runs,
    _late_deliveries,
    _failures,
    _full_disks,
    _certificate,
    _refusals,
    _other_tenant,
    _signups,
    _broken_records,
)
"""A new one is a function beside these and an entry here."""
