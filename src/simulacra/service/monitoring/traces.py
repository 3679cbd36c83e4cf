"""Traces in OpenTelemetry's terms, sent to a collector by OTLP over HTTP; none unless asked for.

The web framework makes spans of requests by itself, as soon as it is given a provider. What it
would say of a query or of an exception stays here: a query may hold the signature of a link, and
the text of an exception the cell of a study.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from opentelemetry import trace

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

KEPT = frozenset(
    {
        *("http.request.method", "http.route", "http.response.status_code", "error.type"),
        *("url.path", "url.scheme", "server.address", "server.port"),
        *("job.id", "operation", "job.attempt", "job.outcome", "tenant.id"),
    }
)
"""Attributes that are sent; all others are dropped."""
PATH = "v1/traces"


@contextlib.contextmanager
def sent_to(collector: str | None, process: str) -> Iterator["trace.TracerProvider"]:
    """Yield the provider of a process's spans; what is left is sent at the end.

    Args:
        collector: base address of its OTLP receiver, such as http://localhost:4318; None sends
            nothing.
        process: name of the process, ``api`` or ``worker``.
    """
    if collector is None:
        yield trace.NoOpTracerProvider()
        return
    provider = _provider(collector, process)
    try:
        yield provider
    finally:
        provider.shutdown()


def _provider(collector: str, process: str) -> "TracerProvider":
    # The SDK takes a while to load, which nobody should wait for who sends nothing.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    class Silent(BatchSpanProcessor):
        """Drops what spans must not say before it keeps them for sending."""

        def on_end(self, span: "ReadableSpan") -> None:
            super().on_end(_without_values(span))

    provider = TracerProvider(
        resource=Resource.create({"service.name": f"simulacra-{process}"}), shutdown_on_exit=False
    )
    provider.add_span_processor(
        Silent(OTLPSpanExporter(endpoint=f"{collector.rstrip('/')}/{PATH}"))
    )
    return provider


def _without_values(span: "ReadableSpan") -> "ReadableSpan":
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415

    attributes: Mapping[str, object] = span.attributes or {}
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={
            name: value  # type: ignore[misc]  # of the types that attributes have
            for name, value in attributes.items()
            if name in KEPT
        },
        kind=span.kind,
        status=trace.status.Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
