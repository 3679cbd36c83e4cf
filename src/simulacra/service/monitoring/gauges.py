"""The state of an installation as Prometheus' gauges."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from simulacra.service.monitoring.state import State

PREFIX = "simulacra_"


class StateCollector(Collector):
    """Gives out the connections of this process, and the state that was read last.

    Args:
        connections: returns how many are in use, and how many there may be.
        with_tenants: whether there is a series for each tenant.
    """

    def __init__(
        self, connections: Callable[[], tuple[int, int]], *, with_tenants: bool = False
    ) -> None:
        self.state: State | None = None
        self._connections = connections
        self.broken_records: Mapping[str, bool] = {}
        self._with_tenants = with_tenants

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        used, most = self._connections()
        yield _plain("database_connections_used", "Connections of this process in use.", used)
        yield _plain("database_connections_max", "Connections that it may open.", most)
        if self.state is not None:
            yield from _of_jobs(self.state)
            yield from _of_holdings(self.state)
            yield from _of_webhooks(self.state)
            yield from _of_machine(self.state)
            if self._with_tenants:
                yield _labelled(
                    "tenant_jobs_open", "Open jobs of a tenant.", "tenant", self.state.open_jobs
                )
        if self.broken_records:
            yield _labelled(
                "record_broken",
                "1 if the last check of a record found a fault.",
                "record",
                {name: float(is_broken) for name, is_broken in self.broken_records.items()},
            )


def _of_jobs(state: State) -> Iterator[Metric]:
    figures: dict[str, tuple[str, Callable[[str], float]]] = {
        "jobs_waiting": ("Jobs that wait.", lambda it: state.backlogs[it].waiting),
        "jobs_running": ("Jobs that are worked on.", lambda it: state.backlogs[it].running),
        "job_longest_wait_seconds": (
            "Age of the job that waits longest.",
            lambda it: state.backlogs[it].longest_wait,
        ),
        "job_longest_run_seconds": (
            "Time since the job began that runs longest.",
            lambda it: state.backlogs[it].longest_run,
        ),
    }
    for name, (text, figure) in figures.items():
        yield _labelled(name, text, "operation", {it: figure(it) for it in state.backlogs})
    yield _labelled(
        "jobs_ended_last_hour",
        "Jobs that ended in the last hour, by how.",
        "outcome",
        {"completed": state.completed, "failed": state.failed},
    )


def _of_holdings(state: State) -> Iterator[Metric]:
    yield _plain("datasets", "Datasets that are alive.", state.datasets)
    yield _plain("generations", "Generations that are alive.", state.generations)
    yield _plain("stored_bytes", "Bytes of seed files and artifacts.", state.stored_bytes)
    yield _plain("rows_last_hour", "Rows generated in the last hour.", state.rows)
    yield _plain(
        "signups_waiting",
        "Requests for access without a decision, up to 20.",
        len(state.waiting_signups),
    )
    yield _plain(
        "refusals_last_hour",
        "Tokens and credentials that were refused in the last hour.",
        state.refusals,
    )
    yield _plain(
        "other_tenant_last_hour",
        "Requests in the last hour for what belongs to another tenant.",
        state.other_tenant,
    )


def _of_webhooks(state: State) -> Iterator[Metric]:
    yield _plain("webhook_deliveries_waiting", "Deliveries that wait.", state.deliveries)
    yield _plain(
        "webhook_longest_wait_seconds",
        "How long the oldest delivery that is due has been.",
        state.longest_delivery_wait,
    )


def _of_machine(state: State) -> Iterator[Metric]:
    free = {name: disk.free for name, disk in state.disks.items()}
    total = {name: disk.total for name, disk in state.disks.items()}
    yield _labelled("disk_free_bytes", "Free bytes of a disk, by what lies there.", "disk", free)
    yield _labelled("disk_size_bytes", "Bytes of a disk, by what lies there.", "disk", total)
    if state.certificate_expires is not None:
        yield _plain(
            "certificate_expiry_timestamp_seconds",
            "When the certificate of the API expires, in Unix time.",
            state.certificate_expires.timestamp(),
        )


def _plain(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(PREFIX + name, text, labels=(label,))
    for of, value in values.items():
        family.add_metric((of,), value)
    return family
