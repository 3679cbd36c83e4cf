"""Signing in and out."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from simulacra.service import runtime
from simulacra.service.audit.entry import Reason
from simulacra.service.http.texts import Text
from simulacra.service.operators import accounts, guard, rendering, sessions

router = APIRouter(route_class=rendering.Page)


@router.get("/sign-in", dependencies=[guard.Open])
async def show_form(request: Request) -> Response:
    """Show the form."""
    return rendering.render(request, "sign_in.html", name="", fault=None)


@router.post("/sign-in", dependencies=[guard.Open], max_body_size=rendering.MAX_FORM_BYTES)
async def sign_in(
    request: Request,
    running: runtime.Running,
    name: Annotated[Text, Form()] = "",
    password: Annotated[Text, Form()] = "",
) -> Response:
    """Open a session, or show the form again; nothing tells a wrong name from a wrong password."""
    signed_in = sessions.of(running)
    if await signed_in.is_throttled(name):
        minutes = sessions.THROTTLE_WINDOW.total_seconds() / 60
        fault = f"Too many sign-ins were refused. Try again in {minutes:.0f} minutes."
        answer = rendering.render(request, "sign_in.html", status=429, name=name, fault=fault)
        answer.headers["Retry-After"] = f"{sessions.THROTTLE_WINDOW.total_seconds():.0f}"
        return answer
    if not await accounts.authenticate(running.database, name, password):
        await signed_in.refuse(name, Reason.INVALID_CREDENTIALS)
        fault = "The name or the password is wrong."
        return rendering.render(request, "sign_in.html", status=403, name=name, fault=fault)
    await signed_in.close(request.cookies.get(guard.COOKIE, ""))  # one browser, one session
    token = await signed_in.open(name)
    response = rendering.redirect(rendering.HOME)
    response.set_cookie(guard.COOKIE, token, secure=True, httponly=True, samesite="strict")
    return response


@router.post("/sign-out", max_body_size=rendering.MAX_FORM_BYTES)
async def sign_out(request: Request, running: runtime.Running, _: guard.SignedIn) -> Response:
    """Close the session."""
    await sessions.of(running).close(request.cookies[guard.COOKIE])
    response = rendering.redirect(rendering.SIGN_IN)
    response.delete_cookie(guard.COOKIE, secure=True, httponly=True, samesite="strict")
    return response
