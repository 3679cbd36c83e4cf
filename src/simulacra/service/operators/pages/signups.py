"""Requests for access: who asks, and the decision."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service import tenancy
from simulacra.service.http import serving
from simulacra.service.operators import guard, rendering
from simulacra.service.signups import service
from simulacra.service.signups.service import SignupStatus

MAX_ROWS = 100
"""Requests on one page; anyone can make any number of them."""

router = APIRouter(prefix="/signups", route_class=rendering.Page)


@router.get("")
async def list_signups(
    request: Request,
    runtime: serving.Runtime,
    _: guard.SignedIn,
    status: SignupStatus = SignupStatus.PENDING,
    done: SignupStatus | None = None,
) -> Response:
    """Show the requests of one status."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        rows = await service.listed(session, status, MAX_ROWS + 1)
    return rendering.render(
        request,
        "signups.html",
        signups=rows[:MAX_ROWS],
        has_more=len(rows) > MAX_ROWS,
        shown=status,
        statuses=list(SignupStatus),
        done=done,
    )


@router.post("/{request_id}/approve", max_body_size=rendering.MAX_FORM_BYTES)
async def approve(
    request_id: str,
    request: Request,
    runtime: serving.Runtime,
    operator: guard.SignedIn,
    hand_over: Annotated[bool, Form()] = False,  # noqa: FBT002 - a check box
) -> Response:
    """Make the tenant; a claim token that the operator passes on is shown in this answer alone."""
    row, token = await service.approve(
        runtime.tenants, runtime.claims, request_id, operator.actor, hand_over=hand_over
    )
    if token is None:
        return rendering.redirect(f"/operator/signups?done={SignupStatus.APPROVED}")
    return rendering.render(
        request, "claim_token.html", company=row.company_name, tenant_id=row.tenant_id, token=token
    )


@router.post("/{request_id}/decline", max_body_size=rendering.MAX_FORM_BYTES)
async def decline(request_id: str, runtime: serving.Runtime, operator: guard.SignedIn) -> Response:
    """Refuse the request."""
    await service.decline(runtime.database, request_id, operator.actor)
    return rendering.redirect(f"/operator/signups?done={SignupStatus.DECLINED}")
