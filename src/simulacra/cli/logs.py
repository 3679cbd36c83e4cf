"""The lines that commands log, on standard error."""

import logging
from typing import Literal

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
RENAMED = {"asctime": "time", "levelname": "level", "name": "logger"}
VERBOSE = ("alembic", "httpx", "procrastinate")
"""Libraries whose everyday messages nobody needs."""


def configure(form: Literal["text", "json"] = "text") -> None:
    """Log lines of text, or JSON objects with the same fields and those of the event."""
    logging.basicConfig(level=logging.INFO, force=True)
    (handler,) = logging.getLogger().handlers
    handler.setFormatter(_json() if form == "json" else logging.Formatter(FORMAT))
    for name in VERBOSE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _json() -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    return JsonFormatter(FORMAT, rename_fields=RENAMED, timestamp=False)
