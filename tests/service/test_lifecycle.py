"""Random stories of two customers, told to the service and to a model of what they may expect.

Retries, cancellations, deletions, crashes of API and workers and days that pass come in any order.
After every step the service has to be where the model is: one job and one result of each accepted
request, no row billed twice, nothing left of what was deleted or has expired, and no customer sees
another's. `LIFECYCLE_EXAMPLES=500 pytest tests/service/test_lifecycle.py` tells so many new stories
instead of the few that are always the same.
"""

import asyncio
import datetime as dt
import gc
import hashlib
import itertools
import os
import warnings
from collections.abc import Callable
from pathlib import Path

import books
import httpx
import hypothesis
import pytest
import world
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from simulacra.service import storage
from simulacra.service.database import tables
from simulacra.service.jobs import child

HUNT = int(os.environ.get("LIFECYCLE_EXAMPLES", "0"))
SETTINGS = hypothesis.settings(
    max_examples=HUNT or 2,
    stateful_step_count=25,
    derandomize=not HUNT,
    database=None,
    report_multiple_bugs=False,
    deadline=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)

WHO = st.integers(0, 1)
PICK = st.integers(0, 30)
KEYS = st.sampled_from(["a", "b", "c", None])
ROWS = st.sampled_from([1, 7, 50, 300, 501])
SCENARIOS = st.sampled_from(["free", "free", "split", "unknown"])
SEEDS = st.sampled_from(["study", "study", "other study", "too short", "no table"])
HOURS = st.sampled_from([0.01, 0.1, 1, 2, 12, 24, 24 * 7, 24 * 31])
FAR = 24 * 40


class Lifecycle(RuleBasedStateMachine):
    """One story."""

    def __init__(self, make: Callable[[], world.World]) -> None:
        super().__init__()
        self.world = make()
        self.books = books.Books()

    def teardown(self) -> None:
        try:
            if self.books.tenants:
                self.end_of_the_story()
        finally:
            self.world.close()

    @initialize()
    def open(self) -> None:
        self.books.tenants = self.world.run(self.world.open())
        for tenant in self.books.tenants:
            self.upload_of(tenant, None, "study")
        self.carry_out_of(self.books.datasets[0].job)

    # Uploads.

    @rule(who=WHO, key=KEYS, seed=SEEDS)
    def upload(self, who: int, key: str | None, seed: str) -> None:
        self.upload_of(self.books.tenants[who], key, seed)

    def upload_of(self, tenant: books.Tenant, key: str | None, seed: str) -> None:
        before = self.world.now
        answer = self.world.run(self.world.upload(tenant, key, seed))
        self.check_upload(tenant, key, seed, answer, before)

    def check_upload(
        self,
        tenant: books.Tenant,
        key: str | None,
        seed: str,
        answer: httpx.Response,
        before: dt.datetime,
    ) -> None:
        bound = self.binding(tenant, "createDataset", key)
        lease = tenant.leases.get(key or "")
        if bound is None and lease is not None:
            if self.is_in_flight(lease, answer, before):
                return
            del tenant.leases[str(key)]
        if seed == "no table":
            assert refusal(answer) == "simio_upload_invalid"
        elif bound is not None and bound.request != seed:
            assert refusal(answer) == "simio_idempotency_conflict"
        elif bound is not None:
            self.check_replay(bound.made, answer)
        else:
            self.accept(tenant, "createDataset", key, seed, self.new_dataset(tenant, seed, answer))

    def is_in_flight(self, lease: books.Lease, answer: httpx.Response, before: dt.datetime) -> bool:
        """Tell whether a key was held; only where its time is not sure, the answer decides."""
        is_refused = answer.status_code == 409 and refusal(answer) == "simio_idempotency_in_flight"
        if self.world.now < lease.since + books.LEASE:
            assert is_refused
        if not lease.is_renewed and before > lease.since + books.LEASE + dt.timedelta(seconds=5):
            assert not is_refused
        return is_refused

    def new_dataset(self, tenant: books.Tenant, seed: str, answer: httpx.Response) -> books.Dataset:
        made = accepted(answer)
        job = books.Job(made["job_id"], tenant)
        begins, ends = (dt.datetime.fromisoformat(made[it]) for it in ("created_at", "expires_at"))
        assert ends - begins == tenant.retention
        dataset = books.Dataset(made["dataset_id"], tenant, job, seed, begins, ends)
        self.books.datasets.append(dataset)
        return dataset

    @rule(who=WHO, key=st.sampled_from(["a", "b"]), seed=SEEDS)
    def begin_upload(self, who: int, key: str, seed: str) -> None:
        tenant, before = self.books.tenants[who], self.world.now
        slow = self.world.run(self.world.begin_upload(tenant, key, seed))
        if slow.answer.done():
            self.check_upload(tenant, key, seed, slow.answer.result(), before)
            return
        self.world.slow.append(slow)
        if self.binding(tenant, "createDataset", key) is None:
            lease = tenant.leases.get(key)
            assert lease is None or self.world.now > lease.since + books.LEASE
            slow.lease = tenant.leases[key] = books.Lease(before, is_renewed=True)

    @precondition(lambda self: self.world.slow)
    @rule(pick=PICK)
    def finish_upload(self, pick: int) -> None:
        slow, before = self.world.slow.pop(pick % len(self.world.slow)), self.world.now
        answer = self.world.run(self.world.finish_upload(slow))
        if slow.lease is not None and slow.tenant.leases.get(slow.key) is slow.lease:
            del slow.tenant.leases[slow.key]
        self.check_upload(slow.tenant, slow.key, slow.seed, answer, before)

    @precondition(lambda self: self.world.slow)
    @rule(pick=PICK)
    def hang_up(self, pick: int) -> None:
        slow = self.world.slow.pop(pick % len(self.world.slow))

        async def hang_up() -> None:
            slow.answer.cancel()
            await asyncio.gather(slow.answer, return_exceptions=True)

        self.world.run(hang_up())
        if slow.lease is not None and slow.tenant.leases.get(slow.key) is slow.lease:
            del slow.tenant.leases[slow.key]

    @rule(who=WHO, key=st.sampled_from(["a", "b"]))
    def die_in_upload(self, who: int, key: str) -> None:
        tenant, before = self.books.tenants[who], self.world.now
        if key in tenant.leases or self.binding(tenant, "createDataset", key) is not None:
            return
        assert self.world.run(self.world.die_in_upload(tenant, key))
        tenant.leases[key] = books.Lease(before, is_renewed=False)

    # Generations.

    @rule(who=WHO, pick=PICK, key=KEYS, rows=ROWS, scenario=SCENARIOS)
    def generate(self, who: int, pick: int, key: str | None, rows: int, scenario: str) -> None:
        tenant = self.books.tenants[who]
        dataset = self.books.datasets[pick % len(self.books.datasets)]
        answer = self.world.run(self.world.generate(tenant, dataset.id, key, rows, scenario))
        self.check_generation(tenant, dataset, key, rows, scenario, answer)

    def check_generation(
        self,
        tenant: books.Tenant,
        dataset: books.Dataset,
        key: str | None,
        rows: int,
        scenario: str,
        answer: httpx.Response,
    ) -> None:
        bound, request = (
            self.binding(tenant, "createGeneration", key),
            (dataset, rows, scenario),
        )
        if bound is not None and bound.request != request:
            assert refusal(answer) == "simio_idempotency_conflict"
            return
        if bound is not None:
            self.check_replay(bound.made, answer)
            return
        is_mine = dataset.tenant is tenant
        code = self.books.refusal(dataset, rows, scenario, self.world.now)
        code = code if is_mine else "simio_dataset_not_found"
        if code is not None:
            assert refusal(answer) == code
            return
        made = accepted(answer)
        begins, ends = (dt.datetime.fromisoformat(made[it]) for it in ("created_at", "expires_at"))
        assert ends - begins == tenant.retention
        job = books.Job(made["job_id"], tenant)
        generation = books.Generation(
            made["generation_id"], tenant, dataset, job, rows, scenario, begins, ends
        )
        self.books.generations.append(generation)
        self.accept(tenant, "createGeneration", key, request, generation)

    @precondition(lambda self: self.ready())
    @rule(pick=PICK, rows=st.sampled_from([7, 50]), key=st.sampled_from(["d", None]))
    def generate_from_ready(self, pick: int, rows: int, key: str | None) -> None:
        ready = self.ready()
        dataset = ready[pick % len(ready)]
        answer = self.world.run(self.world.generate(dataset.tenant, dataset.id, key, rows, "free"))
        self.check_generation(dataset.tenant, dataset, key, rows, "free", answer)

    def ready(self) -> list[books.Dataset]:
        now = self.world.now
        return [it for it in self.books.datasets if it.status == "ready" and it.is_live(now)]

    # Retries.

    def binding(
        self, tenant: books.Tenant, operation: str, key: str | None
    ) -> books.Binding | None:
        bound = tenant.bindings.get((operation, key or ""))
        return None if bound is None or bound.is_over(self.world.now) else bound

    def accept(
        self,
        tenant: books.Tenant,
        operation: str,
        key: str | None,
        request: object,
        made: books.Made,
    ) -> None:
        if key is not None:
            tenant.bindings[operation, key] = books.Binding(request, made)

    def check_replay(self, made: books.Made, answer: httpx.Response) -> None:
        assert answer.headers["Idempotent-Replayed"] == "true"
        assert ids(answer.json()) == (made.id, made.job.id)
        is_over = made.expires_at <= self.world.now and made.status != "deleted"
        status = "expired" if is_over else made.status
        assert answer.json()["status"] == status
        assert answer.status_code == (202 if status == "processing" else 200)
        if is_over or made.status == "deleted":
            assert not {"artifact_url", "display_name", "report"} & answer.json().keys()

    # Ends that customers ask for.

    @rule(who=WHO, pick=PICK)
    def cancel(self, who: int, pick: int) -> None:
        tenant, made = self.books.tenants[who], self.books.made[pick % len(self.books.made)]
        answer = self.world.run(self.world.ask(tenant, "POST", f"/v1/jobs/{made.job.id}/cancel"))
        if made.tenant is not tenant or made.job.is_removed:
            assert refusal(answer) == "simio_job_not_found"
            return
        self.books.end(made, "cancelled")
        assert (answer.status_code, answer.json()["status"]) == (200, made.job.status)

    @rule(who=WHO, pick=PICK)
    def delete(self, who: int, pick: int) -> None:
        tenant, dataset = self.books.tenants[who], self.a_dataset(pick)
        answer = self.world.run(self.world.ask(tenant, "DELETE", f"/v1/datasets/{dataset.id}"))
        if dataset.tenant is not tenant or not dataset.is_live(self.world.now):
            assert refusal(answer) == "simio_dataset_not_found"
            return
        assert answer.json() == {"dataset_id": dataset.id, "status": "deleted"}
        self.books.delete(dataset)
        assert not [path for path in self.world.stored() if dataset.id in path]

    @rule(who=WHO, pick=PICK, hours=st.sampled_from([1, 24, 48, 168, 169]))
    def extend(self, who: int, pick: int, hours: int) -> None:
        tenant, dataset = self.books.tenants[who], self.a_dataset(pick)
        path = f"/v1/datasets/{dataset.id}/retention"
        answer = self.world.run(
            self.world.ask(tenant, "POST", path, json={"retention_hours": hours})
        )
        until = dataset.created_at + dt.timedelta(hours=hours)
        if hours > 168:
            assert refusal(answer) == "simio_invalid_field"
        elif dataset.tenant is not tenant or not dataset.is_live(self.world.now):
            assert refusal(answer) == "simio_dataset_not_found"
        elif dataset.status == "failed":
            assert refusal(answer) == "simio_dataset_failed"
        elif until < dataset.expires_at:
            assert refusal(answer) == "simio_invalid_field"
        else:
            assert dt.datetime.fromisoformat(answer.json()["expires_at"]) == until
            dataset.expires_at = until

    def a_dataset(self, pick: int) -> books.Dataset:
        return self.books.datasets[pick % len(self.books.datasets)]

    # Workers.

    @rule(pick=PICK)
    def begin(self, pick: int) -> None:
        entries = self.world.run(self.world.entries())
        if entries:
            self.begin_at(self.books.of_job(entries[pick % len(entries)]).job)

    @rule(pick=PICK)
    def carry_out(self, pick: int) -> None:
        entries = self.world.run(self.world.entries())
        if entries:
            self.carry_out_of(self.books.of_job(entries[pick % len(entries)]).job)

    def carry_out_of(self, job: books.Job) -> None:
        attempt = self.begin_at(job)
        while not attempt.is_done:
            self.go_on_with(attempt)

    def begin_at(self, job: books.Job) -> world.Attempt:
        attempt = self.world.run(self.world.begin(job.tenant.id, job.id))
        if not job.is_open:
            assert attempt.is_done
            return attempt
        job.tries += 1
        job.status, job.holder = "processing", attempt
        if job.tries - job.excused > world.ATTEMPTS:
            assert attempt.is_done
            self.books.end(self.books.of_job(job.id), "failed")
        else:
            assert not attempt.is_done
        return attempt

    def halted(self) -> list[world.Attempt]:
        return [attempt for attempt in self.world.attempts if not attempt.is_done]

    @precondition(lambda self: self.halted())
    @rule(pick=PICK)
    def go_on(self, pick: int) -> None:
        halted = self.halted()
        self.go_on_with(halted[pick % len(halted)])

    def go_on_with(self, attempt: world.Attempt) -> None:
        made = self.books.of_job(attempt.job_id)
        is_last, is_held = attempt.steps == 2, made.job.holder is attempt
        self.world.run(attempt.go_on())
        if not is_held:
            return
        if not is_last and not attempt.is_done:
            return
        if not is_last:
            assert self.is_doomed(made), attempt.failure
            self.books.end(made, "failed")
        elif attempt.failure is not None:
            assert type(attempt.failure).__name__ == "UnannouncedError"
            made.job.status, made.job.holder = "queued", None
            made.job.excused += 1
        else:
            self.complete(made)

    def is_doomed(self, made: books.Made) -> bool:
        if isinstance(made, books.Dataset):
            return made.seed == "too short"
        return made.scenario == "split" and made.rows == 1

    def complete(self, made: books.Made) -> None:
        made.job.status, made.job.holder, made.status = "completed", None, "ready"
        if isinstance(made, books.Dataset):
            return
        rows = self.world.run(self.world.all_of(tables.Generation))
        row = next(row for row in rows if row.id == made.id)
        made.status, made.billed, made.digest = row.status, row.rows_generated, row.sha256
        if made.scenario == "free":
            assert (made.status, made.billed) == ("ready", made.rows)
        else:
            assert made.status == "partial"
            assert 0 < made.billed < made.rows

    @precondition(lambda self: self.halted())
    @rule(pick=PICK, end=st.sampled_from(["crash", "crash", "stop", "outage", "kill"]))
    def fail(self, pick: int, end: str) -> None:
        halted = self.halted()
        attempt = halted[pick % len(halted)]
        job = self.books.of_job(attempt.job_id).job
        match end:
            case "crash":
                self.world.run(attempt.crash())
            case "stop":
                self.world.run(attempt.stop())
            case "outage":
                self.world.run(attempt.go_on(storage.UnavailableError()))
            case "kill":
                self.world.run(attempt.go_on(child.KilledError()))
        assert attempt.is_done
        if job.holder is attempt and end != "crash":
            job.status, job.holder = "queued", None
            job.excused += end != "kill"

    @rule(pick=PICK)
    def lose_entry(self, pick: int) -> None:
        entries = self.world.run(self.world.entries())
        if entries:
            self.world.run(self.world.lose_entry(entries[pick % len(entries)]))

    # Time.

    @rule(hours=HOURS, is_tidied=st.booleans())
    def walk(self, *, hours: float, is_tidied: bool) -> None:
        self.world.run(self.world.walk(hours))
        if is_tidied:
            self.tidy()

    @rule()
    def tidy(self) -> None:
        self.learn_ends()
        self.world.run(self.world.tidy())
        self.books.tidy(self.world.now)
        self.check_store()
        self.check_queue()

    def learn_ends(self) -> None:
        ends = {row.id: row.ended_at for row in self.world.run(self.world.all_of(tables.Job))}
        for job in self.books.jobs:
            job.ended_at = ends.get(job.id, job.ended_at)

    def check_store(self) -> None:
        """After housekeeping there is what is kept, and what somebody may be about to keep."""
        rows = self.world.run(self.world.all_of(tables.StoredObject))
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
        entries = self.world.run(self.world.entries())
        assert len(entries) == len(set(entries))
        for tenant in self.books.tenants:
            for made in (self.books.datasets, self.books.generations):
                mine = {it.job.id for it in made if it.tenant is tenant and it.job.is_open}
                turns = min(len(mine), world.JOBS_PER_TENANT)
                assert len(mine & set(entries)) == turns

    # What can be seen.

    @rule(who=WHO, pick=PICK)
    def look(self, who: int, pick: int) -> None:
        tenant, made = self.books.tenants[who], self.books.made[pick % len(self.books.made)]
        is_mine = made.tenant is tenant
        job = self.world.run(self.world.ask(tenant, "GET", f"/v1/jobs/{made.job.id}"))
        if is_mine and not made.job.is_removed:
            assert job.json()["status"] == made.job.status
        else:
            assert refusal(job) == "simio_job_not_found"
        if isinstance(made, books.Dataset):
            self.look_at_dataset(tenant, made)
        else:
            self.look_at_generation(tenant, made)

    def look_at_dataset(self, tenant: books.Tenant, dataset: books.Dataset) -> None:
        path = f"/v1/datasets/{dataset.id}"
        read = self.world.run(self.world.ask(tenant, "GET", path))
        schema = self.world.run(self.world.ask(tenant, "GET", f"{path}/schema"))
        if dataset.tenant is not tenant or not dataset.is_live(self.world.now):
            for answer in (read, schema):
                assert refusal(answer) == "simio_dataset_not_found"
            return
        assert (read.json()["status"], *ids(read.json())) == (
            dataset.status,
            dataset.id,
            dataset.job.id,
        )
        if dataset.status == "ready":
            names = [column["name"] for column in schema.json()["schema"]]
            assert names == ["age", "segment", "channel"]
        else:
            assert schema.status_code == 409

    def look_at_generation(self, tenant: books.Tenant, generation: books.Generation) -> None:
        path = f"/v1/generations/{generation.id}"
        read = self.world.run(self.world.ask(tenant, "GET", path))
        if generation.tenant is not tenant or not generation.is_live(self.world.now):
            assert refusal(read) == "simio_generation_not_found"
            return
        seen = read.json()
        assert (seen["status"], *ids(seen)) == (
            generation.status,
            generation.id,
            generation.job.id,
        )
        assert ("artifact_url" in seen) == (generation.digest is not None)
        if generation.digest is not None:
            file = self.world.run(self.world.ask(tenant, "GET", seen["artifact_url"]))
            assert hashlib.sha256(file.content).hexdigest() == generation.digest == seen["sha256"]

    @rule(who=WHO)
    def list_all(self, who: int) -> None:
        tenant, now = self.books.tenants[who], self.world.now
        for noun, known in (
            ("datasets", self.books.datasets),
            ("generations", self.books.generations),
        ):
            answer = self.world.run(
                self.world.ask(tenant, "GET", f"/v1/{noun}", params={"limit": 100})
            )
            live = {(it.id, it.status) for it in known if it.tenant is tenant and it.is_live(now)}
            shown = answer.json()[noun]
            assert {(ids(it)[0], it["status"]) for it in shown} == live
            assert len(shown) == len(live)

    @rule(pick=PICK)
    def trespass(self, pick: int) -> None:
        """Another customer's id is answered as one that never was."""
        made = self.books.made[pick % len(self.books.made)]
        stranger = next(it for it in self.books.tenants if it is not made.tenant)
        for method, path in ways_to(made):
            asked = self.ask_about(stranger, method, path, made)
            nowhere = path.replace(made.id, "x" * len(made.id)).replace(made.job.id, "job_x")
            assert asked == self.ask_about(stranger, method, nowhere, made)

    def ask_about(
        self, tenant: books.Tenant, method: str, path: str, made: books.Made
    ) -> tuple[int, str]:
        given = {"json": {"row_count": 5}} if path.endswith("generations") else {}
        given = {"json": {"retention_hours": 30}} if path.endswith("retention") else given
        answer = self.world.run(self.world.ask(tenant, method, path, **given))
        text = answer.text.replace(answer.headers["X-Request-Id"], "")
        for name in (made.id, made.job.id, "x" * len(made.id), "job_x"):
            text = text.replace(name, "")
        return answer.status_code, text

    @invariant()
    def the_books_agree(self) -> None:
        if not self.books.tenants:
            return
        assert self.world.run(self.world.faults()) == ()
        rows = self.world.run(self.world.all_of(tables.Job))
        expected = {job.id: job.status for job in self.books.jobs if not job.is_removed}
        assert {row.id: row.status for row in rows} == expected
        for row in self.world.run(self.world.all_of(tables.UsageWindow)):
            tenant = next(it for it in self.books.tenants if it.id == row.tenant_id)
            window = (row.starts_at - tenant.since) // books.WINDOW
            assert (row.rows_reserved, row.rows_used) == self.books.balance(tenant, window)

    def end_of_the_story(self) -> None:
        """Whatever was left lying about is done, billed and, in the end, gone."""
        for attempt in self.halted():
            self.world.run(attempt.crash())
        self.tidy()
        while entries := self.world.run(self.world.entries()):
            self.carry_out_of(self.books.of_job(entries[0]).job)
        assert not [job for job in self.books.jobs if job.is_open]
        self.the_books_agree()
        assert self.world.run(self.world.faults()) == ()
        for _ in range(2):  # what has expired, then its tombstones
            self.world.run(self.world.walk(FAR))
            self.world.run(self.world.tidy())
        assert self.world.stored() == set()
        for table in (tables.Dataset, tables.Generation, tables.Job, tables.IdempotencyKey):
            assert self.world.run(self.world.all_of(table)) == []
        assert self.world.run(self.world.all_of(tables.StoredObject)) == []
        assert self.world.run(self.world.faults()) == ()


def ids(document: dict[str, str]) -> tuple[str, str]:
    return document.get("generation_id") or document["dataset_id"], document["job_id"]


def accepted(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 202, answer.text
    assert "Idempotent-Replayed" not in answer.headers
    document: dict[str, str] = answer.json()
    assert document["status"] == "processing"
    return document


def refusal(answer: httpx.Response) -> str:
    assert answer.status_code >= 400, answer.text
    return str(answer.json()["code"])


def ways_to(made: books.Made) -> list[tuple[str, str]]:
    job = f"/v1/jobs/{made.job.id}"
    ways = [("GET", job), ("POST", f"{job}/cancel")]
    if isinstance(made, books.Generation):
        path = f"/v1/generations/{made.id}"
        return [*ways, ("GET", path), ("GET", f"{path}/artifact?token=x")]
    path = f"/v1/datasets/{made.id}"
    return [
        *ways,
        ("GET", path),
        ("GET", f"{path}/schema"),
        ("POST", f"{path}/generations"),
        ("POST", f"{path}/retention"),
        ("DELETE", path),
    ]


def test_whatever_happens_the_books_agree(
    emptied: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "SIMULACRA_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    child.start_server()
    numbers = itertools.count()

    def make() -> world.World:
        return world.World(world.settings(emptied(), tmp_path / str(next(numbers))))

    class Story(Lifecycle):
        def __init__(self) -> None:
            super().__init__(make)

    run_state_machine_as_test(Story, settings=SETTINGS)
    with warnings.catch_warnings():
        # Who crashes in a story closes no connections: they end here, and fail no other test.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
