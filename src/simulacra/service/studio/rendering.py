"""HTML of the study page: templates, headers, and errors as pages or as parts of one."""

import re
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from simulacra.service.http import pages

HOME = "/studio/"
SIGN_IN = "/studio/sign-in"
MAX_FORM_BYTES = pages.MAX_FORM_BYTES
MAX_STATE_BYTES = 64 * 1024
"""Of a form that holds a scenario: some hundred shares."""

HEADERS = {
    # Scripts are files of ours; no text from outside can become one, since nothing is evaluated
    # and nothing inline runs. Style sheets likewise, so templates have no `style` attributes.
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",  # with no-referrer, forms would send `Origin: null`
}
NO_STUDY = re.compile(r"There is no dataset '[^']*'\.")
"""What programs are told; people have names of studies, and no ids."""
ABSENT = "There is no such study. It was deleted, or its time is over."
_TEMPLATES = pages.environment("simulacra.service.studio")

redirect = pages.redirect


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - whatever the template shows
    """Return a page, or a part that htmx puts into one.

    Templates also see `person`, who is signed in, or None.
    """
    person = getattr(request.state, "person", None)
    shown = _TEMPLATES.get_template(template).render(
        person=person, path=request.url.path, forms_field=pages.FORMS_FIELD, **values
    )
    return HTMLResponse(shown, status_code=status, headers=HEADERS)


def is_part(request: Request) -> bool:
    """Tell whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def go(request: Request, to: str) -> Response:
    """Lead to another page, from a form as from a request of htmx."""
    if is_part(request):
        return Response(status_code=204, headers=HEADERS | {"hx-redirect": to})
    return redirect(to)


class Page(pages.Page):
    """A page of a person, or a part of one."""

    def ask_to_sign_in(self, request: Request) -> Response:
        """Lead to the form."""
        return go(request, SIGN_IN)

    def show_error(self, request: Request, status: int, detail: str) -> Response:
        """Return an error as a page, or as a notice for a part of one."""
        detail = NO_STUDY.sub(
            "There is no such study. It was deleted, or its time is over.", detail
        )
        template = "error_part.html" if is_part(request) else "error.html"
        request_id = request.state.request_id
        return render(request, template, status=status, detail=detail, request_id=request_id)
