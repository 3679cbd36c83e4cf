"""Errors as RFC 9457 problem documents."""

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field

from simulacra.engine import errors as engine_errors
from simulacra.service.http import catalog

MEDIA_TYPE = "application/problem+json"
ENGINE_PREFIX = "simio_"


@dataclasses.dataclass(frozen=True)
class Fault:
    """One field at fault: `where` is its JSON pointer, or the name of a parameter."""

    where: str
    detail: str
    code: str = "simio_invalid_field"
    is_parameter: bool = False

    def document(self) -> dict[str, str]:
        """Return the entry of `errors`."""
        kind = "parameter" if self.is_parameter else "pointer"
        return {kind: self.where, "detail": self.detail, "code": self.code}


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that is not a success; `detail` is written for the caller.

    `extensions` are further members of the document (RFC 9457, section 3.2); `ProblemDocument`
    names them all.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, BaseModel] | None = None,
    ) -> None:
        super().__init__(detail)
        self.entry = catalog.CATALOG[code]
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})

    def document(self, base_url: str) -> dict[str, Any]:
        """Return the problem without the members that belong to one HTTP exchange."""
        document: dict[str, Any] = {
            "type": f"{base_url}/errors/{self.entry.code}",
            "title": self.entry.title,
            "status": self.entry.status,
            "detail": self.detail,
            "code": self.entry.code,
            "retryable": self.entry.retryable,
        }
        if self.faults:
            document["errors"] = [fault.document() for fault in self.faults]
        for member, extension in self.extensions.items():
            document[member] = extension.model_dump(mode="json", exclude_none=True)
        return document


def pointer(*parts: str) -> str:
    """Return the JSON pointer (RFC 6901) along `parts`."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in parts)


def render(document: Mapping[str, Any]) -> bytes:
    """Return a problem as JSON; half a surrogate pair that it quotes is written as an escape."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def invalid(faults: Sequence[Fault]) -> Problem:
    """Return the problem that lists fields at fault."""
    detail = "; ".join(f"{fault.where or 'body'}: {fault.detail}" for fault in faults)
    return Problem("simio_invalid_field", detail, faults=faults)


def from_engine(error: engine_errors.EngineError, *, pointer: str = "/conditions") -> Problem:
    """Translate an error of the engine; this is the only place that does."""
    if isinstance(error, engine_errors.ConditionError):
        faults = [
            Fault(pointer + field.pointer, field.detail, ENGINE_PREFIX + field.code)
            for field in error.fields
        ]
        return Problem(faults[0].code, error.detail, faults=faults)
    return Problem(ENGINE_PREFIX + error.code, error.detail)


class FaultDocument(BaseModel):
    """One field at fault."""

    pointer: str | None = Field(None, description="RFC 6901 pointer into the JSON body.")
    parameter: str | None = Field(None, description="Name of the query, path or form field.")
    detail: str
    code: str


class QuotaDocument(BaseModel):
    """The figures behind a refused `row_count`."""

    row_count: int = Field(description="Rows that the request asked for.")
    max_rows_per_request: int | None = Field(default=None, description="Cap of one request.")
    subscription_rows: int | None = Field(default=None, description="Rows of one window.")
    rows_used: int | None = Field(default=None, description="Rows billed in this window.")
    rows_reserved: int | None = Field(
        default=None, description="Rows held for generations that have not ended yet."
    )
    rows_remaining: int | None = Field(default=None, description="Rows neither used nor reserved.")
    window_starts_at: dt.datetime | None = None
    window_ends_at: dt.datetime | None = Field(
        default=None, description="When the next window begins."
    )


class ProblemDocument(BaseModel):
    """RFC 9457 problem; `code` and `type` are stable."""

    type: str = Field(description="Address of the page that explains the code.")
    title: str
    status: int
    detail: str
    instance: str | None = Field(None, description="Path of the request.")
    code: str
    request_id: str | None = Field(None, description="Quote it to support.")
    retryable: bool = Field(description="Whether the same request may succeed later.")
    errors: list[FaultDocument] | None = None
    quota: QuotaDocument | None = Field(None, description="With codes about row quotas.")
