"""The request that the current task serves, for whatever is put on record while it does."""

import contextvars

REQUEST_ID: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
"""Set by the outermost HTTP layer; None in the worker and at the command line."""
