"""People of a tenant, who use the study page: invited and removed."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service import tenancy
from simulacra.service.fields import Text
from simulacra.service.http import serving
from simulacra.service.operators import guard, rendering
from simulacra.service.people import accounts
from simulacra.service.tenants import administration

router = APIRouter(prefix="/tenants/{tenant_id}/people", route_class=rendering.Page)


@router.post("", max_body_size=rendering.MAX_FORM_BYTES)
async def invite(
    tenant_id: str,
    request: Request,
    runtime: serving.Runtime,
    operator: guard.SignedIn,
    email: Annotated[Text, Form()] = "",
) -> Response:
    """Invite somebody; the link is shown in this answer alone."""
    people = accounts.People(runtime.database, runtime.keyring)
    made = await people.invite(tenant_id, email, operator.actor)
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenant = await administration.get(session, tenant_id)
    return rendering.render(
        request,
        "invitation.html",
        tenant=tenant,
        invitation=made,
        link=accounts.link(runtime.policy.base_url, made.token),
    )


@router.post("/{person_id}/remove", max_body_size=rendering.MAX_FORM_BYTES)
async def remove(
    tenant_id: str, person_id: str, runtime: serving.Runtime, operator: guard.SignedIn
) -> Response:
    """Refuse somebody from their next request on."""
    people = accounts.People(runtime.database, runtime.keyring)
    await people.remove(person_id, operator.actor, tenant_id)
    return rendering.redirect(f"/operator/tenants/{tenant_id}?done=person-removed")
