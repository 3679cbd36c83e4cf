"""Previews of scenarios, from the request to what is left of them."""

import asyncio
import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

import simulacra
from simulacra.engine.report.preview import Preview
from simulacra.service import clock, compose, errors, housekeeping, keys, tenancy
from simulacra.service.database import tables
from simulacra.service.endpoints import previews as endpoint
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.generations import schemas, service
from simulacra.service.identity.principal import SCOPES, Principal
from simulacra.service.jobs import attempts, child
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api
from tests.service.generations.test_tasks import RUN_IN_CHILD, WANTED, Workbench

BODY: dict[str, Any] = {
    "row_count": 60,
    "seed": 1,
    "conditions": WANTED,
    "columns": ["region", "channel"],
}


@dataclasses.dataclass
class Site:
    """A dataset of a client, and what carries out what the client asks for."""

    bench: Workbench
    http: httpx.AsyncClient

    @property
    def runtime(self) -> Runtime:
        return self.bench.runtime

    async def post(self, body: dict[str, Any] = BODY, path: str | None = None) -> httpx.Response:
        """Ask for a preview, or at another path."""
        previews = f"/v1/datasets/{self.bench.dataset_id}/scenario-previews"
        return await self.http.post(path or previews, json=body)

    async def answered(
        self, body: dict[str, Any] = BODY, path: str | None = None
    ) -> httpx.Response:
        """Return what is answered while a worker is there."""
        asking = asyncio.create_task(self.post(body, path))
        job_id = await self.job_id(asking)
        if job_id is not None:
            await self.carry_out(job_id)
        return await asking

    async def job_id(self, asking: "asyncio.Task[httpx.Response]") -> str | None:
        """Return the id of the open job once it is there; None if the request is refused."""
        while not asking.done():
            async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
                is_open = tables.Job.status.in_(["queued", "processing"])
                found = await session.scalar(sa.select(tables.Job.id).where(is_open))
            if found is not None:
                return str(found)
            await asyncio.sleep(0.02)
        return None

    async def carry_out(self, job_id: str) -> None:
        await attempts.carry_out(self.runtime.resources, self.bench.caller.tenant_id, job_id)

    async def count(self, table: type[tables.Table]) -> int:
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            return await session.scalar(sa.select(sa.func.count()).select_from(table)) or 0

    async def row(self, job_id: str) -> tables.Job:
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            return await session.get_one(tables.Job, job_id)


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


def test_a_preview_has_the_figures_of_the_generation_and_leaves_nothing_behind(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    child.start_server(kind.function for kind in compose.JOB_KINDS)
    bench.run = RUN_IN_CHILD

    async def check(site: Site) -> None:
        entries = await site.count(tables.AuditEntry)
        answer = await site.answered()
        assert answer.status_code == 200, answer.text
        job = answer.json()
        preview = schemas.PreviewDocument.model_validate(job["preview"])
        model = simulacra.load(model_file)
        expected = model.preview(60, seed=1, columns=BODY["columns"], **WANTED).to_json()
        assert len(expected["distributions"]) == 2
        assert expected.pop("expected_seconds") > 0
        assert preview.expected_seconds > 0
        assert {**job["preview"], "expected_seconds": 0} == {
            **jsonable(expected),
            "expected_seconds": 0,
        }
        assert (await site.http.get(f"/v1/jobs/{job['job_id']}")).json() == job
        assert await site.count(tables.Generation) == 0
        assert await site.count(tables.UsageEntry) == 0
        assert await site.count(tables.ScenarioFit) == 0
        assert await site.count(tables.AuditEntry) == entries
        made = await bench.generate(WANTED)
        assert made.row.report is not None
        assert made.row.report["support"] == job["preview"]["support"]
        assert "preview" not in (await site.http.get(f"/v1/jobs/{made.row.job_id}")).json()

    on_site(bench, run_async, model_file, check)


def test_seconds_count_what_margins_have_still_to_refit(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, object]] = []
    preview = simulacra.Model.preview

    def noted(self: simulacra.Model, *arguments: Any, **options: Any) -> Preview:  # noqa: ANN401 - as `preview`
        asked.append((options["margins"], options["kept_refits"]))
        return preview(self, *arguments, **options)

    monkeypatch.setattr(simulacra.Model, "preview", noted)

    async def check(site: Site) -> None:
        for margins in (False, True, "quick"):
            answer = await site.answered({**BODY, "margins": margins})
            assert answer.json()["preview"]["expected_seconds"] > 0
        await bench.generate(WANTED, margins="quick")
        await site.answered({**BODY, "margins": True})
        assert asked == [(False, 0), ("full", 0), ("quick", 0), ("full", 8)]

    on_site(bench, run_async, model_file, check)


def jsonable(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as JSON has it."""

    read: dict[str, Any] = json.loads(json.dumps(document))
    return read


def test_a_preview_uses_what_a_generation_has_fitted(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        await bench.generate(WANTED)
        assert (await site.answered()).status_code == 200
        *_, seen = bench._children.values()
        assert seen.request.fitted_file is not None

    on_site(bench, run_async, model_file, check)


def test_one_that_takes_long_is_read_in_its_job(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MAX_WAIT_SECONDS", 0)

    async def check(site: Site) -> None:
        answer = await site.post()
        assert answer.status_code == 202
        job = answer.json()
        assert (job["status"], job.get("preview")) == ("queued", None)
        assert answer.headers["Location"] == f"/v1/jobs/{job['job_id']}"
        await site.carry_out(job["job_id"])
        now = (await site.http.get(answer.headers["Location"])).json()
        assert now["status"] == "completed"
        assert now["preview"]["rows_available"] == 60

    on_site(bench, run_async, model_file, check)


def test_an_infeasible_scenario_is_answered_with_its_reason(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    nobody = {"groups": [{"where": {"age": {"min": 25, "max": 30}}, "means": {"age": 28}}]}
    asked = {"numeric": {"age": {"min": 60, "max": 70}}, **nobody}

    async def check(site: Site) -> None:
        answer = await site.answered({"row_count": 60, "conditions": asked})
        preview = answer.json()["preview"]
        assert (answer.status_code, preview["status"]) == (200, "infeasible")
        assert preview["rows_available"] == 0
        assert "together" in preview["reason"]

    on_site(bench, run_async, model_file, check)


def test_faults_are_named_where_they_stand(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        wrong = {"categorical": {"segmant": {"Premium": 0.5}}}
        answer = await site.post({"row_count": 60, "conditions": wrong})
        where = "/conditions/categorical/segmant"
        assert api.is_problem(answer, 400, "simio_unknown_condition_column", where)
        answer = await site.post({**BODY, "row_count": 10**9})
        assert api.is_problem(answer, 402, "simio_row_cap_exceeded", "/row_count")
        answer = await site.post({**BODY, "columns": ["age", "chanel"]})
        assert api.is_problem(answer, 400, "simio_unknown_condition_column", "/columns/1")
        answer = await site.post({**BODY, "output_format": "csv"})
        assert api.is_problem(answer, 400, "simio_invalid_field", "/output_format")
        answer = await site.http.post("/v1/datasets/ds_1/scenario-previews", json=BODY)
        assert api.is_problem(answer, 404, "simio_dataset_not_found")

    on_site(bench, run_async, model_file, check)


def test_a_preview_that_fails_or_is_cancelled_is_answered_with_its_problem(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def break_down(*_: object) -> object:
        raise errors.JobFailedError("simio_preview_failed", "It broke down.")

    async def check(site: Site) -> None:
        bench.run = break_down
        answer = await site.answered()
        assert api.is_problem(answer, 500, "simio_preview_failed")
        asking = asyncio.create_task(site.post())
        job_id = await site.job_id(asking)
        assert (await site.http.post(f"/v1/jobs/{job_id}/cancel")).status_code == 200
        assert api.is_problem(await asking, 409, "simio_job_cancelled")

    on_site(bench, run_async, model_file, check)


def test_so_many_may_wait_or_run(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "MAX_WAIT_SECONDS", 0)
    monkeypatch.setattr(service, "MAX_OPEN", 1)

    async def check(site: Site) -> None:
        first = await site.post()
        assert first.status_code == 202
        second = await site.post()
        assert api.is_problem(second, 429, "simio_rate_limited")
        await site.carry_out(first.json()["job_id"])
        assert (await site.post()).status_code == 202

    on_site(bench, run_async, model_file, check)


def test_it_is_forgotten_after_an_hour_and_with_the_dataset(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        first = (await site.answered()).json()["job_id"]
        async with site.runtime.database.transaction(tenancy.SYSTEM) as session:
            ended = clock.now(session) - dt.timedelta(hours=1)
            old = sa.update(tables.Job).where(tables.Job.id == first).values(ended_at=ended)
            await session.execute(old)
        second = (await site.answered()).json()["job_id"]
        await housekeeping.tidy(site.runtime)
        assert "preview" not in (await site.http.get(f"/v1/jobs/{first}")).json()
        row = await site.row(first)
        assert (row.status, row.asked, row.answer) == ("completed", None, None)
        assert (await site.row(second)).answer is not None
        await datasets_of(site.runtime).delete(bench.caller, bench.dataset_id)
        row = await site.row(second)
        assert (row.asked, row.answer) == (None, None)

    on_site(bench, run_async, model_file, check)


def test_webhooks_are_not_told_of_previews(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        async with site.runtime.database.transaction(bench.caller.tenant_id) as session:
            session.add(
                tables.Webhook(
                    id=keys.random_id("wh_"),
                    tenant_id=bench.caller.tenant_id,
                    client_id=bench.caller.client_id,
                    url="https://hooks.acme.example",
                    events=["job.completed"],
                )
            )
        assert (await site.answered()).status_code == 200
        assert await site.count(tables.WebhookDelivery) == 0
        await bench.generate(WANTED)
        assert await site.count(tables.WebhookDelivery) == 1

    on_site(bench, run_async, model_file, check)
