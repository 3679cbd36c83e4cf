"""Model-based test: random actions of two customers, on the service and on its expected state.

Retries, cancellations, deletions, crashes of API and workers and days that pass come in any order.
After every step the service must be in the expected state: each accepted request has one job and
one result, no row is billed twice, nothing is left of what was deleted or has expired, and no
customer sees another's resources. `LIFECYCLE_EXAMPLES=500 pytest tests/service/test_lifecycle.py`
runs that many new examples instead of the few that are always the same.

What is drawn never depends on earlier answers of the service, as races may end either way.
"""

import functools
import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from simulacra.service.database import tables
from tests.service.lifecycle import customer_actions, driver, expected_state, observations

EXAMPLES = int(os.environ.get("LIFECYCLE_EXAMPLES", "0"))
SETTINGS = hypothesis.settings(
    max_examples=EXAMPLES or 8,
    stateful_step_count=30,
    derandomize=not EXAMPLES,
    database=None,
    report_multiple_bugs=False,
    phases=[hypothesis.Phase.generate],  # shrinking one example takes hundreds of runs
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)

HOURS = st.sampled_from([0.01, 0.1, 1, 2, 3, 12])
DAYS = st.sampled_from([1, 7, 31])
FAR = 24 * 40


class Lifecycle(customer_actions.CustomerActions, observations.Observations):
    """One random sequence of actions."""

    @initialize()
    def open(self) -> None:
        self.expected.tenants = self.run(self.driver.open())
        for tenant in self.expected.tenants:
            dataset = self.upload_of(tenant, "a", "study")
            assert dataset is not None
            self.run_to_end(dataset.job)
            self.generate(0, "a", 50, "split")
            self.run_all_jobs()

    def teardown(self) -> None:
        try:
            if self.expected.tenants:
                self.check_end()
        finally:
            self.driver.close()

    @rule(hours=HOURS)
    def advance_clock(self, hours: float) -> None:
        """Let time pass without housekeeping, as when no worker runs."""
        self.run(self.driver.advance_clock(hours))

    @rule(hours=HOURS)
    def advance_clock_and_housekeep(self, hours: float) -> None:
        self.advance_clock(hours)
        self.housekeep()

    @rule(days=DAYS)
    def pass_days(self, days: int) -> None:
        self.advance_clock_and_housekeep(24 * days)

    @rule()
    def housekeep(self) -> None:
        self.learn_ends()
        self.run(self.driver.housekeep())
        self.expected.housekeep(self.driver.now)
        self.check_store()
        self.check_queue()

    def learn_ends(self) -> None:
        ends = {row.id: row.ended_at for row in self.run(self.driver.rows_of(tables.Job))}
        for job in self.expected.jobs:
            job.ended_at = ends.get(job.id, job.ended_at)

    def check_store(self) -> None:
        """After housekeeping the store holds what is kept, and what is still being written."""
        rows = self.run(self.driver.rows_of(tables.StoredObject))
        kept = {row.path for row in rows if row.state == "kept"}
        assert (
            kept
            <= self.driver.stored_paths()
            <= {row.path for row in rows if row.state != "doomed"}
        )
        owners = {row.owner_id for row in rows if row.state == "kept"}
        assert owners == {
            resource.id
            for resource in self.expected.resources
            if resource.status in ("ready", "partial") or self.holds_seed(resource)
        }

    def holds_seed(self, resource: expected_state.ExpectedResource) -> bool:
        return (
            isinstance(resource, expected_state.ExpectedDataset) and resource.status == "processing"
        )

    def check_queue(self) -> None:
        """After housekeeping every job that may run now has one entry in the queue."""
        entries = self.run(self.driver.queued_job_ids())
        assert len(entries) == len(set(entries))
        for tenant in self.expected.tenants:
            for resource in (self.expected.datasets, self.expected.generations):
                mine = {it.job.id for it in resource if it.tenant is tenant and it.job.is_open}
                turns = min(len(mine), driver.JOBS_PER_TENANT)
                assert len(mine & set(entries)) == turns

    @invariant()
    def state_is_as_expected(self) -> None:
        if not self.expected.tenants:
            return
        assert self.run(self.driver.integrity_faults()) == ()
        rows = self.run(self.driver.rows_of(tables.Job))
        statuses = {job.id: job.status for job in self.expected.jobs if not job.is_removed}
        assert {row.id: row.status for row in rows} == statuses
        for row in self.run(self.driver.rows_of(tables.UsageWindow)):
            tenant = next(it for it in self.expected.tenants if it.id == row.tenant_id)
            window = (row.starts_at - tenant.since) // expected_state.WINDOW
            assert (row.rows_reserved, row.rows_used) == self.expected.balance(tenant, window)

    def check_end(self) -> None:
        """Run and bill all that remains; check that nothing of it is left after its retention."""
        for attempt in self.paused():
            self.run(attempt.crash())
        self.housekeep()
        while entries := self.run(self.driver.queued_job_ids()):
            self.run_to_end(self.expected.resource_of_job(entries[0]).job)
        assert not [job for job in self.expected.jobs if job.is_open]
        self.state_is_as_expected()
        for _ in range(2):  # what has expired goes first, then its tombstones
            self.run(self.driver.advance_clock(FAR))
            self.run(self.driver.housekeep())
        assert self.driver.stored_paths() == set()
        for table in (tables.Dataset, tables.Generation, tables.Job, tables.IdempotencyKey):
            assert self.run(self.driver.rows_of(table)) == []
        assert self.run(self.driver.rows_of(tables.StoredObject)) == []
        assert self.run(self.driver.integrity_faults()) == ()


def test_after_any_actions_the_service_is_in_the_expected_state(
    empty_tables: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "SIMULACRA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    numbers = itertools.count()

    def make() -> driver.ServiceDriver:
        return driver.ServiceDriver(driver.settings(empty_tables(), tmp_path / str(next(numbers))))

    machine: Any = functools.partial(Lifecycle, make)  # it only calls the class that it asks for
    run_state_machine_as_test(machine, settings=SETTINGS)
