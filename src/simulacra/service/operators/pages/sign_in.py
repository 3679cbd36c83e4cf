"""Signing in and out."""

import math
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service import throttling
from simulacra.service.audit.entry import Reason
from simulacra.service.fields import Text
from simulacra.service.http import rate_limits, serving
from simulacra.service.operators import accounts, guard, rendering

OF_ADDRESS = throttling.Limit("sign-ins", calls=60, seconds=900)
OF_ACCOUNT = throttling.Limit("sign-ins-of-account", calls=100, seconds=900)
OF_BOTH = throttling.Limit("sign-ins-of-account-from-address", calls=10, seconds=900)
"""The strictest; from other addresses it takes a hundred tries to lock an account out."""

router = APIRouter(route_class=rendering.Page)


@router.get("/sign-in", dependencies=[guard.Open])
async def show_form(request: Request) -> Response:
    """Show the form."""
    return rendering.render(request, "sign_in.html", name="", fault=None)


@router.post("/sign-in", dependencies=[guard.Open], max_body_size=rendering.MAX_FORM_BYTES)
async def sign_in(
    request: Request,
    runtime: serving.Runtime,
    name: Annotated[Text, Form()] = "",
    password: Annotated[Text, Form()] = "",
) -> Response:
    """Open a session, or show the form again; nothing tells a wrong name from a wrong password."""
    signed_in = guard.sessions_of(runtime)
    pause = await _pause(runtime.throttle, name, rate_limits.address_of(request))
    if pause:
        fault = f"Too many sign-ins. Try again in {math.ceil(pause / 60)} minutes."
        answer = rendering.render(request, "sign_in.html", status=429, name=name, fault=fault)
        answer.headers["Retry-After"] = str(pause)
        return answer
    if not await accounts.authenticate(runtime.database, name, password):
        await signed_in.refuse(name, Reason.INVALID_CREDENTIALS)
        fault = "The name or the password is wrong."
        return rendering.render(request, "sign_in.html", status=403, name=name, fault=fault)
    await signed_in.close(request.cookies.get(guard.COOKIE, ""))  # one browser, one session
    token = await signed_in.open(name)
    response = rendering.redirect(rendering.HOME)
    response.set_cookie(guard.COOKIE, token, secure=True, httponly=True, samesite="strict")
    return response


@router.post("/sign-out", max_body_size=rendering.MAX_FORM_BYTES)
async def sign_out(request: Request, runtime: serving.Runtime, _: guard.SignedIn) -> Response:
    """Close the session."""
    await guard.sessions_of(runtime).close(request.cookies[guard.COOKIE])
    response = rendering.redirect(rendering.SIGN_IN)
    response.delete_cookie(guard.COOKIE, secure=True, httponly=True, samesite="strict")
    return response


async def _pause(throttle: throttling.Throttle, name: str, address: str) -> int:
    """Count a sign-in, and return the seconds until the next one is possible; 0 lets it through."""
    for limit, who in ((OF_ADDRESS, (address,)), (OF_BOTH, (name, address)), (OF_ACCOUNT, (name,))):
        standing = await throttle.hit(limit, *who)
        if standing.is_refused:
            return standing.reset
    return 0
