"""The audit trail, with filters."""

import dataclasses
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from simulacra.service import tenancy
from simulacra.service.audit import search, trail
from simulacra.service.audit.entry import Action, Outcome
from simulacra.service.http import serving
from simulacra.service.operators import guard, rendering

PAGE_ROWS = 50

router = APIRouter(prefix="/audit", route_class=rendering.Page)


@router.get("")
async def show_entries(
    request: Request,
    runtime: serving.Runtime,
    operator: guard.SignedIn,
    action: str = "",
    outcome: str = "",
    tenant_id: str = "",
    subject_id: str = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """Show entries, the newest first; a field that a form left empty lets all pass."""
    wanted = search.Filter(
        action=Action(action) if action in set(Action) else None,
        outcome=Outcome(outcome) if outcome in set(Outcome) else None,
        tenant_id=tenant_id.strip() or None,
        subject_id=subject_id.strip() or None,
    )
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        entries, older = await search.newest(session, wanted, PAGE_ROWS, before)
        trail.record(session, operator.actor, Action.AUDIT_VIEWED, tenant_id=wanted.tenant_id)
    chosen = {field: value for field, value in dataclasses.asdict(wanted).items() if value}
    return rendering.render(
        request,
        "audit.html",
        entries=entries,
        wanted=wanted,
        actions=list(Action),
        outcomes=list(Outcome),
        is_first=before is None,
        newest=f"?{urlencode(chosen)}" if chosen else "?",
        older=f"?{urlencode(chosen | {'before': older})}" if older else None,
    )
