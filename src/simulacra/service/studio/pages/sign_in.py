"""Signing in and out."""

import math
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service.fields import Text
from simulacra.service.http import rate_limits, serving, sign_ins
from simulacra.service.people import accounts
from simulacra.service.studio import guard, rendering

LIMITS = sign_ins.SignIns("studio-")
WRONG = "The address or the password is wrong."

router = APIRouter(route_class=rendering.Page)


@router.get("/sign-in", dependencies=[guard.Open])
async def show_form(request: Request) -> Response:
    """Show the form."""
    return rendering.render(request, "sign_in.html", email="", fault=None)


@router.post("/sign-in", dependencies=[guard.Open], max_body_size=rendering.MAX_FORM_BYTES)
async def sign_in(
    request: Request,
    runtime: serving.Runtime,
    email: Annotated[Text, Form()] = "",
    password: Annotated[Text, Form()] = "",
) -> Response:
    """Open a session, or show the form again; nothing tells a wrong address from a password."""
    address = rate_limits.address_of(request)
    pause = await LIMITS.pause(runtime.throttle, accounts.key_of(email), address)
    if pause:
        fault = f"Too many sign-ins. Try again in {math.ceil(pause / 60)} minutes."
        answer = rendering.render(request, "sign_in.html", status=429, email=email, fault=fault)
        answer.headers["Retry-After"] = str(pause)
        return answer
    person_id = await guard.people_of(runtime).authenticate(email, password)
    opened = await open_session(request, runtime, person_id) if person_id else None
    if opened is None:
        await guard.sessions_of(runtime).refuse()
        return rendering.render(request, "sign_in.html", status=403, email=email, fault=WRONG)
    return opened


@router.post("/sign-out", max_body_size=rendering.MAX_FORM_BYTES)
async def sign_out(request: Request, runtime: serving.Runtime, _: guard.SignedIn) -> Response:
    """Close the session."""
    await guard.sessions_of(runtime).close(request.cookies[guard.COOKIE])
    return _signed_out()


@router.post("/sign-out-everywhere", max_body_size=rendering.MAX_FORM_BYTES)
async def sign_out_everywhere(runtime: serving.Runtime, person: guard.SignedIn) -> Response:
    """Close this session and all others of the person."""
    await guard.sessions_of(runtime).close_all(person)
    return _signed_out()


async def open_session(
    request: Request, runtime: serving.Runtime, person_id: str
) -> Response | None:
    """Return the way to the first page with a new session, or None if there can be none."""
    signed_in = guard.sessions_of(runtime)
    await signed_in.close(request.cookies.get(guard.COOKIE, ""))  # one browser, one session
    token = await signed_in.open(person_id)
    if token is None:
        return None
    response = rendering.redirect(rendering.HOME)
    response.set_cookie(guard.COOKIE, token, secure=True, httponly=True, samesite="strict")
    return response


def _signed_out() -> Response:
    response = rendering.redirect(rendering.SIGN_IN)
    response.delete_cookie(guard.COOKIE, secure=True, httponly=True, samesite="strict")
    return response
