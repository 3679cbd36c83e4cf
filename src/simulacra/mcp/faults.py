"""What goes wrong, as a model is told of it: what was seen, and what would be right."""

import logging
import traceback

from pydantic import ValidationError

from simulacra.client.errors import ClientError, NotReadyError, ProblemError
from simulacra.engine import errors
from simulacra.mcp import wording

LOGGER = logging.getLogger(__name__)
MOST = 12
"""Faults that one answer lists."""
OF_THE_SERVER = (
    "Something went wrong inside of the server, which has logged it. It is not about the arguments."
)


class Refusal(Exception):  # noqa: N818 - it names what the caller gets, as in the domain
    """The tool cannot do what was asked; the text says what would be right."""


def explain(error: BaseException) -> str | None:
    """Return the text of an error for the model; None if it is an error of the server.

    No text holds a secret: the client keeps them out of its errors, and all others are ours.
    """
    told = None
    match error:
        case Refusal():
            told = str(error)
        case ValidationError():
            told = _arguments(error)
        case ProblemError():
            told = _problem(error)
        case errors.ConditionError() | errors.TableError() | errors.StudyError() if error.fields:
            told = _listed([f"{it.pointer}: {it.detail}" for it in error.fields])
        case NotReadyError():
            told = "These rows are not ready: list_studies shows whether they are being made."
        case ClientError() | errors.EngineError():
            told = wording.plain(error, wording.DETAIL)
        case OSError(filename=name, strerror=str() as reason) if name is not None:
            told = f"{wording.plain(name, wording.NAME)}: {reason}."
    return told


def log(tool: str, error: BaseException) -> None:
    """Log an error of the server by its kind and its place; its message may quote a study."""
    place = "".join(traceback.format_tb(error.__traceback__))
    LOGGER.error("%s failed with %s:\n%s", tool, type(error).__qualname__, place)


def _problem(error: ProblemError) -> str:
    """Return what a problem says: its fields at fault, which its detail sums up, or its detail."""
    faults = [f"{it.pointer or it.parameter}: {it.detail}" for it in error.errors]
    retry = " The same call may succeed later." if error.retryable else ""
    request = f", request {error.request_id}" if error.request_id else ""
    return f"{_listed(faults or [error.detail])}{retry} ({error.code}{request})"


def _arguments(error: ValidationError) -> str:
    faults = [
        f"{'.'.join(map(str, it['loc']))}: {it['msg']}"
        for it in error.errors(include_url=False, include_input=False)
    ]
    return _listed(faults)


def _listed(faults: list[str]) -> str:
    lines = [wording.plain(fault, wording.DETAIL) for fault in faults[:MOST]]
    if len(faults) > MOST:
        lines.append(f"and {len(faults) - MOST} more")
    return "\n".join(lines)
