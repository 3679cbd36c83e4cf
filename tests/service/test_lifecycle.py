"""Random stories of two customers, told to the service and to a model of what they may expect.

Retries, cancellations, deletions, crashes of API and workers and days that pass come in any order.
After every step the service has to be where the model is: one job and one result of each accepted
request, no row billed twice, nothing left of what was deleted or has expired, and no customer sees
another's. `LIFECYCLE_EXAMPLES=500 pytest tests/service/test_lifecycle.py` tells so many new stories
instead of the few that are always the same.

What is drawn never depends on what the service did before: races end one way or the other.
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

from simulacra.service import compose
from simulacra.service.database import tables
from simulacra.service.jobs import child
from tests.service.lifecycle import books, sights, wishes, world

HUNT = int(os.environ.get("LIFECYCLE_EXAMPLES", "0"))
SETTINGS = hypothesis.settings(
    max_examples=HUNT or 8,
    stateful_step_count=30,
    derandomize=not HUNT,
    database=None,
    report_multiple_bugs=False,
    phases=[hypothesis.Phase.generate],  # to shorten one story takes hundreds of others
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)

HOURS = st.sampled_from([0.01, 0.1, 1, 2, 3, 12])
DAYS = st.sampled_from([1, 7, 31])
FAR = 24 * 40


class Lifecycle(wishes.Wishes, sights.Sights):
    """One story."""

    @initialize()
    def open(self) -> None:
        self.books.tenants = self.run(self.world.open())
        for tenant in self.books.tenants:
            dataset = self.upload_of(tenant, "a", "study")
            assert dataset is not None
            self.carry_out_of(dataset.job)
            self.generate(0, "a", 50, "split")
            self.work_off()

    def teardown(self) -> None:
        try:
            if self.books.tenants:
                self.end_of_the_story()
        finally:
            self.world.close()

    @rule(hours=HOURS)
    def walk(self, hours: float) -> None:
        """Let time pass without housekeeping: no worker is there."""
        self.run(self.world.walk(hours))

    @rule(hours=HOURS)
    def walk_and_tidy(self, hours: float) -> None:
        self.walk(hours)
        self.tidy()

    @rule(days=DAYS)
    def sleep(self, days: int) -> None:
        self.walk_and_tidy(24 * days)

    @rule()
    def tidy(self) -> None:
        self.learn_ends()
        self.run(self.world.tidy())
        self.books.tidy(self.world.now)
        self.check_store()
        self.check_queue()

    def learn_ends(self) -> None:
        ends = {row.id: row.ended_at for row in self.run(self.world.all_of(tables.Job))}
        for job in self.books.jobs:
            job.ended_at = ends.get(job.id, job.ended_at)

    def check_store(self) -> None:
        """After housekeeping there is what is kept, and what somebody may be about to keep."""
        rows = self.run(self.world.all_of(tables.StoredObject))
        kept = {row.path for row in rows if row.state == "kept"}
        assert kept <= self.world.stored() <= {row.path for row in rows if row.state != "doomed"}
        owners = {row.owner_id for row in rows if row.state == "kept"}
        assert owners == {
            made.id
            for made in self.books.made
            if made.status in ("ready", "partial") or self.holds_seed(made)
        }

    def holds_seed(self, made: books.Made) -> bool:
        return isinstance(made, books.Dataset) and made.status == "processing"

    def check_queue(self) -> None:
        """After housekeeping every job whose turn it is has one entry."""
        entries = self.run(self.world.entries())
        assert len(entries) == len(set(entries))
        for tenant in self.books.tenants:
            for made in (self.books.datasets, self.books.generations):
                mine = {it.job.id for it in made if it.tenant is tenant and it.job.is_open}
                turns = min(len(mine), world.JOBS_PER_TENANT)
                assert len(mine & set(entries)) == turns

    @invariant()
    def the_books_agree(self) -> None:
        if not self.books.tenants:
            return
        assert self.run(self.world.faults()) == ()
        rows = self.run(self.world.all_of(tables.Job))
        expected = {job.id: job.status for job in self.books.jobs if not job.is_removed}
        assert {row.id: row.status for row in rows} == expected
        for row in self.run(self.world.all_of(tables.UsageWindow)):
            tenant = next(it for it in self.books.tenants if it.id == row.tenant_id)
            window = (row.starts_at - tenant.since) // books.WINDOW
            assert (row.rows_reserved, row.rows_used) == self.books.balance(tenant, window)

    def end_of_the_story(self) -> None:
        """Whatever was left lying about is done, billed and, in the end, gone."""
        for attempt in self.halted():
            self.run(attempt.crash())
        self.tidy()
        while entries := self.run(self.world.entries()):
            self.carry_out_of(self.books.of_job(entries[0]).job)
        assert not [job for job in self.books.jobs if job.is_open]
        self.the_books_agree()
        for _ in range(2):  # what has expired, then its tombstones
            self.run(self.world.walk(FAR))
            self.run(self.world.tidy())
        assert self.world.stored() == set()
        for table in (tables.Dataset, tables.Generation, tables.Job, tables.IdempotencyKey):
            assert self.run(self.world.all_of(table)) == []
        assert self.run(self.world.all_of(tables.StoredObject)) == []
        assert self.run(self.world.faults()) == ()


def test_whatever_happens_the_books_agree(
    emptied: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "SIMULACRA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    child.start_server(kind.function for kind in compose.JOB_KINDS)
    numbers = itertools.count()

    def make() -> world.World:
        return world.World(world.settings(emptied(), tmp_path / str(next(numbers))))

    machine: Any = functools.partial(Lifecycle, make)  # it asks for a class, and calls it
    run_state_machine_as_test(machine, settings=SETTINGS)
