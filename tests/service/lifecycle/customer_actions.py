"""Actions of customers on what they have uploaded: generate, retry, cancel, delete, extend."""

import asyncio
import datetime as dt

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from simulacra.service.database import tables
from tests.service.lifecycle import expected_state, upload_actions, worker_actions
from tests.service.lifecycle.machine import (
    CHOICES,
    TENANT_INDEXES,
    accepted,
    choose,
    refusal,
    times,
)

OPERATION = "createGeneration"
KEYS = st.sampled_from(["a", "b", None])
ROWS = st.sampled_from([1, 7, 50, 300, 501])
SCENARIOS = st.sampled_from(["free", "free", "split", "unknown"])
LONGEST_HOURS = 168


class CustomerActions(upload_actions.UploadActions, worker_actions.WorkerActions):
    """What customers request, in any state of the service."""

    @rule(tenant_index=TENANT_INDEXES, choice=CHOICES, key=KEYS, rows=ROWS, scenario=SCENARIOS)
    def generate_of_any(
        self, tenant_index: int, choice: int, key: str | None, rows: int, scenario: str
    ) -> None:
        """Generate from any dataset, in any state and of any customer."""
        tenant, dataset = (
            self.expected.tenants[tenant_index],
            choose(choice, self.expected.datasets),
        )
        answer = self.run(self.driver.generate(tenant, dataset.id, key, rows, scenario))
        self.check_generation(tenant, dataset, key, rows, scenario, answer)

    @rule(choice=CHOICES, key=KEYS, rows=ROWS, scenario=SCENARIOS)
    def generate(self, choice: int, key: str | None, rows: int, scenario: str) -> None:
        dataset = self.some_ready(choice)
        tenant = dataset.tenant
        answer = self.run(self.driver.generate(tenant, dataset.id, key, rows, scenario))
        self.check_generation(tenant, dataset, key, rows, scenario, answer)

    @rule(choice=CHOICES, rows=st.sampled_from([50, 300]), is_quick=st.booleans())
    def generate_much(self, choice: int, rows: int, is_quick: bool) -> None:  # noqa: FBT001 - drawn
        """Use up the subscription with rows that are reserved, or with rows that are delivered."""
        for _ in range(4):
            self.generate(choice, None, rows, "free")
            if is_quick:
                self.run_all_jobs()

    @rule(tenant_index=TENANT_INDEXES, choice=CHOICES, hours=st.sampled_from([0, 0, 3]))
    def retry(self, tenant_index: int, choice: int, hours: int) -> None:
        """Repeat the request that a key was accepted with, at once or later, whatever its state."""
        tenant = self.expected.tenants[tenant_index]
        self.run(self.driver.advance_clock(hours))
        if not tenant.bindings:
            return
        (_, key), bound = choose(choice, list(tenant.bindings.items()))
        if isinstance(bound.resource, expected_state.ExpectedDataset):
            self.upload_of(tenant, key, bound.resource.seed)
            return
        resource = bound.resource
        wanted = (resource.dataset, key, resource.rows, resource.scenario)
        answer = self.run(self.driver.generate(tenant, resource.dataset.id, *wanted[1:]))
        self.check_generation(tenant, *wanted, answer)

    @rule(choice=CHOICES, key=st.sampled_from(["a", "b"]), rows=ROWS, scenario=SCENARIOS)
    def generate_often(self, choice: int, key: str, rows: int, scenario: str) -> None:
        """One of four equal requests at once begins, and the others are replays of it."""
        dataset = self.some_ready(choice)

        async def post() -> list[httpx.Response]:
            wanted = (dataset.tenant, dataset.id, key, rows, scenario)
            return await asyncio.gather(*(self.driver.generate(*wanted) for _ in range(4)))

        answers = self.run(post())
        for answer in sorted(answers, key=lambda it: "Idempotent-Replayed" in it.headers):
            self.check_generation(dataset.tenant, dataset, key, rows, scenario, answer)

    def some_ready(self, choice: int) -> expected_state.ExpectedDataset:
        """Return a dataset that is ready, a new one if there is none."""
        now = self.driver.now
        ready = [it for it in self.expected.datasets if it.status == "ready" and it.is_live(now)]
        if not ready:
            dataset = self.upload_of(choose(choice, self.expected.tenants), None, "study")
            assert dataset is not None
            self.run_to_end(dataset.job)
            ready = [dataset]
        return choose(choice, ready)

    def check_generation(
        self,
        tenant: expected_state.ExpectedTenant,
        dataset: expected_state.ExpectedDataset,
        key: str | None,
        rows: int,
        scenario: str,
        answer: httpx.Response,
    ) -> None:
        """Compare an answer with the expected state."""
        bound = self.binding(tenant, OPERATION, key)
        refused = self.expected.refusal(dataset, rows, scenario, self.driver.now)
        if bound is not None and bound.request != (dataset, rows, scenario):
            assert refusal(answer) == "simio_idempotency_conflict"
        elif bound is not None:
            self.check_replay(bound.resource, answer)
        elif dataset.tenant is not tenant:
            assert refusal(answer) == "simio_dataset_not_found"
        elif refused is not None:
            assert refusal(answer) == refused
        else:
            self.new_generation(dataset, key, rows, scenario, answer)

    def new_generation(
        self,
        dataset: expected_state.ExpectedDataset,
        key: str | None,
        rows: int,
        scenario: str,
        answer: httpx.Response,
    ) -> expected_state.ExpectedGeneration:
        document, tenant = accepted(answer), dataset.tenant
        created_at, expires_at = times(document)
        assert expires_at - created_at == tenant.retention
        job = expected_state.ExpectedJob(document["job_id"], tenant)
        generation = expected_state.ExpectedGeneration(
            document["generation_id"], tenant, dataset, job, rows, scenario, created_at, expires_at
        )
        self.expected.generations.append(generation)
        tenant.bind(OPERATION, key, (dataset, rows, scenario), generation)
        return generation

    @rule(choice=CHOICES)
    def cancel(self, choice: int) -> None:
        resource = choose(choice, self.expected.resources)
        answer = self.run(self.driver.cancel(resource.job))
        if resource.job.is_removed:
            assert refusal(answer) == "simio_job_not_found"
            return
        self.expected.end_job(resource, "cancelled")
        assert (answer.status_code, answer.json()["status"]) == (200, resource.job.status)

    @rule(choice=CHOICES)
    def delete(self, choice: int) -> None:
        dataset = choose(choice, self.expected.datasets)
        answer = self.run(self.driver.delete(dataset))
        if not dataset.is_live(self.driver.now):
            assert refusal(answer) == "simio_dataset_not_found"
            return
        assert answer.json() == {"dataset_id": dataset.id, "status": "deleted"}
        self.expected.delete(dataset)
        rows = self.run(self.driver.rows_of(tables.StoredObject))
        in_writing = {row.path for row in rows if row.state == "announced"}
        assert not [it for it in self.driver.stored_paths() - in_writing if dataset.id in it]

    @rule(choice=CHOICES, rows=st.sampled_from([1, 7, 50]))
    def delete_while_generating(self, choice: int, rows: int) -> None:
        """A generation requested at the moment of a deletion ends with it, or fails later."""
        dataset, now = self.some_ready(choice), self.driver.now

        async def race() -> tuple[httpx.Response, httpx.Response]:
            post = self.driver.generate(dataset.tenant, dataset.id, None, rows, "free")
            return await asyncio.gather(post, self.driver.delete(dataset))

        asked, deleted = self.run(race())
        assert deleted.status_code == 200
        refused = self.expected.refusal(dataset, rows, "free", now)
        self.expected.delete(dataset)
        if asked.status_code != 202:
            assert refusal(asked) in ("simio_dataset_not_found", refused), asked.text
            return
        resource = self.new_generation(dataset, None, rows, "free", asked)
        if self.row_of(resource.job).status != "queued":
            self.expected.end_job(resource, "cancelled")

    @rule(choice=CHOICES, hours=st.sampled_from([1, 24, 48, LONGEST_HOURS, LONGEST_HOURS + 1]))
    def extend(self, choice: int, hours: int) -> None:
        dataset = choose(choice, self.expected.datasets)
        path = f"/v1/datasets/{dataset.id}/retention"
        given = {"retention_hours": hours}
        answer = self.run(self.driver.ask(dataset.tenant, "POST", path, json=given))
        until = dataset.created_at + dt.timedelta(hours=hours)
        if hours > LONGEST_HOURS:
            assert refusal(answer) == "simio_invalid_field"
        elif not dataset.is_live(self.driver.now):
            assert refusal(answer) == "simio_dataset_not_found"
        elif dataset.status == "failed":
            assert refusal(answer) == "simio_dataset_failed"
        elif until < dataset.expires_at:
            assert refusal(answer) == "simio_invalid_field"
        else:
            assert dt.datetime.fromisoformat(answer.json()["expires_at"]) == until
            dataset.expires_at = until
