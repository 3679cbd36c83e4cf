import asyncio
import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from simulacra.service.http import json_text

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
