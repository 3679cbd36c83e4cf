"""Pages for people who sign in: routes whose errors are pages, and what all templates can use."""

import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any

import jinja2
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute

from simulacra.engine import display
from simulacra.service import errors
from simulacra.service.http import (
    cross_tenant,
    guards,
    handlers,
    problems,
    same_origin,
    translation,
)

FORMS_FIELD = "forms_token"
"""The field of a form that holds the token of its session."""
MAX_FORM_BYTES = 16_384
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
"""Of lengths of time, in seconds; the largest that fits is shown."""
SAFE_METHODS = ("GET", "HEAD")


class SignInNeededError(Exception):
    """Nobody is signed in."""


class Visitor(guards.Guard):
    """The route is open to anyone who comes from no other site: the sign-in form."""

    async def __call__(self, request: Request) -> None:
        """Refuse a form of another site."""
        await self.admit(request)

    async def admit(self, request: Request) -> None:
        """Refuse a form of another site."""
        if request.method not in SAFE_METHODS:
            same_origin.check(request)


class Page(APIRoute):
    """A route whose guard decides before the form is read, and whose errors are pages."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the framework's handler inside one that renders errors as pages."""
        handle, admitted = super().get_route_handler(), guards.guard_of(self)

        async def handle_page(request: Request) -> Response:
            try:
                if admitted is not None:
                    await admitted.admit(request)
                return await handle(request)
            except SignInNeededError:
                return self.ask_to_sign_in(request)
            except errors.OperatorError as error:
                is_late = isinstance(error, errors.AlreadyDecidedError)
                return self.show_error(request, 409 if is_late else 404, str(error))
            except errors.ProviderError as error:  # the reason is for whoever runs the service
                return self.show_error(request, 503, str(error))
            except (problems.Problem, errors.ServiceError) as error:
                problem = translation.problem_of(error)
                page = self.show_error(request, problem.status, problem.detail)
                if isinstance(error, errors.NotFoundError):  # it may be another tenant's
                    page.background = cross_tenant.watch(request)
                return page
            except RequestValidationError as error:
                problem = handlers.from_validation(list(error.errors()))
                return self.show_error(request, problem.status, problem.detail)

        return handle_page

    def ask_to_sign_in(self, request: Request) -> Response:
        """Return the answer to somebody who is not signed in."""
        raise NotImplementedError

    def show_error(self, request: Request, status: int, detail: str) -> Response:
        """Return the page of an error."""
        raise NotImplementedError


def redirect(to: str) -> Response:
    """Return the answer to a form that did what it should: look at the result with GET."""
    return RedirectResponse(to, status_code=303)


def environment(package: str) -> jinja2.Environment:
    """Return the templates of a package, which escape what they show and can use the charts."""
    templates = display.environment(package)
    templates.filters.update(counted=counted, moment=moment, size=size, span=span)
    return templates


def counted(number: int) -> str:
    """Return a number of things in full; `number` of the charts rounds."""
    return f"{number:,}"


def moment(value: dt.datetime) -> str:
    """Return a time in UTC, in words."""
    return value.astimezone(dt.UTC).strftime("%-d %b %Y, %H:%M")


def size(count: int) -> str:
    """Return a number of bytes in the largest unit that fits."""
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def span(seconds: float) -> str:
    """Return a length of time in the largest unit that fits."""
    unit, length = next((it for it in UNITS if seconds >= it[1]), UNITS[-1])
    number = int(seconds // length)
    return f"{number} {unit}{'' if number == 1 else 's'}"
