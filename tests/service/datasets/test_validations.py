"""Validations of a dataset's study, from the request to what is left of them."""

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

import simulacra
from simulacra.engine.validation.validation import Comparison, Error, Figure, Validation
from simulacra.engine.validation.worth import Worth
from simulacra.service import errors, tenancy
from simulacra.service.database import tables
from simulacra.service.datasets import schemas, service, validating
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.identity.principal import SCOPES, Principal
from simulacra.service.jobs import attempts
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api
from tests.service.generations.test_tasks import RUN_IN_CHILD, WANTED, Workbench

SEGMENT = {"region": ["North", "East"], "age": {"min": 18, "max": 60}}
BODY: dict[str, Any] = {"segment": SEGMENT, "repeats": 1, "seed": 1}
WHOLE: dict[str, Any] = {"repeats": 1}


@dataclasses.dataclass
class Site:
    """A dataset of a client, and what carries out what the client asks for."""

    bench: Workbench
    http: httpx.AsyncClient

    @property
    def runtime(self) -> Runtime:
        return self.bench.runtime

    async def post(self, body: dict[str, Any] = BODY, key: str | None = None) -> httpx.Response:
        path = f"/v1/datasets/{self.bench.dataset_id}/validations"
        headers = {} if key is None else {"Idempotency-Key": key}
        return await self.http.post(path, json=body, headers=headers)

    async def carry_out(self, job_id: str) -> dict[str, Any]:
        """Return a job that a worker has taken."""
        await attempts.carry_out(self.runtime.resources, self.bench.caller.tenant_id, job_id)
        job: dict[str, Any] = (await self.http.get(f"/v1/jobs/{job_id}")).json()
        return job

    async def validated(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the job of a validation that has ended."""
        answer = await self.post(body)
        assert answer.status_code == 202, answer.text
        return await self.carry_out(answer.json()["job_id"])

    async def held(self, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        """Return what is answered to a request that waits, while a worker is there."""
        asking = asyncio.create_task(self.post(body, key))
        while not asking.done():
            async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
                is_open = tables.Job.status == "queued"
                job_id = await session.scalar(sa.select(tables.Job.id).where(is_open))
            if job_id is not None:
                await self.carry_out(job_id)
                break
            await asyncio.sleep(0.02)
        return await asking

    async def schema(self) -> dict[str, Any]:
        path = f"/v1/datasets/{self.bench.dataset_id}/schema"
        document: dict[str, Any] = (await self.http.get(path)).json()
        return document

    async def usage(self) -> int:
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            entries = sa.select(sa.func.count()).select_from(tables.UsageEntry)
            return await session.scalar(entries) or 0

    async def recorded(self) -> list[str]:
        """Return what the audit trail says of validations, in order."""
        about = tables.AuditEntry.action.like("validation.%")
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            found = sa.select(tables.AuditEntry.action).where(about)
            return list(await session.scalars(found.order_by(tables.AuditEntry.number)))


@pytest.fixture
def bench(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench(runtime, tmp_path, monkeypatch)


def on_site(bench: Workbench, run_async: RunAsync, model_file: Path, check: Any) -> None:  # noqa: ANN401 - a coroutine function of a site
    """Run what is to hold for a client with a dataset."""

    async def run() -> None:
        async with api.client(bench.runtime) as client:
            caller = Principal(client.tenant_id, client.client_id, frozenset(SCOPES))
            await bench.open(model_file, caller)
            await check(Site(bench, client.http))

    run_async(run())


def jsonable(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as JSON has it."""
    read: dict[str, Any] = json.loads(json.dumps(document))
    return read


def test_one_of_the_whole_study_has_the_figures_of_the_library_and_stays_with_the_dataset(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    bench.run = RUN_IN_CHILD

    async def check(site: Site) -> None:
        answer = await site.post(WHOLE)
        job = answer.json()
        assert (answer.status_code, job["status"]) == (202, "queued")
        assert answer.headers["Location"] == f"/v1/jobs/{job['job_id']}"
        job = await site.carry_out(job["job_id"])
        assert (job["status"], job["dataset_id"]) == ("completed", bench.dataset_id)
        assert "preview" not in job
        schemas.ValidationDocument.model_validate(job["validation"])
        found = simulacra.load(model_file).validate(repeats=1)
        assert job["validation"] == jsonable(validating.bounded(found))
        assert await site.usage() == 0  # nothing is reserved or billed
        kept = (await site.schema())["validation"]
        schemas.ValidationSummaryDocument.model_validate(kept)
        assert kept == jsonable(found.summary())
        made = await bench.generate(WANTED)
        report = (await site.http.get(f"/v1/generations/{made.row.id}")).json()["report"]
        assert report["validation"] == kept
        assert await site.recorded() == ["validation.created", "validation.ready"]

    on_site(bench, run_async, model_file, check)


def test_one_of_a_segment_is_in_its_job_alone(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        job = await site.validated(BODY)
        found = simulacra.load(model_file).validate(segment=SEGMENT, repeats=1, seed=1)
        assert job["validation"] == jsonable(validating.bounded(found))
        (one,) = job["validation"]["comparisons"]
        assert one["segment"] == "region = North or East and age 18 to 60"
        assert "validation" not in await site.schema()
        made = await bench.generate(WANTED)
        assert made.row.report is not None
        assert made.row.report["validation"] is None

    on_site(bench, run_async, model_file, check)


def test_faults_are_named_where_they_stand(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        for segment, where, code in (
            ({"regon": "North"}, "/segment/regon", "simio_unknown_condition_column"),
            ({"region": ["North", "Nord"]}, "/segment/region/1", "simio_unknown_condition_level"),
            ({"age": {"min": 500, "max": 600}}, "/segment/age", "simio_condition_out_of_range"),
            ({"age": {"min": "young", "max": 30}}, "/segment/age/min", "simio_invalid_field"),
            ({}, "/segment", "simio_invalid_field"),
        ):
            answer = await site.post({"segment": segment})
            assert api.is_problem(answer, 400, code, where), answer.text
        many = await site.post({"segment": {"region": [str(index) for index in range(9_000)]}})
        assert len(many.json()["errors"]) == service.MAX_FAULTS
        odd = {"min": 18, "max": 60, "more": "\0"}
        others: list[object] = [{"age": odd}, {"\0": "x"}, {"region": "\ud800"}, {"age": [[None]]}]
        for other in others:
            answer = await site.http.post(
                f"/v1/datasets/{bench.dataset_id}/validations",
                content=json.dumps({"segment": other}),
                headers={"content-type": "application/json"},
            )
            assert answer.status_code == 400, (other, answer.text)
        answer = await site.post({"repeats": 21})
        assert api.is_problem(answer, 400, "simio_invalid_field", "/repeats")
        answer = await site.post({"segments": {}})
        assert api.is_problem(answer, 400, "simio_invalid_field", "/segments")
        answer = await site.http.post("/v1/datasets/ds_1/validations", json=BODY)
        assert api.is_problem(answer, 404, "simio_dataset_not_found")

    on_site(bench, run_async, model_file, check)


def test_a_segment_of_too_few_fails_the_job_with_its_pointer(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    """How many are in it the rows alone can tell."""
    bench.run = RUN_IN_CHILD

    async def check(site: Site) -> None:
        job = await site.validated({"segment": {"age": {"min": 70, "max": 70}}, "repeats": 1})
        assert job["status"] == "failed"
        (fault,) = job["error"]["errors"]
        assert (job["error"]["code"], fault["pointer"]) == ("simio_invalid_field", "/segment")
        assert "at least 20 are needed" in fault["detail"]
        assert await site.recorded() == ["validation.created", "validation.failed"]

    on_site(bench, run_async, model_file, check)


def test_a_key_makes_one_validation(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        key = "validation-1"
        first, second = [await site.post(key=key) for _ in range(2)]
        assert (first.status_code, second.status_code) == (202, 202)
        assert second.json()["job_id"] == first.json()["job_id"]
        assert second.headers["Idempotent-Replayed"] == "true"
        other = await site.post({**BODY, "seed": 2}, key)
        assert api.is_problem(other, 409, "simio_idempotency_conflict")
        await site.carry_out(first.json()["job_id"])
        again = await site.post(key=key)
        assert again.status_code == 200
        assert again.json()["validation"]["repeats"] == 1

    on_site(bench, run_async, model_file, check)


def test_it_is_held_until_it_has_ended(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        answer = await site.held({**BODY, "wait_seconds": 20}, "validation-1")
        assert (answer.status_code, answer.json()["status"]) == (200, "completed")
        assert answer.json()["validation"]["respondents"] == 800
        again = await site.post(BODY, "validation-1")  # how long to wait makes no other request
        assert again.json() == answer.json()
        nobody = {"segment": {"age": {"min": 70, "max": 70}}, "wait_seconds": 20}

        async def break_down(*_: object) -> object:
            fault = errors.Fault("/segment", "Too few.")
            raise errors.JobFailedError("simio_invalid_field", "Too few.", [fault])

        bench.run = break_down
        refused = await site.held(nobody)
        assert api.is_problem(refused, 400, "simio_invalid_field", "/segment")
        assert refused.json()["job_id"].startswith("job_")

    on_site(bench, run_async, model_file, check)


def test_so_many_may_wait_or_run_and_one_can_be_cancelled(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        async with site.runtime.database.transaction(tenancy.SYSTEM) as session:
            await session.execute(sa.update(tables.Tenant).values(max_trainings=1))
        first = await site.post()
        assert first.status_code == 202
        assert api.is_problem(await site.post(), 429, "simio_rate_limited")
        cancelled = await site.http.post(f"/v1/jobs/{first.json()['job_id']}/cancel")
        assert cancelled.json()["status"] == "cancelled"
        assert (await site.post()).status_code == 202

    on_site(bench, run_async, model_file, check)


def test_one_whose_dataset_is_deleted_meanwhile_leaves_nothing(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        job_id = (await site.post(WHOLE)).json()["job_id"]

        async def delete() -> None:
            await datasets_of(site.runtime).delete(bench.caller, bench.dataset_id)

        bench.after_child = delete
        job = await site.carry_out(job_id)
        assert job["status"] == "cancelled"
        async with site.runtime.database.transaction(tenancy.SYSTEM) as session:
            row = await session.get_one(tables.Job, job_id)
            published = await session.scalar(sa.select(tables.Dataset.published_schema))
        assert (row.asked, row.answer, published) == (None, None, None)

    on_site(bench, run_async, model_file, check)


def test_what_an_error_quotes_of_the_study_ends_with_the_dataset(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    detail = "The segment region = North has 14 respondents."

    async def refuse(*_: object) -> object:
        raise errors.JobFailedError(
            "simio_invalid_field", detail, [errors.Fault("/segment", detail)]
        )

    async def check(site: Site) -> None:
        bench.run = refuse
        job = await site.validated(BODY)
        assert job["error"]["detail"] == job["error"]["errors"][0]["detail"] == detail
        await datasets_of(site.runtime).delete(bench.caller, bench.dataset_id)
        error = (await site.http.get(f"/v1/jobs/{job['job_id']}")).json()["error"]
        assert error["code"] == job["error"]["code"]
        assert "North" not in str(error)

    on_site(bench, run_async, model_file, check)


def test_a_fault_of_ours_has_a_code_of_its_own(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def break_down(*_: object) -> object:
        raise errors.JobFailedError("simio_validation_failed", "It broke down.")

    async def check(site: Site) -> None:
        bench.run = break_down
        job = await site.validated(BODY)
        assert (job["status"], job["error"]["code"]) == ("failed", "simio_validation_failed")

    on_site(bench, run_async, model_file, check)


def test_a_list_of_jobs_does_not_read_answers(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        job = await site.validated(BODY)
        (listed,) = (await site.http.get("/v1/jobs", params={"kind": "createValidation"})).json()[
            "jobs"
        ]
        assert listed["job_id"] == job["job_id"]
        assert "validation" not in listed

    on_site(bench, run_async, model_file, check)


def test_of_many_figures_those_furthest_off_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validating, "MAX_FIGURES", 4)
    figures = tuple(
        Figure(
            "brand",
            str(level),
            0.5,
            0.4,
            0.5 - 0.01 * ((level * 7) % 10),
            standard_error=0.1,
            chance=0.1,
            spread=0.5,
        )
        for level in range(10)
    )
    error = Error(0.1, None)
    one = Comparison(
        *("brand = 1", 40, 20, 20, 10, error, error, error), Worth(9.0, 5.0, None), figures
    )
    found = Validation(
        respondents=400,
        columns=3,
        repeats=1,
        is_named=False,
        weight=None,
        comparisons=(one, one),
        gain=None,
        skipped=(),
        failed=(),
    )
    document = validating.bounded(found)
    for written in document["comparisons"]:
        off = [round(figure["difference"], 2) for figure in written["figures"]]
        assert (written["figure_count"], off) == (10, [0.09, 0.08])
