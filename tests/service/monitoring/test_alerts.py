import dataclasses
import datetime as dt
import platform

import pytest

from simulacra.service.monitoring import alerts
from simulacra.service.monitoring.state import Backlog, Disk, State

ROOM = Disk(free=500 * 1024**3, total=1000 * 1024**3)
QUIET = State(
    backlogs={"createDataset": Backlog(waiting=3, running=2, longest_wait=60, longest_run=900)},
    completed=90,
    failed=4,
    datasets=5,
    generations=7,
    stored_bytes=10**9,
    rows=10**6,
    waiting_signups=(),
    refusals=20,
    other_tenant=0,
    disks={"data": ROOM, "scratch": ROOM},
    certificate_expires=dt.datetime.now(dt.UTC) + dt.timedelta(days=60),
    open_jobs={},
    deliveries=30,
    longest_delivery_wait=2.0,
)
SMALL = Disk(free=40 * 1024**3, total=1000 * 1024**3)
HOST = platform.node()
WAITING, RUNNING = Backlog(waiting=1, longest_wait=901), Backlog(running=1, longest_run=3_601)
JOB_SECONDS = 1_800


def keys(broken: tuple[str, ...] = (), **changes: object) -> list[str]:
    state = dataclasses.replace(QUIET, **changes)  # type: ignore[arg-type]  # fields of the state
    return [alert.key for alert in alerts.raised(alerts.Situation(state, broken, JOB_SECONDS))]


def test_nothing_is_the_matter_with_a_busy_installation() -> None:
    assert keys() == []
    assert keys(certificate_expires=None, backlogs={}) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"backlogs": {"createDataset": WAITING}}, "wait/createDataset"),
        ({"backlogs": {"createDataset": RUNNING}}, "run/createDataset"),
        ({"failed": 40}, "failures"),
        ({"longest_delivery_wait": 901.0}, "webhooks"),
        ({"disks": {"scratch": SMALL}}, f"disk/scratch/{HOST}"),
        ({"disks": {"data": Disk(free=1024**3, total=8 * 1024**3)}}, f"disk/data/{HOST}"),
        ({"certificate_expires": dt.datetime.now(dt.UTC) + dt.timedelta(days=13)}, "certificate"),
        ({"refusals": 100}, "refusals"),
        ({"other_tenant": 1}, "other_tenant"),
        ({"waiting_signups": ("sig_1",)}, "signup/sig_1"),
        ({"broken": ("audit trail",)}, "record/audit trail"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)  # fmt: skip
def test_each_condition_is_told_of(changes: dict[str, object], expected: str) -> None:
    assert keys(**changes) == [expected]  # type: ignore[arg-type]  # as above


def test_a_few_failures_of_a_few_jobs_are_no_alert() -> None:
    assert keys(completed=0, failed=4) == []
    assert keys(completed=0, failed=5) == ["failures"]


def test_a_full_disk_is_told_of_with_its_size() -> None:
    state = dataclasses.replace(QUIET, disks={"scratch": SMALL})
    (alert,) = alerts.raised(alerts.Situation(state, (), JOB_SECONDS))
    assert "40.0 of 1,000 GiB are free" in alert.text
