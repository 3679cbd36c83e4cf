"""Who may call a route of the operator's page."""

import re
from typing import Annotated

from fastapi import Depends, Request

from simulacra.service import errors
from simulacra.service.http import guards, pages, same_origin, serving
from simulacra.service.operators import second_factor, sessions

COOKIE = "__Host-simulacra-operator"
"""The prefix makes browsers insist on `Secure`, on `Path=/`, and on no other host having set it."""
FORMS_FIELD = pages.FORMS_FIELD
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Operator(guards.Guard):
    """The route needs an operator's session, and what changes something a form of that session."""

    async def __call__(self, request: Request) -> sessions.SignedIn:
        """Return who is signed in."""
        await self.admit(request)
        signed_in: sessions.SignedIn = request.state.operator
        return signed_in

    async def admit(self, request: Request) -> None:
        """Find the session, and check the origin of a form.

        Raises:
            pages.SignInNeededError: there is no session, or it is over.
            errors.ForbiddenError: the form is another site's, or of another session.
        """
        if getattr(request.state, "operator", None) is not None:
            return
        if request.method not in pages.SAFE_METHODS:
            same_origin.check(request)
        token, runtime = request.cookies.get(COOKIE, ""), serving.runtime_of(request)
        signed_in = TOKEN.fullmatch(token) and await sessions_of(runtime).find(token)
        if not signed_in:
            raise pages.SignInNeededError
        if request.method not in pages.SAFE_METHODS:
            form = await request.form()
            if not signed_in.is_form(str(form.get(FORMS_FIELD, ""))):
                raise errors.ForbiddenError(
                    "The form is of another session. Go back, load the page again, and retry."
                )
        request.state.operator = signed_in


def sessions_of(runtime: serving.Runtime) -> sessions.Sessions:
    """Return the sessions of the installation that serves a request."""
    return sessions.Sessions(runtime.database, runtime.keyring)


def second_factors_of(runtime: serving.Runtime) -> second_factor.SecondFactors:
    """Return the second factors of the installation that serves a request."""
    return second_factor.SecondFactors(runtime.database, runtime.keyring)


SignedIn = Annotated[sessions.SignedIn, Depends(Operator())]
"""A parameter of endpoints."""
Open = Depends(pages.Visitor())
