"""Signing in and out."""

import math
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service import errors
from simulacra.service.fields import Text
from simulacra.service.http import rate_limits, serving, sign_ins
from simulacra.service.people import accounts, issuer
from simulacra.service.studio import guard, rendering

FLOW_COOKIE = "__Host-simulacra-studio-flow"
LIMITS = sign_ins.SignIns("studio-")
WRONG = "The address or the password is wrong."

router = APIRouter(route_class=rendering.Page)


@router.get("/sign-in", dependencies=[guard.Open])
async def show_form(request: Request, runtime: serving.Runtime) -> Response:
    """Show the form."""
    return _form(request, runtime)


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
        answer = _form(request, runtime, email, fault, 429)
        answer.headers["Retry-After"] = str(pause)
        return answer
    person_id = await guard.people_of(runtime).authenticate(email, password)
    opened = await open_session(request, runtime, person_id) if person_id else None
    if opened is None:
        await guard.sessions_of(runtime).refuse()
        return _form(request, runtime, email, WRONG, 403)
    return opened


@router.get("/sign-in/issuer", dependencies=[guard.Open])
async def depart(runtime: serving.Runtime) -> Response:
    """Send the browser to the issuer, with a cookie that only the way back can use."""
    departure = await _issuer_of(runtime).depart()
    response = rendering.redirect(departure.url)
    # The way back begins at another site, from which a cookie of SameSite=Strict is not sent.
    response.set_cookie(
        FLOW_COOKIE,
        departure.flow,
        max_age=issuer.FLOW_SECONDS,
        secure=True,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/sign-in/callback", dependencies=[guard.Open])
async def arrive(
    request: Request,
    runtime: serving.Runtime,
    state: Text = "",
    code: Text = "",
    iss: Text | None = None,
) -> Response:
    """Open a session for whoever the issuer says has come, if they were invited."""
    flow = request.cookies.get(FLOW_COOKIE)
    if not flow:  # not counted: any site can send a browser here, but not with this cookie
        raise errors.PersonError(issuer.REFUSED)
    if await LIMITS.pause_of_address(runtime.throttle, rate_limits.address_of(request)):
        raise errors.PersonError("Too many sign-ins. Wait some minutes.")
    identity = await _issuer_of(runtime).arrive(flow, state, code, iss)
    person_id = await guard.people_of(runtime).recognise(identity)
    opened = await open_session(request, runtime, person_id)
    if opened is None:
        await guard.sessions_of(runtime).refuse()
        raise errors.PersonError(accounts.NOT_INVITED)
    # The new cookie is not sent with a redirect of another site, so our own page leads on.
    response = rendering.render(request, "signed_in.html")
    response.headers["set-cookie"] = opened.headers["set-cookie"]
    response.delete_cookie(FLOW_COOKIE, secure=True, httponly=True, samesite="lax")
    return response


def _issuer_of(runtime: serving.Runtime) -> issuer.Issuer:
    if runtime.sign_in is None:
        raise errors.PersonError("Accounts elsewhere cannot sign in here.")
    return runtime.sign_in


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


def _form(
    request: Request,
    runtime: serving.Runtime,
    email: str = "",
    fault: str | None = None,
    status: int = 200,
) -> Response:
    elsewhere = runtime.sign_in.registration.name if runtime.sign_in is not None else None
    shown = {"email": email, "fault": fault, "elsewhere": elsewhere}
    return rendering.render(request, "sign_in.html", status=status, **shown)


def _signed_out() -> Response:
    response = rendering.redirect(rendering.SIGN_IN)
    response.delete_cookie(guard.COOKIE, secure=True, httponly=True, samesite="strict")
    return response
