"""Taking an invitation up."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service import errors, passwords
from simulacra.service.fields import Text
from simulacra.service.http import rate_limits, serving
from simulacra.service.people import accounts
from simulacra.service.studio import guard, rendering
from simulacra.service.studio.pages import sign_in

router = APIRouter(prefix="/invitation", route_class=rendering.Page, dependencies=[guard.Open])


@router.get("")
async def show_form(request: Request, runtime: serving.Runtime, token: str = "") -> Response:
    """Ask for the first password of whoever holds the invitation."""
    return await _form(request, runtime, token)


@router.post("", max_body_size=rendering.MAX_FORM_BYTES)
async def join(
    request: Request,
    runtime: serving.Runtime,
    token: Annotated[Text, Form()] = "",
    password: Annotated[Text, Form()] = "",
    again: Annotated[Text, Form()] = "",
) -> Response:
    """Set the password and sign in, or show the form again with what is wrong."""
    address = rate_limits.address_of(request)
    if await sign_in.LIMITS.pause_of_address(runtime.throttle, address):
        return await _form(request, runtime, token, "Too many tries. Wait some minutes.", 429)
    if password != again:
        return await _form(request, runtime, token, "The two passwords differ.", 422)
    try:
        person_id = await guard.people_of(runtime).join(token, password)
    except errors.AccountError as error:
        return await _form(request, runtime, token, str(error), 422)
    opened = await sign_in.open_session(request, runtime, person_id)
    return opened or rendering.redirect(rendering.SIGN_IN)


async def _form(
    request: Request,
    runtime: serving.Runtime,
    token: str,
    fault: str | None = None,
    status: int = 200,
) -> Response:
    invited = await guard.people_of(runtime).invited(token)
    if invited is None:
        raise errors.PersonError(accounts.OVER)
    return rendering.render(
        request,
        "invitation.html",
        status=status,
        invited=invited,
        token=token,
        fault=fault,
        shortest=passwords.LENGTH[0],
    )
