"""HTML of the operator's page: templates, headers, and errors as pages."""

import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any

import jinja2
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from simulacra.service import errors
from simulacra.service.http import guards, handlers, problems, translation
from simulacra.service.operators import guard

HOME = "/operator/"
SIGN_IN = "/operator/sign-in"
MAX_FORM_BYTES = 16_384

HEADERS = {
    # Nothing but our own style sheet and icon; no script at all, so that text from outside that
    # slipped through the escaping could do nothing.
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",  # with no-referrer, forms would send `Origin: null`
}


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - whatever the template shows
    """Return a page; templates also see `operator`, who is signed in, or None."""
    operator = getattr(request.state, "operator", None)
    shown = _TEMPLATES.get_template(template).render(
        operator=operator, path=request.url.path, forms_field=guard.FORMS_FIELD, **values
    )
    return HTMLResponse(shown, status_code=status, headers=HEADERS)


def redirect(to: str) -> Response:
    """Return the answer to a form that did what it should: look at the result with GET."""
    return RedirectResponse(to, status_code=303)


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
            except guard.SignInNeededError:
                return redirect(SIGN_IN)
            except errors.OperatorError as error:
                is_late = isinstance(error, errors.AlreadyDecidedError)
                return _error_page(request, 409 if is_late else 404, str(error))
            except errors.ProviderError as error:  # the reason is for whoever runs the service
                return _error_page(request, 503, str(error))
            except (problems.Problem, errors.ServiceError) as error:
                problem = translation.problem_of(error)
                return _error_page(request, problem.status, problem.detail)
            except RequestValidationError as error:
                problem = handlers.from_validation(list(error.errors()))
                return _error_page(request, problem.status, problem.detail)

        return handle_page


def _error_page(request: Request, status: int, detail: str) -> Response:
    request_id = request.state.request_id
    return render(request, "error.html", status=status, detail=detail, request_id=request_id)


def _moment(value: dt.datetime) -> str:
    return value.astimezone(dt.UTC).strftime("%-d %b %Y, %H:%M")


def _size(count: int) -> str:
    amount = float(count)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("simulacra.service.operators"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(moment=_moment, size=_size, number="{:,}".format)
