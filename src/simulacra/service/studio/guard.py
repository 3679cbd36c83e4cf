"""Who may call a route of the study page."""

import re
from typing import Annotated

from fastapi import Depends, Request

from simulacra.service import errors
from simulacra.service.http import guards, pages, rate_limits, same_origin, serving
from simulacra.service.people import accounts, sessions
from simulacra.service.throttling import RouteClass

COOKIE = "__Host-simulacra-studio"
"""The prefix makes browsers insist on `Secure`, on `Path=/`, and on no other host having set it."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
OTHER_SESSION = "The form is of another session. Go back, load the page again, and retry."


class Person(guards.Guard):
    """The route needs the session of a person, and what changes something a form of that session.

    Requests of a person are counted as those of a client are.
    """

    def __init__(self, *, reads_form: bool = True, counts_as: RouteClass | None = None) -> None:
        """Say whether the guard reads the form.

        Args:
            reads_form: False where a file is uploaded: whoever reads it calls `check_form`.
            counts_as: which limit the requests are counted for; by the method unless given.
        """
        self.reads_form, self.counts_as = reads_form, counts_as

    async def __call__(self, request: Request) -> sessions.SignedIn:
        """Return who is signed in."""
        await self.admit(request)
        signed_in: sessions.SignedIn = request.state.person
        return signed_in

    async def admit(self, request: Request) -> None:
        """Find the session, count the request, and check the origin of a form.

        Raises:
            pages.SignInNeededError: there is no session, or it is over.
            errors.ForbiddenError: the form is another site's, or of another session.
            problems.Problem: it is one request too many.
        """
        if getattr(request.state, "person", None) is not None:
            return
        changes = request.method not in pages.SAFE_METHODS
        if changes:
            same_origin.check(request)
        token, runtime = request.cookies.get(COOKIE, ""), serving.runtime_of(request)
        signed_in = TOKEN.fullmatch(token) and await sessions_of(runtime).find(token)
        if not signed_in:
            raise pages.SignInNeededError
        request.state.caller = signed_in.caller
        kind = self.counts_as or (RouteClass.WRITES if changes else RouteClass.READS)
        standing = await runtime.throttle.hit(runtime.policy.limits[kind], signed_in.person_id)
        if standing.is_refused:
            raise rate_limits.refusal(standing)
        if changes and self.reads_form:
            form = await request.form()
            check_form(signed_in, str(form.get(pages.FORMS_FIELD, "")))
        request.state.person = signed_in


def check_form(signed_in: sessions.SignedIn, token: str) -> None:
    """Refuse a form of another session.

    Raises:
        errors.ForbiddenError: the token is not this session's.
    """
    if not signed_in.is_form(token):
        raise errors.ForbiddenError(OTHER_SESSION)


def sessions_of(runtime: serving.Runtime) -> sessions.Sessions:
    """Return the sessions of the installation that serves a request."""
    return sessions.Sessions(runtime.database, runtime.keyring)


def people_of(runtime: serving.Runtime) -> accounts.People:
    """Return the people of the installation that serves a request."""
    return accounts.People(runtime.database, runtime.keyring)


SignedIn = Annotated[sessions.SignedIn, Depends(Person())]
"""A parameter of endpoints."""
Reading = Annotated[sessions.SignedIn, Depends(Person(counts_as=RouteClass.READS))]
"""Of a form that makes nothing, such as a preview's."""
Uploading = Annotated[
    sessions.SignedIn, Depends(Person(reads_form=False, counts_as=RouteClass.UPLOADS))
]
"""Of a form with a file, which the route reads itself."""
Open = Depends(pages.Visitor())
