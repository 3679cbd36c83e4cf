"""What customers want of what they have uploaded: rows, more time, an end."""

import asyncio
import datetime as dt

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from simulacra.service.database import tables
from tests.service.lifecycle import books, uploads, workers
from tests.service.lifecycle.story import PICK, WHO, accepted, choose, refusal, times

OPERATION = "createGeneration"
KEYS = st.sampled_from(["a", "b", None])
ROWS = st.sampled_from([1, 7, 50, 300, 501])
SCENARIOS = st.sampled_from(["free", "free", "split", "unknown"])
LONGEST_HOURS = 168


class Wishes(uploads.Uploads, workers.Workers):
    """What customers ask for, at all times."""

    @rule(who=WHO, pick=PICK, key=KEYS, rows=ROWS, scenario=SCENARIOS)
    def generate_of_any(
        self, who: int, pick: int, key: str | None, rows: int, scenario: str
    ) -> None:
        """Of whatever dataset, in whatever state and whosever."""
        tenant, dataset = self.books.tenants[who], choose(pick, self.books.datasets)
        answer = self.run(self.world.generate(tenant, dataset.id, key, rows, scenario))
        self.check_generation(tenant, dataset, key, rows, scenario, answer)

    @rule(pick=PICK, key=KEYS, rows=ROWS, scenario=SCENARIOS)
    def generate(self, pick: int, key: str | None, rows: int, scenario: str) -> None:
        dataset = self.some_ready(pick)
        tenant = dataset.tenant
        answer = self.run(self.world.generate(tenant, dataset.id, key, rows, scenario))
        self.check_generation(tenant, dataset, key, rows, scenario, answer)

    @rule(pick=PICK, rows=st.sampled_from([50, 300]), is_quick=st.booleans())
    def generate_much(self, pick: int, rows: int, is_quick: bool) -> None:  # noqa: FBT001 - drawn
        """Use the subscription up, with rows that are reserved or with rows that are made."""
        for _ in range(4):
            self.generate(pick, None, rows, "free")
            if is_quick:
                self.work_off()

    @rule(who=WHO, pick=PICK, hours=st.sampled_from([0, 0, 3]))
    def retry(self, who: int, pick: int, hours: int) -> None:
        """Repeat what a key was accepted with, whatever has become of that, at once or later."""
        tenant = self.books.tenants[who]
        self.run(self.world.walk(hours))
        if not tenant.bindings:
            return
        (_, key), bound = choose(pick, list(tenant.bindings.items()))
        if isinstance(bound.made, books.Dataset):
            self.upload_of(tenant, key, bound.made.seed)
            return
        made = bound.made
        wanted = (made.dataset, key, made.rows, made.scenario)
        answer = self.run(self.world.generate(tenant, made.dataset.id, *wanted[1:]))
        self.check_generation(tenant, *wanted, answer)

    @rule(pick=PICK, key=st.sampled_from(["a", "b"]), rows=ROWS, scenario=SCENARIOS)
    def generate_often(self, pick: int, key: str, rows: int, scenario: str) -> None:
        """Of the same request four times at once one begins, and the others find it."""
        dataset = self.some_ready(pick)

        async def post() -> list[httpx.Response]:
            wanted = (dataset.tenant, dataset.id, key, rows, scenario)
            return await asyncio.gather(*(self.world.generate(*wanted) for _ in range(4)))

        answers = self.run(post())
        for answer in sorted(answers, key=lambda it: "Idempotent-Replayed" in it.headers):
            self.check_generation(dataset.tenant, dataset, key, rows, scenario, answer)

    def some_ready(self, pick: int) -> books.Dataset:
        """A dataset of which rows may be asked, a new one if there is none."""
        now = self.world.now
        ready = [it for it in self.books.datasets if it.status == "ready" and it.is_live(now)]
        if not ready:
            dataset = self.upload_of(choose(pick, self.books.tenants), None, "study")
            assert dataset is not None
            self.carry_out_of(dataset.job)
            ready = [dataset]
        return choose(pick, ready)

    def check_generation(
        self,
        tenant: books.Tenant,
        dataset: books.Dataset,
        key: str | None,
        rows: int,
        scenario: str,
        answer: httpx.Response,
    ) -> None:
        """Compare an answer with the books."""
        bound = self.binding(tenant, OPERATION, key)
        refused = self.books.refusal(dataset, rows, scenario, self.world.now)
        if bound is not None and bound.request != (dataset, rows, scenario):
            assert refusal(answer) == "simio_idempotency_conflict"
        elif bound is not None:
            self.check_replay(bound.made, answer)
        elif dataset.tenant is not tenant:
            assert refusal(answer) == "simio_dataset_not_found"
        elif refused is not None:
            assert refusal(answer) == refused
        else:
            self.new_generation(dataset, key, rows, scenario, answer)

    def new_generation(
        self,
        dataset: books.Dataset,
        key: str | None,
        rows: int,
        scenario: str,
        answer: httpx.Response,
    ) -> books.Generation:
        made, tenant = accepted(answer), dataset.tenant
        created_at, expires_at = times(made)
        assert expires_at - created_at == tenant.retention
        job = books.Job(made["job_id"], tenant)
        generation = books.Generation(
            made["generation_id"], tenant, dataset, job, rows, scenario, created_at, expires_at
        )
        self.books.generations.append(generation)
        tenant.bind(OPERATION, key, (dataset, rows, scenario), generation)
        return generation

    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        made = choose(pick, self.books.made)
        answer = self.run(self.world.cancel(made.job))
        if made.job.is_removed:
            assert refusal(answer) == "simio_job_not_found"
            return
        self.books.end(made, "cancelled")
        assert (answer.status_code, answer.json()["status"]) == (200, made.job.status)

    @rule(pick=PICK)
    def delete(self, pick: int) -> None:
        dataset = choose(pick, self.books.datasets)
        answer = self.run(self.world.delete(dataset))
        if not dataset.is_live(self.world.now):
            assert refusal(answer) == "simio_dataset_not_found"
            return
        assert answer.json() == {"dataset_id": dataset.id, "status": "deleted"}
        self.books.delete(dataset)
        rows = self.run(self.world.all_of(tables.StoredObject))
        in_writing = {row.path for row in rows if row.state == "announced"}
        assert not [it for it in self.world.stored() - in_writing if dataset.id in it]

    @rule(pick=PICK, rows=st.sampled_from([1, 7, 50]))
    def delete_while_generating(self, pick: int, rows: int) -> None:
        """Rows that are asked for in the moment of a deletion end with it, or fail later."""
        dataset, now = self.some_ready(pick), self.world.now

        async def race() -> tuple[httpx.Response, httpx.Response]:
            post = self.world.generate(dataset.tenant, dataset.id, None, rows, "free")
            return await asyncio.gather(post, self.world.delete(dataset))

        asked, deleted = self.run(race())
        assert deleted.status_code == 200
        refused = self.books.refusal(dataset, rows, "free", now)
        self.books.delete(dataset)
        if asked.status_code != 202:
            assert refusal(asked) in ("simio_dataset_not_found", refused), asked.text
            return
        made = self.new_generation(dataset, None, rows, "free", asked)
        if self.row_of(made.job).status != "queued":
            self.books.end(made, "cancelled")

    @rule(pick=PICK, hours=st.sampled_from([1, 24, 48, LONGEST_HOURS, LONGEST_HOURS + 1]))
    def extend(self, pick: int, hours: int) -> None:
        dataset = choose(pick, self.books.datasets)
        path = f"/v1/datasets/{dataset.id}/retention"
        given = {"retention_hours": hours}
        answer = self.run(self.world.ask(dataset.tenant, "POST", path, json=given))
        until = dataset.created_at + dt.timedelta(hours=hours)
        if hours > LONGEST_HOURS:
            assert refusal(answer) == "simio_invalid_field"
        elif not dataset.is_live(self.world.now):
            assert refusal(answer) == "simio_dataset_not_found"
        elif dataset.status == "failed":
            assert refusal(answer) == "simio_dataset_failed"
        elif until < dataset.expires_at:
            assert refusal(answer) == "simio_invalid_field"
        else:
            assert dt.datetime.fromisoformat(answer.json()["expires_at"]) == until
            dataset.expires_at = until
