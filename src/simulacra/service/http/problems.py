"""Errors as RFC 9457 problem documents."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from simulacra.service import errors
from simulacra.service.errors import catalog
from simulacra.service.http import status_codes

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the RFC's own word
    """An answer that is not a success; `detail` is written for the caller.

    `extensions` are further members of the document (RFC 9457, section 3.2);
    `documents.ProblemDocument` names them all.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        faults: Sequence[errors.Fault] = (),
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, BaseModel | str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.entry = catalog.CATALOG[code]
        self.status = status_codes.STATUS_CODES[code]
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})

    def document(self, base_url: str) -> dict[str, Any]:
        """Return the problem without the members that belong to one HTTP exchange."""
        document: dict[str, Any] = {
            "type": f"{base_url}/errors/{self.entry.code}",
            "title": self.entry.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.entry.code,
            "retryable": self.entry.retryable,
        }
        if self.faults:
            document["errors"] = [_fault(fault) for fault in self.faults]
        for member, extension in self.extensions.items():
            document[member] = (
                extension
                if isinstance(extension, str)
                else extension.model_dump(mode="json", exclude_none=True)
            )
        return document


def _fault(fault: errors.Fault) -> dict[str, str]:
    """Return the entry of `errors` for one field."""
    kind = "parameter" if fault.is_parameter else "pointer"
    within = {} if fault.pointer is None else {"pointer": fault.pointer}
    return {kind: fault.where, **within, "detail": fault.detail, "code": fault.code}


def render(document: Mapping[str, Any]) -> bytes:
    """Return a problem as JSON; half a surrogate pair that it quotes is written as an escape."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
