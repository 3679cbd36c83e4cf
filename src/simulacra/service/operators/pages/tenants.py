"""Tenants: who they are, what they use, what they may."""

import enum
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from pydantic import BaseModel

from simulacra.service import errors, policy, tenancy
from simulacra.service.audit import search
from simulacra.service.audit.entry import LOOKS
from simulacra.service.credentials import rotations
from simulacra.service.fields import Text
from simulacra.service.http import serving
from simulacra.service.identity import clients
from simulacra.service.operators import guard, rendering
from simulacra.service.people import accounts
from simulacra.service.tenants import administration, own_storage
from simulacra.service.usage import daily

RECENT = 10
BILLED_DAYS = 30
OLD_WORKS = "The old secret works until the new one is claimed."
OLD_STOPS = "The old secret stops working at once."

router = APIRouter(prefix="/tenants", route_class=rendering.Page)


class Done(enum.StrEnum):
    """What was done just before a page is shown."""

    SUSPENDED = "suspended"
    REACTIVATED = "reactivated"
    LIMITS = "limits"
    PERSON_REMOVED = "person-removed"


@router.get("")
async def list_tenants(
    request: Request, runtime: serving.Runtime, operator: guard.SignedIn
) -> Response:
    """Show every tenant."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenants = await administration.all_tenants(session)
        administration.note_view(session, operator.actor)
        rows = [(it, await administration.usage_of(session, it)) for it in tenants]
    return rendering.render(request, "tenants.html", rows=rows)


@router.get("/{tenant_id}")
async def show_tenant(
    tenant_id: str,
    request: Request,
    runtime: serving.Runtime,
    operator: guard.SignedIn,
    done: Done | None = None,
) -> Response:
    """Show one tenant."""
    if done is None:  # what was done just before is on record itself
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            administration.note_view(session, operator.actor, tenant_id)
    return await _page(request, runtime, tenant_id, done=done)


@router.post("/{tenant_id}/suspend", max_body_size=rendering.MAX_FORM_BYTES)
async def suspend(tenant_id: str, runtime: serving.Runtime, operator: guard.SignedIn) -> Response:
    """Refuse the tenant's clients from their next request on."""
    await administration.suspend(runtime.database, tenant_id, operator.actor)
    return _shown(tenant_id, Done.SUSPENDED)


@router.post("/{tenant_id}/reactivate", max_body_size=rendering.MAX_FORM_BYTES)
async def reactivate(
    tenant_id: str, runtime: serving.Runtime, operator: guard.SignedIn
) -> Response:
    """Let the tenant's clients in again."""
    await administration.reactivate(runtime.database, tenant_id, operator.actor)
    return _shown(tenant_id, Done.REACTIVATED)


@router.post("/{tenant_id}/clients/{client_id}/rotate", max_body_size=rendering.MAX_FORM_BYTES)
async def rotate_secret(
    tenant_id: str,
    client_id: str,
    request: Request,
    runtime: serving.Runtime,
    operator: guard.SignedIn,
) -> Response:
    """Make a new secret for a client; the claim token is shown in this answer alone."""
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenant = await administration.get(session, tenant_id)
    token = await rotations.rotate_for_operator(
        runtime.database, runtime.identity, runtime.claims, client_id, operator.actor
    )
    return rendering.render(
        request, "claim_token.html", company=tenant.company_name, tenant_id=tenant_id, token=token
    )


class LimitsForm(BaseModel):
    """The limits as they were typed; an empty one is none."""

    subscription_rows: Text = ""
    subscription_window_days: Text = ""
    max_rows_per_request: Text = ""
    retention_hours: Text = ""
    max_stored_bytes: Text = ""
    max_trainings: Text = ""
    max_uploads: Text = ""
    max_downloads: Text = ""


@router.post("/{tenant_id}/limits", max_body_size=rendering.MAX_FORM_BYTES)
async def set_limits(
    tenant_id: str,
    request: Request,
    runtime: serving.Runtime,
    operator: guard.SignedIn,
    form: Annotated[LimitsForm, Form()],
) -> Response:
    """Set what the tenant may use, or show the form again with what is wrong."""
    given = form.model_dump()
    try:
        limits = _limits(given)
    except errors.LimitError as error:
        return await _page(request, runtime, tenant_id, given=given, fault=error)
    await administration.set_limits(runtime.database, tenant_id, limits, operator.actor)
    return _shown(tenant_id, Done.LIMITS)


def _limits(given: dict[str, str]) -> administration.TenantLimits:
    """Return the limits of a form, whose numbers may have separators; empty is none."""
    figures: dict[str, Any] = {}
    for field, text in given.items():
        digits = text.strip().replace(",", "").replace(" ", "").replace("_", "")
        if digits and not (digits.isascii() and digits.isdigit()):
            raise errors.LimitError(field, text, *administration.BOUNDS[field])
        figures[field] = int(digits) if digits else None
    return administration.TenantLimits(**figures)


async def _page(
    request: Request,
    runtime: serving.Runtime,
    tenant_id: str,
    *,
    done: Done | None = None,
    given: dict[str, str] | None = None,
    fault: errors.LimitError | None = None,
) -> Response:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenant = await administration.get(session, tenant_id)
        usage = await administration.usage_of(session, tenant)
        listed = await clients.listed(session, tenant_id)
        of_tenant = search.Filter(tenant_id=tenant_id)
        people = await accounts.listed(session, tenant_id)
        storages = await own_storage.listed(session, tenant_id)
        by_day = await daily.billed(session, BILLED_DAYS, tenant_id)
        recent, _next = await search.newest(session, of_tenant, RECENT, but=LOOKS)
    return rendering.render(
        request,
        "tenant.html",
        status=200 if fault is None else 422,
        tenant=tenant,
        usage=usage,
        clients=listed,
        people=people,
        storages=storages,
        entries=recent,
        billed_by_day=by_day.get(tenant_id, [0] * BILLED_DAYS),
        default_hours=round(runtime.policy.retention.total_seconds() / 3600),
        longest_hours=policy.MAX_RETENTION_HOURS,
        capacity=runtime.policy.capacity,
        rotation_note=OLD_WORKS if runtime.identity.issues_tokens else OLD_STOPS,
        done=done,
        given=given or _texts(administration.limits_of(tenant)),
        fault=fault,
    )


def _texts(limits: administration.TenantLimits) -> dict[str, str]:
    figures = limits.figures()
    return {field: "" if figure is None else f"{figure:,}" for field, figure in figures.items()}


def _shown(tenant_id: str, done: Done) -> Response:
    return rendering.redirect(f"/operator/tenants/{tenant_id}?done={done}")
