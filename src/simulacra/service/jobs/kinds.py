"""Job kinds: all that is particular to one sort of job, in one record.

A feature defines its kind beside the work that is done, and `compose` lists the kinds that there
are. Nothing else in this folder knows a feature, and no other module asks of which kind a job is.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.jobs import functions

Attempt = TypeVar("Attempt")
"""`attempts.Attempt`, whose module imports this one."""
Save = Callable[[AsyncSession], Awaitable[None]]
"""Stores the result of a job, in the transaction that ends the job."""


async def _nothing_is_reserved(session: AsyncSession, result_id: str) -> None:
    """Give nothing back."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class JobKind(Generic[Attempt]):
    """One sort of job.

    Attributes:
        operation: operationId of the request that begins such a job. It is stored with the job.
        task: name of the task in the queue. It is stored with the queue entries.
        queue: one of `queues.ALL`.
        scope: what a token must grant to begin such a job, and to cancel it.
        failure_code: error code of a job that fails through no fault of the customer.
        result: table of what such a job makes, where a row waits for it from the beginning; None
            if all that comes of it is an answer in the row of the job, which somebody waits for.
            Webhooks are not told of such jobs.
        result_id: returns the id of that row, or of the job.
        failure: what the audit trail says when the job ends without its result.
        function: the part of the work that is done in a child process.
        work: does the work of one attempt, and returns what stores the result.
        release: gives back what is reserved for a result that will not come.
    """

    operation: str
    task: str
    queue: str
    scope: str
    failure_code: str
    result: type[tables.JobResult] | None
    result_id: Callable[[tables.Job], str]
    failure: Action
    function: functions.ChildFunction[Any, Any]
    work: Callable[[Attempt], Awaitable[Save]]
    release: Callable[[AsyncSession, str], Awaitable[None]] = _nothing_is_reserved


Kinds = Mapping[str, JobKind[Any]]
"""Job kinds by their operations."""


def by_operation(*kinds: JobKind[Any]) -> Kinds:
    """Return the kinds by their operations.

    Raises:
        ValueError: two of them have one operation or one task.
    """
    for names in ([kind.operation for kind in kinds], [kind.task for kind in kinds]):
        if len(set(names)) < len(names):
            raise ValueError(f"two job kinds have one name: {', '.join(names)}")
    return {kind.operation: kind for kind in kinds}
