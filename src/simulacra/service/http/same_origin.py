"""Which site a request of a browser comes from."""

from urllib.parse import urlsplit

from fastapi import Request

from simulacra.service import errors


def check(request: Request) -> None:
    """Refuse what another site has sent.

    Browsers say where a request comes from (Fetch Metadata; before it, Origin), and scripts cannot
    change it. A cookie of SameSite=Strict is not sent from elsewhere either; this adds to it.

    Raises:
        errors.ForbiddenError: it comes from another site, or its origin is unknown.
    """
    site = request.headers.get("sec-fetch-site")
    origin = urlsplit(request.headers.get("origin", "")).netloc
    is_same_origin = site == "same-origin" if site else origin == request.headers.get("host")
    if not is_same_origin:
        raise errors.ForbiddenError("The request was sent from another site.")
