"""What a customer may expect, kept in plain Python beside the service and compared with it."""

import dataclasses
import datetime as dt
import random

DAY = dt.timedelta(days=1)
WINDOW = 30 * DAY
LONGEST = 7 * DAY
KEY_KEPT = DAY
HISTORY = DAY
TOMBSTONE = 7 * DAY
LEASE = dt.timedelta(seconds=15)
OPEN = ("queued", "processing")
SUBSCRIPTION = 900
CAP = 500


def _study(seed: int, rows: int) -> bytes:
    """Premium buyers shop online and Value buyers do not, so that some scenarios cannot be had."""
    draw = random.Random(seed)
    lines = ["age,segment,channel"]
    for number in range(rows):
        segment = ("Premium", "Value", "Mid")[number % 3]
        channel = {"Premium": "Online", "Value": "Retail"}.get(segment) or draw.choice(
            ["Online", "Retail"]
        )
        lines.append(f"{draw.randint(18, 70)},{segment},{channel}")
    return "\n".join(lines).encode()


SEEDS = {
    "study": _study(1, 60),
    "other study": _study(2, 60),
    "too short": _study(3, 5),  # accepted, and fails in training
    "no table": b"%PDF-1.7 no table",
}
_SPLIT = {"segment": {"Premium": 0.6, "Value": 0.4}, "channel": {"Online": 0.3}}
SCENARIOS: dict[str, dict[str, object]] = {
    "free": {},
    "split": {"categorical": _SPLIT},  # can be had in part, and of one row not at all
    "unknown": {"categorical": {"colour": {"red": 1.0}}},
}


@dataclasses.dataclass(eq=False)
class Tenant:
    """A customer, and what it has been promised."""

    name: str
    id: str
    since: dt.datetime
    retention: dt.timedelta
    bindings: dict[tuple[str, str], "Binding"] = dataclasses.field(default_factory=dict)
    leases: dict[str, "Lease"] = dataclasses.field(default_factory=dict)

    def bind(self, operation: str, key: str | None, request: object, made: "Made") -> None:
        """Note what a key was accepted with."""
        if key is not None:
            self.bindings[operation, key] = Binding(request, made)

    def give_up(self, key: str, lease: "Lease | None") -> None:
        """Note that a request has ended, and holds its key no more if it did."""
        if lease is not None and self.leases.get(key) is lease:
            del self.leases[key]


@dataclasses.dataclass(eq=False)
class Lease:
    """A key that a request holds whose body has not arrived."""

    since: dt.datetime
    is_renewed: bool


@dataclasses.dataclass(eq=False)
class Job:
    """Work in the background; `holder` is the attempt that may end it."""

    id: str
    tenant: Tenant
    status: str = "queued"
    tries: int = 0
    excused: int = 0
    holder: object | None = None
    ended_at: dt.datetime | None = None
    is_removed: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


@dataclasses.dataclass(eq=False)
class Dataset:
    """A study, from its upload to its end."""

    id: str
    tenant: Tenant
    job: Job
    seed: str
    created_at: dt.datetime
    expires_at: dt.datetime
    status: str = "processing"

    def is_live(self, now: dt.datetime) -> bool:
        return self.status not in ("deleted", "expired") and now < self.expires_at


@dataclasses.dataclass(eq=False)
class Generation:
    """Rows that were asked for, and what they cost."""

    id: str
    tenant: Tenant
    dataset: Dataset
    job: Job
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


Made = Dataset | Generation


@dataclasses.dataclass(eq=False)
class Binding:
    """A key that was accepted with a request, and what that made."""

    request: object
    made: Made

    def is_over(self, now: dt.datetime) -> bool:
        return self.made.created_at + KEY_KEPT <= now


class Books:
    """Everything that was accepted."""

    def __init__(self) -> None:
        self.tenants: list[Tenant] = []
        self.datasets: list[Dataset] = []
        self.generations: list[Generation] = []

    @property
    def jobs(self) -> list[Job]:
        return [made.job for made in self.made]

    @property
    def made(self) -> list[Made]:
        return [*self.datasets, *self.generations]

    def of_job(self, job_id: str) -> Made:
        return next(made for made in self.made if made.job.id == job_id)

    def of_dataset(self, dataset: Dataset) -> list[Generation]:
        return [made for made in self.generations if made.dataset is dataset]

    def balance(self, tenant: Tenant, window: int) -> tuple[int, int]:
        """Return the rows reserved and used in a window."""
        mine = [it for it in self.generations if it.tenant is tenant and it.window == window]
        return sum(it.rows for it in mine if it.job.is_open), sum(it.billed for it in mine)

    def refusal(self, dataset: Dataset, rows: int, scenario: str, now: dt.datetime) -> str | None:
        """Return the code with which a generation is refused that has no key, or a new one."""
        if not dataset.is_live(now):
            return "simio_dataset_not_found"
        if dataset.status != "ready":
            return f"simio_dataset_{'failed' if dataset.status == 'failed' else 'not_ready'}"
        if rows > CAP:
            return "simio_row_cap_exceeded"
        if scenario == "unknown":
            return "simio_unknown_condition_column"
        return self._lack_of_rows(dataset.tenant, rows, now)

    def _lack_of_rows(self, tenant: Tenant, rows: int, now: dt.datetime) -> str | None:
        reserved, used = self.balance(tenant, (now - tenant.since) // WINDOW)
        if used + rows > SUBSCRIPTION:
            return "simio_quota_exceeded"
        if used + reserved + rows > SUBSCRIPTION:
            return "simio_quota_reservation_conflict"
        return None

    def end(self, made: Made, status: str) -> None:
        """End the job of what was to be made, which will not come."""
        if made.job.is_open:
            made.job.status, made.job.holder = status, None
            if made.status == "processing":
                made.status = "failed"

    def delete(
        self, dataset: Dataset, status: str = "deleted", job_status: str = "cancelled"
    ) -> None:
        """End a dataset, and every job that needs it."""
        self.end(dataset, job_status)
        for generation in self.of_dataset(dataset):
            self.end(generation, job_status)
        dataset.status = status

    def tidy(self, now: dt.datetime) -> None:
        """Do what housekeeping does."""
        for generation in self.generations:
            if generation.status != "expired" and generation.expires_at <= now:
                self.end(generation, "expired")
                generation.status = "expired"
        for dataset in self.datasets:
            if dataset.status not in ("deleted", "expired") and dataset.expires_at <= now:
                self.delete(dataset, "expired", "expired")
        for job in self.jobs:
            if job.ended_at is not None and job.ended_at <= now - HISTORY:
                job.status = "expired"
                job.is_removed = job.is_removed or job.ended_at <= now - HISTORY - TOMBSTONE
