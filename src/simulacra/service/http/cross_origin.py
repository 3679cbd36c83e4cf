"""Which pages of other origins may call the API from a browser (CORS, the Fetch standard)."""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

METHODS = ("GET", "HEAD", "POST", "DELETE")
TAKEN = (
    *("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "If-Range", "Range"),
    "X-Request-Id",
)
SHOWN = (
    *("Content-Disposition", "Content-Range", "ETag", "Idempotent-Replayed", "Location"),
    *("RateLimit", "RateLimit-Policy", "Repr-Digest", "Retry-After", "X-Request-Id"),
)
MAX_AGE_SECONDS = 600


def allowing(app: ASGIApp, origins: str | None) -> ASGIApp:
    """Return an application that answers pages of some origins, named by commas; without, none.

    Tokens travel in a header that a page must set itself, so nothing is sent along by a browser
    on its own, and cookies are not allowed.
    """
    named = [it.strip().rstrip("/") for it in (origins or "").split(",") if it.strip()]
    if not named:
        return app
    return CORSMiddleware(
        app,
        allow_origins=named,
        allow_methods=METHODS,
        allow_headers=TAKEN,
        expose_headers=SHOWN,
        allow_credentials=False,
        max_age=MAX_AGE_SECONDS,
    )
