"""What a caller would rather read: a page, or JSON (RFC 9110, section 12.5.1)."""

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope


def wants_html(asked: HTTPConnection | Scope) -> bool:
    """Tell whether HTML is named by Accept and weighs at least as much as JSON.

    A program that accepts anything gets JSON: browsers name HTML.
    """
    headers = asked.headers if isinstance(asked, HTTPConnection) else Headers(scope=asked)
    weights = dict(map(_weighed, headers.get("accept", "").split(",")))
    html = weights.get("text/html", 0.0)
    json = max(weights.get(it, 0.0) for it in ("application/json", "application/problem+json"))
    return html > 0 and html >= json


def _weighed(part: str) -> tuple[str, float]:
    media_type, *parameters = (it.strip().lower() for it in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return media_type, float(value)
            except ValueError:
                return media_type, 0.0
    return media_type, 1.0
