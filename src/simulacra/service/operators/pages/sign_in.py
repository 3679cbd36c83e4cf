"""Signing in and out."""

import math
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service.audit.entry import Reason
from simulacra.service.fields import Text
from simulacra.service.http import rate_limits, serving, sign_ins
from simulacra.service.operators import accounts, guard, rendering, sessions

LIMITS = sign_ins.SignIns()

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
    pause = await LIMITS.pause(runtime.throttle, name, rate_limits.address_of(request))
    if pause:
        return _too_many(request, name, pause)
    if not await accounts.authenticate(runtime.database, name, password):
        await signed_in.refuse(name, Reason.INVALID_CREDENTIALS)
        fault = "The name or the password is wrong."
        return rendering.render(request, "sign_in.html", status=403, name=name, fault=fault)
    factors = guard.second_factors_of(runtime)
    if await factors.is_asked_of(name):
        first = await factors.issue_pass(name)
        return rendering.render(request, "sign_in_code.html", first=first, fault=None)
    return await _open(request, signed_in, name)


@router.post("/sign-in/code", dependencies=[guard.Open], max_body_size=rendering.MAX_FORM_BYTES)
async def give_code(
    request: Request,
    runtime: serving.Runtime,
    first: Annotated[Text, Form()] = "",
    code: Annotated[Text, Form()] = "",
) -> Response:
    """Open a session for whoever has the second factor, too; guesses count as sign-ins."""
    signed_in, factors = guard.sessions_of(runtime), guard.second_factors_of(runtime)
    name = await factors.holder_of(first)
    if name is None:
        return rendering.redirect(rendering.SIGN_IN)
    pause = await LIMITS.pause(runtime.throttle, name, rate_limits.address_of(request))
    if pause:
        return _too_many(request, name, pause)
    if not await factors.accept(name, code):
        await signed_in.refuse(name, Reason.INVALID_CODE)
        fault = "The code is wrong, or was used before."
        shown = {"first": first, "fault": fault}
        return rendering.render(request, "sign_in_code.html", status=403, **shown)
    return await _open(request, signed_in, name)


@router.post("/sign-out", max_body_size=rendering.MAX_FORM_BYTES)
async def sign_out(request: Request, runtime: serving.Runtime, _: guard.SignedIn) -> Response:
    """Close the session."""
    await guard.sessions_of(runtime).close(request.cookies[guard.COOKIE])
    return _signed_out()


@router.post("/sign-out-everywhere", max_body_size=rendering.MAX_FORM_BYTES)
async def sign_out_everywhere(runtime: serving.Runtime, operator: guard.SignedIn) -> Response:
    """Close this session and all others of the account."""
    await guard.sessions_of(runtime).close_all(operator.name, operator.actor)
    return _signed_out()


async def _open(request: Request, signed_in: sessions.Sessions, name: str) -> Response:
    await signed_in.close(request.cookies.get(guard.COOKIE, ""))  # one browser, one session
    token = await signed_in.open(name)
    response = rendering.redirect(rendering.HOME)
    response.set_cookie(guard.COOKIE, token, secure=True, httponly=True, samesite="strict")
    return response


def _signed_out() -> Response:
    response = rendering.redirect(rendering.SIGN_IN)
    response.delete_cookie(guard.COOKIE, secure=True, httponly=True, samesite="strict")
    return response


def _too_many(request: Request, name: str, pause: int) -> Response:
    fault = f"Too many sign-ins. Try again in {math.ceil(pause / 60)} minutes."
    answer = rendering.render(request, "sign_in.html", status=429, name=name, fault=fault)
    answer.headers["Retry-After"] = str(pause)
    return answer
