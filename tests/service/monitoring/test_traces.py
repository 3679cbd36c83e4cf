"""Traces arrive at a collector, and say nothing of a query or an exception."""

import dataclasses

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.trace import StatusCode

from simulacra.service import main
from simulacra.service.monitoring import traces
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.monitoring.receiver import receiving

Attributes = dict[str, object]


def spans(posted: list[tuple[str, bytes]]) -> list[tuple[str, Attributes, int]]:
    """Return name, attributes and status of each span."""
    found = []
    for path, body in posted:
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    values = {it.key: it.value.string_value for it in span.attributes}
                    assert not span.events
                    assert not span.status.message
                    found.append((span.name, dict(values), span.status.code))
    return found


def test_a_request_is_a_span_without_its_query(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")

    async def check() -> None:
        with receiving() as (address, posted):
            with traces.sent_to(address, "api") as provider:
                app = main.build(runtime, provider)
                transport = httpx.ASGITransport(app)
                async with httpx.AsyncClient(transport=transport, base_url="https://x") as http:
                    await http.get("/errors/simio_internal?signature=hidden")
            ((name, attributes, _),) = spans(posted)
            assert name == "GET /errors/{code}"
            assert attributes["http.route"] == "/errors/{code}"
            assert b"hidden" not in b"".join(body for _, body in posted)
            assert b"simulacra-api" in b"".join(body for _, body in posted)

    run_async(check())


def test_what_a_span_must_not_say_is_dropped() -> None:
    with receiving() as (address, posted):
        with traces.sent_to(address, "worker") as provider:
            span = provider.get_tracer("simulacra").start_span("job createDataset")
            span.set_attributes({"job.id": "job_1", "cell": "hidden"})
            span.record_exception(ValueError("hidden"))
            span.set_status(StatusCode.ERROR, "hidden")
            span.end()
        ((name, attributes, status),) = spans(posted)
    assert (name, attributes) == ("job createDataset", {"job.id": "job_1"})
    assert status == StatusCode.ERROR.value
    assert b"hidden" not in b"".join(body for _, body in posted)


def test_nothing_is_made_unless_asked_for(runtime: Runtime) -> None:
    with traces.sent_to(None, "api") as provider:
        assert not provider.get_tracer("simulacra").start_span("x").is_recording()
    assert dataclasses.replace(runtime).tracer.start_span("x").is_recording() is False
