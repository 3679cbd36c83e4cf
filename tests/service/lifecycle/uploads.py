"""Uploads: whole ones, slow ones, and those in which the API dies."""

import asyncio
import datetime as dt

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.service.lifecycle import books
from tests.service.lifecycle.story import PICK, WHO, Story, accepted, choose, refusal, times

OPERATION = "createDataset"
SEEDS = st.sampled_from(["study", "study", "other study", "too short", "no table"])
KEYS = st.sampled_from(["a", "b", None])
SURELY = dt.timedelta(seconds=5)
"""How much longer than its lease a request may be thought to hold its key."""


class Uploads(Story):
    """What customers do with studies on their way in."""

    @rule(who=WHO, key=KEYS, seed=SEEDS)
    def upload(self, who: int, key: str | None, seed: str) -> None:
        self.upload_of(self.books.tenants[who], key, seed)

    @rule(who=WHO, key=st.sampled_from(["a", "b"]), seed=SEEDS)
    def upload_often(self, who: int, key: str, seed: str) -> None:
        """Of the same upload four times at once one may begin; what is in flight may be retried."""
        tenant, before = self.books.tenants[who], self.world.now

        async def post() -> list[httpx.Response]:
            posts = [self.world.upload(tenant, key, seed) for _ in range(4)]
            return await asyncio.gather(*posts)

        answers = self.run(post())
        told = [it for it in answers if not is_in_flight(it)]
        assert told or key in tenant.leases
        for answer in sorted(told, key=lambda it: "Idempotent-Replayed" in it.headers):
            self.check_upload(tenant, key, seed, answer, before)

    def upload_of(self, tenant: books.Tenant, key: str | None, seed: str) -> books.Dataset | None:
        before = self.world.now
        answer = self.run(self.world.upload(tenant, key, seed))
        return self.check_upload(tenant, key, seed, answer, before)

    def check_upload(
        self,
        tenant: books.Tenant,
        key: str | None,
        seed: str,
        answer: httpx.Response,
        before: dt.datetime,
    ) -> books.Dataset | None:
        """Compare an answer with the books; return the dataset that was begun."""
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
            self.check_replay(bound.made, answer)
        else:
            return self.new_dataset(tenant, key, seed, answer)
        return None

    def is_held(self, lease: books.Lease, answer: httpx.Response, before: dt.datetime) -> bool:
        """Tell whether a key was held; only where its time is not sure, the answer decides."""
        is_refused = is_in_flight(answer)
        if self.world.now < lease.since + books.LEASE:
            assert is_refused
        if not lease.is_renewed and before > lease.since + books.LEASE + SURELY:
            assert not is_refused
        return is_refused

    def new_dataset(
        self, tenant: books.Tenant, key: str | None, seed: str, answer: httpx.Response
    ) -> books.Dataset:
        made = accepted(answer)
        created_at, expires_at = times(made)
        assert expires_at - created_at == tenant.retention
        job = books.Job(made["job_id"], tenant)
        dataset = books.Dataset(made["dataset_id"], tenant, job, seed, created_at, expires_at)
        self.books.datasets.append(dataset)
        tenant.bind(OPERATION, key, seed, dataset)
        return dataset

    @rule(who=WHO, key=st.sampled_from(["a", "b"]), seed=SEEDS)
    def begin_upload(self, who: int, key: str, seed: str) -> None:
        tenant, before = self.books.tenants[who], self.world.now
        slow = self.run(self.world.begin_upload(tenant, key, seed))
        if slow.answer.done():
            self.check_upload(tenant, key, seed, slow.answer.result(), before)
            return
        self.world.slow.append(slow)
        if self.binding(tenant, OPERATION, key) is None:
            held = tenant.leases.get(key)
            assert held is None or self.world.now > held.since + books.LEASE
            slow.lease = tenant.leases[key] = books.Lease(before, is_renewed=True)

    @rule(pick=PICK)
    def finish_upload(self, pick: int) -> None:
        if not self.world.slow:
            return
        slow = choose(pick, self.world.slow)
        self.world.slow.remove(slow)
        before = self.world.now
        answer = self.run(self.world.finish_upload(slow))
        slow.tenant.give_up(slow.key, slow.lease)
        self.check_upload(slow.tenant, slow.key, slow.seed, answer, before)

    @rule(pick=PICK)
    def hang_up(self, pick: int) -> None:
        if not self.world.slow:
            return
        slow = choose(pick, self.world.slow)
        self.world.slow.remove(slow)
        self.run(self.world.hang_up(slow))
        slow.tenant.give_up(slow.key, slow.lease)

    @rule(who=WHO, key=st.sampled_from(["a", "b"]))
    def die_in_upload(self, who: int, key: str) -> None:
        tenant, before = self.books.tenants[who], self.world.now
        if key in tenant.leases or self.binding(tenant, OPERATION, key) is not None:
            return
        assert self.run(self.world.die_in_upload(tenant, key))
        tenant.leases[key] = books.Lease(before, is_renewed=False)


def is_in_flight(answer: httpx.Response) -> bool:
    return answer.status_code == 409 and refusal(answer) == "simio_idempotency_in_flight"
