import asyncio
import json
import threading
from typing import Any

import pytest
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from simulacra.service import main
from simulacra.service.http import guards, json_text, pages
from simulacra.service.runtime import Runtime

WHOLE_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WHOLE_TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(WHOLE_TEXT, inner),
    max_leaves=20,
)


@given(DOCUMENTS)
def test_what_is_written_is_read(document: Any) -> None:  # noqa: ANN401
    assert json_text.parse(json.dumps(document).encode()) == document


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"A": 0.9, "B": 0.1, "A": 0.2}', "'A' more than once"),
        (b'{"x": [{"A": 1, "A": 1}]}', "'A' more than once"),
        (b'"\\ud800"', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'"K\xf6ln"', "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b"[" * 100_000 + b"]" * 100_000, "nested"),
        (b"9" * 5000, "digits"),
        (b"", "Expecting value"),
        (b"{} x", "Extra data"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_can_be_misread_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(json.JSONDecodeError, match=reason):
        json_text.parse(body)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_how_deep_it_may_be_is_the_same_wherever_it_is_read(opening: str, closing: str) -> None:
    """Python's own limit is some hundred levels, less those of the calls that led here."""

    def nested(depth: int) -> bytes:
        return (opening * depth + "1" + closing * depth).encode()

    json_text.parse(nested(json_text.MAX_DEPTH))
    for depth in (json_text.MAX_DEPTH + 1, 300, 700, 900, 100_000):
        with pytest.raises(json.JSONDecodeError, match="nested"):
            json_text.parse(nested(depth))


def test_every_operation_that_takes_json_reads_it_here(runtime: Runtime) -> None:
    routes = [route for route in guards.routes(main.build(runtime)) if isinstance(route, APIRoute)]
    taking = [route for route in routes if route.body_field is not None]
    own = (json_text.Route, pages.Page)  # pages take forms
    assert len([route for route in taking if isinstance(route, json_text.Route)]) >= 4
    assert [route.path for route in taking if not isinstance(route, own)] == []


def test_many_names_are_compared_in_linear_time() -> None:
    """A quadratic comparison would take hours here."""
    names = ",".join(f'"{n}":1' for n in range(200_000))
    with pytest.raises(json.JSONDecodeError, match="'199999' more than once"):
        json_text.parse(f'{{{names},"199999":1}}'.encode())


def test_a_long_body_is_parsed_while_others_are_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser waits here for something that only the event loop does."""
    body = json.dumps({"column": "x" * json_text.AT_ONCE_BYTES}).encode()
    is_served = threading.Event()

    def parse(given: bytes) -> Any:  # noqa: ANN401
        assert is_served.wait(timeout=30), "nobody is served while a body is parsed"
        return json.loads(given)

    async def receive() -> Message:
        asyncio.get_running_loop().call_later(0.01, is_served.set)
        return {"type": "http.request", "body": body}

    async def run() -> Any:  # noqa: ANN401
        scope = {"type": "http", "method": "POST", "headers": []}
        return await json_text._Request(scope, receive).json()

    monkeypatch.setattr(json_text, "parse", parse)
    assert asyncio.run(run()) == json.loads(body)
