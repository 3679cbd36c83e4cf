"""The expected state of the service, in plain Python: the model of model-based testing."""

import dataclasses
import datetime as dt
import random

DAY = dt.timedelta(days=1)
WINDOW = 30 * DAY
LONGEST = 7 * DAY
KEY_RETENTION = DAY
HISTORY = DAY
TOMBSTONE = 7 * DAY
LEASE = dt.timedelta(seconds=15)
OPEN_STATUSES = ("queued", "processing")
SUBSCRIPTION_ROWS = 900
ROW_CAP = 500


def _study(seed: int, rows: int) -> bytes:
    """Premium buyers shop online and Value buyers do not, so some scenarios are infeasible."""
    draw = random.Random(seed)
    lines = ["age,segment,channel"]
    for number in range(rows):
        segment = ("Premium", "Value", "Mid")[number % 3]
        channel = {"Premium": "Online", "Value": "Retail"}.get(segment) or draw.choice(
            ["Online", "Retail"]
        )
        lines.append(f"{draw.randint(18, 70)},{segment},{channel}")
    return "\n".join(lines).encode()


SEED_FILES = {
    "study": _study(1, 60),
    "other study": _study(2, 60),
    "too short": _study(3, 5),  # accepted, and fails in training
    "no table": b"%PDF-1.7 no table",
}
_SPLIT = {"segment": {"Premium": 0.6, "Value": 0.4}, "channel": {"Online": 0.3}}
SCENARIOS: dict[str, dict[str, object]] = {
    "free": {},
    "split": {"categorical": _SPLIT},  # partial, and infeasible for a single row
    "unknown": {"categorical": {"colour": {"red": 1.0}}},
}


@dataclasses.dataclass(eq=False)
class ExpectedTenant:
    """A customer, its idempotency keys and what they were accepted with."""

    name: str
    id: str
    since: dt.datetime
    retention: dt.timedelta
    bindings: dict[tuple[str, str], "ExpectedBinding"] = dataclasses.field(default_factory=dict)
    leases: dict[str, "ExpectedLease"] = dataclasses.field(default_factory=dict)

    def bind(
        self, operation: str, key: str | None, request: object, resource: "ExpectedResource"
    ) -> None:
        """Record what a key was accepted with."""
        if key is not None:
            self.bindings[operation, key] = ExpectedBinding(request, resource)

    def release_key(self, key: str, lease: "ExpectedLease | None") -> None:
        """Record that a request has ended, and release its key if it held that."""
        if lease is not None and self.leases.get(key) is lease:
            del self.leases[key]


@dataclasses.dataclass(eq=False)
class ExpectedLease:
    """The hold on a key by a request whose body has not arrived."""

    since: dt.datetime
    is_renewed: bool


@dataclasses.dataclass(eq=False)
class ExpectedJob:
    """Work in the background; `holder` is the attempt that may end it."""

    id: str
    tenant: ExpectedTenant
    status: str = "queued"
    tries: int = 0
    excused: int = 0
    holder: object | None = None
    ended_at: dt.datetime | None = None
    is_removed: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


@dataclasses.dataclass(eq=False)
class ExpectedDataset:
    """An uploaded study, until it is deleted or expires."""

    id: str
    tenant: ExpectedTenant
    job: ExpectedJob
    seed: str
    created_at: dt.datetime
    expires_at: dt.datetime
    status: str = "processing"

    def is_live(self, now: dt.datetime) -> bool:
        return self.status not in ("deleted", "expired") and now < self.expires_at


@dataclasses.dataclass(eq=False)
class ExpectedGeneration:
    """A request for synthetic rows, and how many were billed."""

    id: str
    tenant: ExpectedTenant
    dataset: ExpectedDataset
    job: ExpectedJob
    rows: int
    scenario: str
    created_at: dt.datetime
    expires_at: dt.datetime
    status: str = "processing"
    billed: int = 0
    digest: str | None = None

    def is_live(self, now: dt.datetime) -> bool:
        return self.status != "expired" and now < self.expires_at

    @property
    def window(self) -> int:
        return (self.created_at - self.tenant.since) // WINDOW


ExpectedResource = ExpectedDataset | ExpectedGeneration


@dataclasses.dataclass(eq=False)
class ExpectedBinding:
    """A key, the request that it was accepted with, and the resource that this created."""

    request: object
    resource: ExpectedResource

    def is_over(self, now: dt.datetime) -> bool:
        return self.resource.created_at + KEY_RETENTION <= now


class ExpectedState:
    """All requests that were accepted, and what has become of them."""

    def __init__(self) -> None:
        self.tenants: list[ExpectedTenant] = []
        self.datasets: list[ExpectedDataset] = []
        self.generations: list[ExpectedGeneration] = []

    @property
    def jobs(self) -> list[ExpectedJob]:
        return [resource.job for resource in self.resources]

    @property
    def resources(self) -> list[ExpectedResource]:
        return [*self.datasets, *self.generations]

    def resource_of_job(self, job_id: str) -> ExpectedResource:
        return next(resource for resource in self.resources if resource.job.id == job_id)

    def generations_of(self, dataset: ExpectedDataset) -> list[ExpectedGeneration]:
        return [resource for resource in self.generations if resource.dataset is dataset]

    def balance(self, tenant: ExpectedTenant, window: int) -> tuple[int, int]:
        """Return the rows reserved and used in a window."""
        mine = [it for it in self.generations if it.tenant is tenant and it.window == window]
        return sum(it.rows for it in mine if it.job.is_open), sum(it.billed for it in mine)

    def refusal(
        self, dataset: ExpectedDataset, rows: int, scenario: str, now: dt.datetime
    ) -> str | None:
        """Return the code that refuses a generation without a key or with a new one, if any."""
        if not dataset.is_live(now):
            return "simio_dataset_not_found"
        if dataset.status != "ready":
            return f"simio_dataset_{'failed' if dataset.status == 'failed' else 'not_ready'}"
        if rows > ROW_CAP:
            return "simio_row_cap_exceeded"
        if scenario == "unknown":
            return "simio_unknown_condition_column"
        return self._lack_of_rows(dataset.tenant, rows, now)

    def _lack_of_rows(self, tenant: ExpectedTenant, rows: int, now: dt.datetime) -> str | None:
        reserved, used = self.balance(tenant, (now - tenant.since) // WINDOW)
        if used + rows > SUBSCRIPTION_ROWS:
            return "simio_quota_exceeded"
        if used + reserved + rows > SUBSCRIPTION_ROWS:
            return "simio_quota_reservation_conflict"
        return None

    def end_job(self, resource: ExpectedResource, status: str) -> None:
        """End the job of a resource that will not be completed."""
        if resource.job.is_open:
            resource.job.status, resource.job.holder = status, None
            if resource.status == "processing":
                resource.status = "failed"

    def delete(
        self, dataset: ExpectedDataset, status: str = "deleted", job_status: str = "cancelled"
    ) -> None:
        """End a dataset, its job and the jobs of its generations."""
        self.end_job(dataset, job_status)
        for generation in self.generations_of(dataset):
            self.end_job(generation, job_status)
        dataset.status = status

    def housekeep(self, now: dt.datetime) -> None:
        """Apply what housekeeping does."""
        for generation in self.generations:
            if generation.status != "expired" and generation.expires_at <= now:
                self.end_job(generation, "expired")
                generation.status = "expired"
        for dataset in self.datasets:
            if dataset.status not in ("deleted", "expired") and dataset.expires_at <= now:
                self.delete(dataset, "expired", "expired")
        for job in self.jobs:
            if job.ended_at is not None and job.ended_at <= now - HISTORY:
                job.status = "expired"
                job.is_removed = job.is_removed or job.ended_at <= now - HISTORY - TOMBSTONE
