"""What a process measures of its own doing, in Prometheus' terms.

Names follow Prometheus' conventions: base units, and ``_total`` for what only grows. No label holds
a tenant, a client or a path, so nobody's name gets into a monitoring system, and the number of
series does not grow with customers.
"""

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

# Without a second series for each, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types here
REGISTRY = CollectorRegistry()
SHORT = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
LONG = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 1800.0)
UNMATCHED = "none"
"""In place of the route of a request that matches none."""

REQUEST_SECONDS = Histogram(
    "simulacra_http_request_seconds",
    "Time from the head of a request to the end of its answer.",
    ("method", "route", "status"),
    buckets=SHORT,
    registry=REGISTRY,
)
OPEN_REQUESTS = Gauge(
    "simulacra_http_requests_open", "Requests that are being served.", registry=REGISTRY
)
PROBLEMS = Counter(
    "simulacra_http_problems_total", "Problems answered, by code.", ("code",), registry=REGISTRY
)
REFUSALS = Counter(
    "simulacra_refusals_total",
    "Refused tokens and credentials, by reason; other_tenant: an id of another tenant was asked "
    "for.",
    ("reason",),
    registry=REGISTRY,
)
ATTEMPT_SECONDS = Histogram(
    "simulacra_job_attempt_seconds",
    "Time of an attempt at a job, by how it ended.",
    ("operation", "outcome"),
    buckets=LONG,
    registry=REGISTRY,
)
RUNNING_ATTEMPTS = Gauge(
    "simulacra_job_attempts_running", "Attempts at jobs that are under way.", registry=REGISTRY
)
CHORE_FAILURES = Counter(
    "simulacra_housekeeping_failures_total",
    "Recurring chores that failed and wait for their next round.",
    ("chore",),
    registry=REGISTRY,
)
WEBHOOK_DELIVERIES = Counter(
    "simulacra_webhook_deliveries_total",
    "Attempts at deliveries to webhooks, by how they ended: delivered, or why not.",
    ("outcome",),
    registry=REGISTRY,
)


class Own(Collector):
    """All of them, to be given out beside others."""

    def collect(self) -> Iterable[Metric]:
        """Yield every measure."""
        return REGISTRY.collect()
