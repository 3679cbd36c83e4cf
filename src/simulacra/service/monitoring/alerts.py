"""What an operator is told: the conditions of a state that somebody should look at."""

import dataclasses
import datetime as dt
import enum
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


def raised(state: State, broken: Sequence[str], job_seconds: float) -> Iterator[Alert]:
    """Yield what somebody should look at.

    Args:
        state: of the installation.
        broken: names of records that are not whole; see `records`.
        job_seconds: how long a job may run.
    """
    for condition in CONDITIONS:
        yield from condition(state)
    for operation, backlog in state.backlogs.items():
        if backlog.longest_run > 2 * job_seconds:
            yield Alert(
                f"run/{operation}",
                Severity.CRITICAL,
                f"A {operation} runs since {backlog.longest_run:,.0f} s, longer than jobs may. "
                "Is a worker alive? See worker.log.",
            )
    for record in broken:
        yield Alert(
            f"record/{record}",
            Severity.CRITICAL,
            f"The {record} is not whole. Run `simulacra operator audit verify` and `operator "
            "usage verify`, and keep the database as it is for an inquiry.",
        )


def _long_waits(state: State) -> Iterator[Alert]:
    for operation, backlog in state.backlogs.items():
        if backlog.longest_wait > LONG_WAIT_SECONDS:
            yield Alert(
                f"wait/{operation}",
                Severity.WARNING,
                f"{backlog.waiting:,} jobs of the kind {operation} wait, the oldest since "
                f"{backlog.longest_wait / 60:,.0f} minutes. Start more workers, or see worker.log.",
            )


def _failures(state: State) -> Iterator[Alert]:
    ended = state.completed + state.failed
    if state.failed >= MANY_FAILURES and state.failed > FAILED_SHARE * ended:
        yield Alert(
            "failures",
            Severity.WARNING,
            f"{state.failed:,} of {ended:,} jobs that ended in the last hour failed. See "
            "worker.log and the audit trail.",
        )


def _full_disks(state: State) -> Iterator[Alert]:
    for name, disk in state.disks.items():
        if disk.free_share < MIN_FREE_SHARE or disk.free < MIN_FREE_BYTES:
            yield Alert(
                f"disk/{name}",
                Severity.CRITICAL,
                f"{disk.free / 1024**3:,.1f} of {disk.total / 1024**3:,.0f} GiB are free on the "
                f"disk for {name}. Uploads and jobs fail when it is full.",
            )


def _certificate(state: State) -> Iterator[Alert]:
    expires = state.certificate_expires
    if expires is not None and expires - dt.datetime.now(dt.UTC) < CERTIFICATE_LIFE:
        yield Alert(
            "certificate",
            Severity.CRITICAL,
            f"The certificate of the API expires on {expires:%Y-%m-%d}.",
        )


def _refusals(state: State) -> Iterator[Alert]:
    if state.refusals >= MANY_REFUSALS:
        yield Alert(
            "refusals",
            Severity.WARNING,
            f"{state.refusals:,} tokens or credentials were refused in the last hour. See "
            "`simulacra operator audit list --action token.refused`.",
        )


def _other_tenant(state: State) -> Iterator[Alert]:
    if state.other_tenant:
        yield Alert(
            "other_tenant",
            Severity.CRITICAL,
            f"{state.other_tenant:,} requests in the last hour asked for what belongs to another "
            "tenant. They got nothing, but where do they know the ids from? The audit trail "
            "names the clients.",
        )


def _signups(state: State) -> Iterator[Alert]:
    for signup_id in state.waiting_signups:
        yield Alert(
            f"signup/{signup_id}",
            Severity.INFO,
            f"A request for access waits for a decision: {signup_id}. See the operators' page, or "
            "`simulacra operator signups list`.",
        )


CONDITIONS: tuple[Callable[[State], Iterator[Alert]], ...] = (
    _long_waits,
    _failures,
    _full_disks,
    _certificate,
    _refusals,
    _other_tenant,
    _signups,
)
"""A new one is a function beside these and an entry here."""
