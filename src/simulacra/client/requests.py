"""Requests as the client makes them, before anything is sent."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import uuid
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simulacra.client.seeds import Seed

KEY_HEADER = "Idempotency-Key"


def new_key() -> str:
    """Return an idempotency key, which no other intent has."""
    return str(uuid.uuid4())


def segment(name: str) -> str:
    """Return an id as one segment of a path, whatever is in it.

    Raises:
        ValueError: it is empty, so that the path would be another one.
    """
    if not name or set(name) <= {"."}:
        raise ValueError(f"{name!r} is no id")
    return quote(name, safe="")


def encoded(document: Any) -> str:  # noqa: ANN401 - JSON
    """Return a document as JSON; numbers of NumPy, dates and times are taken as well.

    Raises:
        TypeError: something in it cannot be JSON.
        ValueError: a number is not finite.
    """
    return json.dumps(document, ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:  # noqa: ANN401 - as json asks for it
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "tolist"):  # a number or an array of NumPy
        return value.tolist()
    raise TypeError(
        f"a {type(value).__name__} cannot be sent; give texts, numbers, lists, mappings"
    )


def without_secrets(answer: httpx.Response) -> httpx.Response:
    """Return an answer that does not know what it was asked with.

    Answers are kept by errors and objects, which are logged and pickled. The request had an access
    token, perhaps a secret in its body, or a link's token in its query.
    """
    sent = answer.request
    headers = {name: it for name, it in sent.headers.items() if name.lower() != "authorization"}
    answer.request = httpx.Request(sent.method, sent.url.copy_with(query=None), headers=headers)
    answer.history = []
    return answer


@dataclasses.dataclass(frozen=True)
class Request:
    """One request; it is sent again after a failure that passes.

    Attributes:
        method: of HTTP.
        url: a path of the API, or an address.
        parameters: of the query.
        json: the body, if it is JSON.
        fields: of the form that goes with `seed`.
        seed: a file to upload, opened anew for each attempt.
        headers: besides those of every request.
        key: idempotency key, the same at every attempt.
        needs_token: whether an access token is sent.
        is_repeatable: whether it does the same when it arrives twice. Others are sent again only if
            they have not arrived.
    """

    method: str
    url: str
    parameters: Mapping[str, str | int] = dataclasses.field(default_factory=dict)
    json: Any = dataclasses.field(default=None, repr=False)
    fields: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    seed: Seed | None = dataclasses.field(default=None, repr=False)
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    key: str | None = None
    needs_token: bool = True
    is_repeatable: bool = True

    @property
    def name(self) -> str:
        """What it is, for messages and the log: no query, which may hold a secret."""
        return f"{self.method} {self.url.partition('?')[0]}"

    @contextlib.contextmanager
    def content(self) -> Iterator[dict[str, Any]]:
        """Open what is to be sent, as arguments of httpx."""
        if self.seed is None:
            yield {} if self.json is None else {"content": encoded(self.json)}
            return
        with self.seed.open() as file:
            part: tuple[str, BinaryIO, str] = (self.seed.name, file, "application/octet-stream")
            yield {"data": dict(self.fields), "files": {"seed_file": part}}

    def all_headers(self, token: str | None) -> dict[str, str]:
        """Return its headers, with the access token if it needs one."""
        headers = dict(self.headers)
        if self.json is not None:
            headers["Content-Type"] = "application/json"
        if self.key is not None:
            headers[KEY_HEADER] = self.key
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return headers
