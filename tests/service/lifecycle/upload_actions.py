"""Actions of customers that upload: at once, slowly, and while the API is killed."""

import asyncio
import datetime as dt

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.service.lifecycle import expected_state
from tests.service.lifecycle.machine import (
    CHOICES,
    TENANT_INDEXES,
    LifecycleMachine,
    accepted,
    choose,
    refusal,
    times,
)

OPERATION = "createDataset"
SEEDS = st.sampled_from(["study", "study", "other study", "too short", "no table"])
KEYS = st.sampled_from(["a", "b", None])
SURELY = dt.timedelta(seconds=5)
"""How long after the end of its lease a request may still hold its key."""


class UploadActions(LifecycleMachine):
    """What customers do while they upload studies."""

    @rule(tenant_index=TENANT_INDEXES, key=KEYS, seed=SEEDS)
    def upload(self, tenant_index: int, key: str | None, seed: str) -> None:
        self.upload_of(self.expected.tenants[tenant_index], key, seed)

    @rule(tenant_index=TENANT_INDEXES, key=st.sampled_from(["a", "b"]), seed=SEEDS)
    def upload_often(self, tenant_index: int, key: str, seed: str) -> None:
        """One of four equal uploads at once may begin; the others are in flight or replayed."""
        tenant, before = self.expected.tenants[tenant_index], self.driver.now

        async def post() -> list[httpx.Response]:
            posts = [self.driver.upload(tenant, key, seed) for _ in range(4)]
            return await asyncio.gather(*posts)

        answers = self.run(post())
        settled = [it for it in answers if not is_in_flight(it)]
        assert settled or key in tenant.leases
        for answer in sorted(settled, key=lambda it: "Idempotent-Replayed" in it.headers):
            self.check_upload(tenant, key, seed, answer, before)

    def upload_of(
        self, tenant: expected_state.ExpectedTenant, key: str | None, seed: str
    ) -> expected_state.ExpectedDataset | None:
        before = self.driver.now
        answer = self.run(self.driver.upload(tenant, key, seed))
        return self.check_upload(tenant, key, seed, answer, before)

    def check_upload(
        self,
        tenant: expected_state.ExpectedTenant,
        key: str | None,
        seed: str,
        answer: httpx.Response,
        before: dt.datetime,
    ) -> expected_state.ExpectedDataset | None:
        """Compare an answer with the expected state; return the dataset that was created."""
        bound, lease = self.binding(tenant, OPERATION, key), tenant.leases.get(key or "")
        if bound is None and lease is not None:
            if self.is_held(lease, answer, before):
                return None
            del tenant.leases[str(key)]
        if seed == "no table":
            assert refusal(answer) == "simio_upload_invalid"
        elif bound is not None and bound.request != seed:
            assert refusal(answer) == "simio_idempotency_conflict"
        elif bound is not None:
            self.check_replay(bound.resource, answer)
        else:
            return self.new_dataset(tenant, key, seed, answer)
        return None

    def is_held(
        self, lease: expected_state.ExpectedLease, answer: httpx.Response, before: dt.datetime
    ) -> bool:
        """Return whether a key was held; the answer decides while its end is uncertain."""
        is_refused = is_in_flight(answer)
        if self.driver.now < lease.since + expected_state.LEASE:
            assert is_refused
        if not lease.is_renewed and before > lease.since + expected_state.LEASE + SURELY:
            assert not is_refused
        return is_refused

    def new_dataset(
        self,
        tenant: expected_state.ExpectedTenant,
        key: str | None,
        seed: str,
        answer: httpx.Response,
    ) -> expected_state.ExpectedDataset:
        document = accepted(answer)
        created_at, expires_at = times(document)
        assert expires_at - created_at == tenant.retention
        job = expected_state.ExpectedJob(document["job_id"], tenant)
        dataset = expected_state.ExpectedDataset(
            document["dataset_id"], tenant, job, seed, created_at, expires_at
        )
        self.expected.datasets.append(dataset)
        tenant.bind(OPERATION, key, seed, dataset)
        return dataset

    @rule(tenant_index=TENANT_INDEXES, key=st.sampled_from(["a", "b"]), seed=SEEDS)
    def begin_upload(self, tenant_index: int, key: str, seed: str) -> None:
        tenant, before = self.expected.tenants[tenant_index], self.driver.now
        slow = self.run(self.driver.begin_upload(tenant, key, seed))
        if slow.answer.done():
            self.check_upload(tenant, key, seed, slow.answer.result(), before)
            return
        self.driver.slow_uploads.append(slow)
        if self.binding(tenant, OPERATION, key) is None:
            held = tenant.leases.get(key)
            assert held is None or self.driver.now > held.since + expected_state.LEASE
            slow.lease = tenant.leases[key] = expected_state.ExpectedLease(before, is_renewed=True)

    @rule(choice=CHOICES)
    def finish_upload(self, choice: int) -> None:
        if not self.driver.slow_uploads:
            return
        slow = choose(choice, self.driver.slow_uploads)
        self.driver.slow_uploads.remove(slow)
        before = self.driver.now
        answer = self.run(self.driver.finish_upload(slow))
        slow.tenant.release_key(slow.key, slow.lease)
        self.check_upload(slow.tenant, slow.key, slow.seed, answer, before)

    @rule(choice=CHOICES)
    def disconnect(self, choice: int) -> None:
        if not self.driver.slow_uploads:
            return
        slow = choose(choice, self.driver.slow_uploads)
        self.driver.slow_uploads.remove(slow)
        self.run(self.driver.disconnect(slow))
        slow.tenant.release_key(slow.key, slow.lease)

    @rule(tenant_index=TENANT_INDEXES, key=st.sampled_from(["a", "b"]))
    def crash_in_upload(self, tenant_index: int, key: str) -> None:
        tenant, before = self.expected.tenants[tenant_index], self.driver.now
        if key in tenant.leases or self.binding(tenant, OPERATION, key) is not None:
            return
        assert self.run(self.driver.crash_in_upload(tenant, key))
        tenant.leases[key] = expected_state.ExpectedLease(before, is_renewed=False)


def is_in_flight(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and refusal(answer) == "simio_idempotency_in_flight"
