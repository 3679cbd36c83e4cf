"""Requests for what is another tenant's: answered like those for what is not there, and counted.

A client that knows ids of another tenant has them from somewhere, which the operator should know.
"""

import contextlib
from collections.abc import Mapping

from fastapi import Request
from sqlalchemy import select
from starlette.background import BackgroundTask

from simulacra.service import outages, runtime, tenancy
from simulacra.service.audit.entry import Reason
from simulacra.service.database import tables
from simulacra.service.http import serving
from simulacra.service.identity.principal import Principal

OWNED: Mapping[str, type[tables.Dataset | tables.Generation | tables.Job | tables.Webhook]] = {
    "dataset_id": tables.Dataset,
    "generation_id": tables.Generation,
    "job_id": tables.Job,
    "webhook_id": tables.Webhook,
}
"""What a parameter of a path is the id of."""


def watch(request: Request) -> BackgroundTask | None:
    """Return what finds out whose a thing is that the caller has not; None if nobody is known.

    It runs once the answer is sent, so that the time of the answer does not tell either.
    """
    caller: Principal | None = getattr(request.state, "caller", None)
    asked = {name: request.path_params[name] for name in OWNED if name in request.path_params}
    if caller is None or not asked:
        return None
    return BackgroundTask(_find_owner, serving.runtime_of(request), caller, asked)


async def _find_owner(parts: runtime.Runtime, caller: Principal, asked: dict[str, str]) -> None:
    with contextlib.suppress(*outages.DATABASE):  # the answer is out: nobody is told of an outage
        for name, identifier in asked.items():
            owned = OWNED[name]
            async with parts.database.transaction(tenancy.SYSTEM) as session:
                owner = await session.scalar(select(owned.tenant_id).where(owned.id == identifier))
            if owner is not None and owner != caller.tenant_id:
                await parts.refusals.record(Reason.OTHER_TENANT, caller.client_id, caller.tenant_id)
