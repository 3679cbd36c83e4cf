"""What the service says to requests that are not quite right."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service import main
from simulacra.service.fields import Body
from simulacra.service.generations import schemas
from simulacra.service.http import cross_origin, envelope, handlers, wording
from simulacra.service.identity import embedded
from simulacra.service.identity.principal import SCOPES
from simulacra.service.runtime import Runtime
from simulacra.service.webhooks import schemas as webhooks
from tests.coroutines import RunAsync

Talk = Callable[[httpx.AsyncClient], Coroutine[None, None, None]]


@pytest.fixture
def talk(runtime: Runtime, run_async: RunAsync) -> Callable[[Talk], None]:
    """Hold a conversation with the whole application as a client of a tenant."""

    async def hold(conversation: Talk) -> None:
        made = await runtime.tenants.create(company="A", email="a@b.example")
        assert isinstance(runtime.identity, embedded.Embedded)
        app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"key")
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=runtime.policy.base_url
        ) as http:
            token = await runtime.identity.issuer.mint(made.client_id, SCOPES)
            http.headers["Authorization"] = f"Bearer {token}"
            await conversation(http)

    return lambda conversation: run_async(hold(conversation))


@pytest.mark.parametrize(
    ("sent", "pointer", "told"),
    [
        ({"rows": 5}, "/rows", "did you mean 'row_count'?"),
        ({"Row_Count": 5}, "/Row_Count", "did you mean 'row_count'?"),
        ({"row_count": 5, "categorical": {}}, "/categorical", "it belongs into 'conditions'"),
        ({"row_count": 5, "zzz": 1}, "/zzz", "there are 'row_count', 'output_format'"),
        ({"row_count": 5, "conditions": {"numric": {}}}, "/conditions/numric", "'numeric'?"),
        ({}, "/row_count", "This field is required."),
        ({"row_count": 0}, "/row_count", "Give a number of 1 or more."),
        ({"row_count": "5"}, "/row_count", "Give a whole number."),
        ({"row_count": 5, "output_format": "xls"}, "/output_format", "Give one of 'parquet'"),
        ({"row_count": 5, "conditions": []}, "/conditions", "Give a JSON object."),
    ],
)
def test_a_wrong_field_is_told_what_would_be_right(
    talk: Callable[[Talk], None], sent: dict[str, Any], pointer: str, told: str
) -> None:
    async def conversation(http: httpx.AsyncClient) -> None:
        answer = await http.post("/v1/datasets/ds_x/generations", json=sent)
        assert answer.status_code == 400
        faults = {it["pointer"]: it["detail"] for it in answer.json()["errors"]}
        assert told in faults[pointer]

    talk(conversation)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("row_count", "seed", "wait_seconds", "conditions", "rowcount"), JSON
        ),
    )
)
def test_the_frameworks_words_never_leak(sent: dict[str, Any]) -> None:
    try:
        schemas.GenerationRequest.model_validate(sent)
    except pydantic.ValidationError as error:
        problem = handlers.from_validation(list(error.errors()))
        for word in ("Value error", "Input should", "pydantic", "Extra inputs", "Field required"):
            assert word not in problem.detail


class Outer(Body):
    """A body within which another one is."""

    inner: schemas.Conditions
    limit: int = 5


def test_faults_of_inner_objects_keep_their_place() -> None:
    with pytest.raises(pydantic.ValidationError) as raised:
        Outer.model_validate({"inner": {"nummeric": {}}, "limt": 5, "limit": "x"})
    told = {it["loc"]: it["msg"] for it in raised.value.errors()}
    assert "did you mean 'numeric'?" in told["inner", "nummeric"]
    assert "did you mean 'limit'?" in told["limt",]
    assert set(told) == {("inner", "nummeric"), ("limt",), ("limit",)}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"description": "x" * 201}, "Give a text of 200 characters or fewer."),
        ({"url": ""}, "Give a text of 1 character or more."),
        ({"events": []}, "Give 1 entry or more."),
        ({"events": ["job.failed"] * 51}, "Give 50 entries or fewer."),
    ],
)
def test_texts_have_characters_and_lists_entries(changes: dict[str, Any], told: str) -> None:
    sent = {"url": "https://hooks.example.com", "events": ["job.failed"]} | changes
    with pytest.raises(pydantic.ValidationError) as raised:
        webhooks.WebhookRequest.model_validate(sent)
    assert [wording.sentence(fault) for fault in raised.value.errors()] == [told]


def test_what_is_not_known_gets_a_sentence_of_ours() -> None:
    told = wording.sentence({"type": "kind_of_tomorrow", "msg": "Input should be wonderful"})
    assert told == "This value is not valid here."


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([("Authorization", "Bearer a"), ("Authorization", "Bearer b")], "simio_malformed_request"),
        ([("Host", "a"), ("Host", "b")], "simio_malformed_request"),
        ([("Content-Encoding", "gzip")], "simio_unsupported_content_type"),
    ],
)
def test_a_head_with_two_meanings_is_refused(
    runtime: Runtime, run_async: RunAsync, headers: list[tuple[str, str]], code: str
) -> None:
    async def check() -> None:
        app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"key")
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/signup",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        }

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(3600)
            raise AssertionError("the body is not read")

        async def send(message: Any) -> None:  # noqa: ANN401 - of ASGI
            sent.append(message)

        await app(scope, receive, send)
        assert code.encode() in sent[1]["body"]

    run_async(check())


def test_pages_of_other_origins_are_answered_only_if_named(
    runtime: Runtime, run_async: RunAsync
) -> None:
    asked = {
        "Origin": "https://app.example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,idempotency-key",
    }

    async def ask(origins: str | None, origin: str) -> httpx.Headers:
        inner = cross_origin.allowing(main.build(runtime), origins)
        app = envelope.Envelope(inner, runtime.policy.base_url, b"key")
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://x"
        ) as http:
            return (await http.options("/v1/datasets", headers=asked | {"Origin": origin})).headers

    async def check() -> None:
        named = "https://app.example.com, https://other.example.com/"
        allowed = await ask(named, "https://app.example.com")
        assert allowed["access-control-allow-origin"] == "https://app.example.com"
        assert "access-control-allow-credentials" not in allowed
        for origins, origin in ((named, "https://evil.example.com"), (None, asked["Origin"])):
            assert "access-control-allow-origin" not in await ask(origins, origin)

    run_async(check())
