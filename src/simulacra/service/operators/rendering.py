"""HTML of the operator's page: templates, headers, and errors as pages."""

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from simulacra.service.http import pages

HOME = "/operator/"
SIGN_IN = "/operator/sign-in"
MAX_FORM_BYTES = pages.MAX_FORM_BYTES

HEADERS = {
    # Nothing but our own style sheet and icon; no script at all, so that text from outside that
    # slipped through the escaping could do nothing.
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",  # with no-referrer, forms would send `Origin: null`
}
_TEMPLATES = pages.environment("simulacra.service.operators")

redirect = pages.redirect


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401 - whatever the template shows
    """Return a page; templates also see `operator`, who is signed in, or None."""
    operator = getattr(request.state, "operator", None)
    shown = _TEMPLATES.get_template(template).render(
        operator=operator, path=request.url.path, forms_field=pages.FORMS_FIELD, **values
    )
    return HTMLResponse(shown, status_code=status, headers=HEADERS)


class Page(pages.Page):
    """A page of an operator."""

    def ask_to_sign_in(self, request: Request) -> Response:  # noqa: ARG002 - whichever it was
        """Lead to the form."""
        return redirect(SIGN_IN)

    def show_error(self, request: Request, status: int, detail: str) -> Response:
        """Return the page of an error."""
        request_id = request.state.request_id
        return render(request, "error.html", status=status, detail=detail, request_id=request_id)
