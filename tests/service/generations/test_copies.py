"""Rows that exist, in another format: from the request to what is left of them."""

import asyncio
import datetime as dt
import filecmp
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pyreadstat
import pytest

import simulacra
from simulacra.service import clock, compose, housekeeping, tenancy
from simulacra.service.database import tables
from simulacra.service.generations import copying
from simulacra.service.jobs import child
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import capacity
from simulacra.service.usage import verification
from tests.coroutines import RunAsync
from tests.service.generations.test_previews import Site, on_site
from tests.service.generations.test_tasks import RUN_IN_CHILD, WANTED, Workbench


@pytest.fixture
def bench(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench(runtime, tmp_path, monkeypatch)


def copies(generation_id: str) -> str:
    return f"/v1/generations/{generation_id}/copies"


async def copied(site: Site, generation_id: str, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the copy of a generation, once a worker has made it."""
    answer = await site.answered({"wait_seconds": 30, **asked}, copies(generation_id))
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def fetched(site: Site, document: dict[str, Any], path: Path) -> httpx.Response:
    answer = await site.http.get(document["artifact_url"])
    assert answer.status_code == 200
    await asyncio.to_thread(path.write_bytes, answer.content)
    return answer


def test_a_copy_is_the_librarys_file_and_costs_nothing(
    bench: Workbench, run_async: RunAsync, model_file: Path, tmp_path: Path
) -> None:
    child.start_server(kind.function for kind in compose.JOB_KINDS)

    async def check(site: Site) -> None:
        made = await bench.generate(WANTED)
        entries = await site.count(tables.UsageEntry)
        bench.run = RUN_IN_CHILD
        document = await copied(site, made.row.id, output_format="sav")
        assert document["copy_of"] == made.row.id
        assert document["generation_id"] != made.row.id
        assert document["report"]["conditions"] == made.row.report["conditions"]  # type: ignore[index]
        assert (document["status"], document["rows_generated"]) == ("ready", 60)
        assert document["expires_at"] == made.row.expires_at.isoformat().replace("+00:00", "Z")
        await fetched(site, document, tmp_path / "rows.sav")
        out = simulacra.load(model_file).generate(60, seed=1, **WANTED)
        out.write(tmp_path / "expected.sav")
        assert filecmp.cmp(tmp_path / "rows.sav", tmp_path / "expected.sav", shallow=False)
        for form, path in [("xlsx", "rows.xlsx"), ("triple-s", "rows.zip"), ("dta", "rows.dta")]:
            other = await copied(site, made.row.id, output_format=form)
            await fetched(site, other, tmp_path / path)
            out.write(tmp_path / f"expected-{path}", form)
            assert filecmp.cmp(tmp_path / path, tmp_path / f"expected-{path}", shallow=False)
        assert await site.count(tables.UsageEntry) == entries
        assert not (await verification.verify(site.runtime.database)).faults

    on_site(bench, run_async, model_file, check)


def test_asking_again_finds_the_copy_and_the_rows_themselves(
    bench: Workbench, run_async: RunAsync, model_file: Path, tmp_path: Path
) -> None:
    async def check(site: Site) -> None:
        made = await bench.generate(WANTED)
        first = await copied(site, made.row.id, output_format="triple-s")
        answer = await fetched(site, first, tmp_path / "rows.zip")
        assert answer.headers["content-type"] == "application/zip"
        named = f'filename="{first["generation_id"]}.zip"'
        assert answer.headers["content-disposition"].endswith(named)
        again = await site.post({"output_format": "triple-s"}, copies(made.row.id))
        assert (again.status_code, again.headers["idempotent-replayed"]) == (200, "true")
        assert again.json()["generation_id"] == first["generation_id"]
        own = await site.post({"output_format": made.row.output_format}, copies(made.row.id))
        assert own.json()["generation_id"] == made.row.id
        back = await site.post(
            {"output_format": made.row.output_format}, copies(first["generation_id"])
        )
        assert back.json()["generation_id"] == made.row.id
        other = await copied(
            site, first["generation_id"], output_format="parquet", output_values="codes"
        )
        assert other["copy_of"] == made.row.id
        await fetched(site, other, tmp_path / "rows.parquet")
        assert {*pq.read_table(tmp_path / "rows.parquet")["channel"].to_pylist()} <= {1, 2, 3}

    on_site(bench, run_async, model_file, check)


@pytest.mark.parametrize("form", ["csv", "sav", "xlsx"])
def test_rows_of_any_format_are_copied(
    bench: Workbench, run_async: RunAsync, model_file: Path, tmp_path: Path, form: str
) -> None:
    async def check(site: Site) -> None:
        made = await bench.generate(WANTED, output_format=form, support_weight=True)
        document = await copied(site, made.row.id, output_format="dta")
        await fetched(site, document, tmp_path / "rows.dta")
        out = simulacra.load(model_file).generate(60, seed=1, **WANTED, support_weight=True)
        out.write(tmp_path / "expected.dta")
        found, _ = pyreadstat.read_dta(tmp_path / "rows.dta", output_format="dict")
        expected, _ = pyreadstat.read_dta(tmp_path / "expected.dta", output_format="dict")
        assert {name: [*it] for name, it in found.items()} == {
            name: [*it] for name, it in expected.items()
        }

    on_site(bench, run_async, model_file, check)


def test_rows_that_would_be_others_are_not_copied(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(site: Site) -> None:
        made = await bench.generate(WANTED, output_format="sav")
        with monkeypatch.context() as patched:
            patched.setattr(copying, "_digest", lambda path: path.name)
            answer = await site.answered(
                {"output_format": "csv", "wait_seconds": 30}, copies(made.row.id)
            )
        assert answer.json()["code"] == "simio_generation_failed"
        assert "Generate them again" in answer.json()["detail"]
        document = await copied(site, made.row.id, output_format="csv")  # a failure is not found
        assert document["status"] == "ready"

    on_site(bench, run_async, model_file, check)


def test_more_rows_than_a_workbook_has_are_refused_before_work_begins(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        made = await bench.generate(WANTED)
        async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
            row = await session.get_one(tables.Generation, made.row.id)
            row.rows_generated = 2_000_000
            tenant = await session.get_one(tables.Tenant, row.tenant_id)
            tenant.max_rows_per_request = 3_000_000
        jobs = await site.count(tables.Job)
        answer = await site.post({"output_format": "xlsx"}, copies(made.row.id))
        assert answer.json()["code"] == "simio_invalid_field"
        assert answer.json()["errors"][0]["pointer"] == "/output_format"
        path = f"/v1/datasets/{bench.dataset_id}/generations"
        body = {"row_count": 2_000_000, "output_format": "xlsx"}
        answer = await site.post(body, path)
        assert answer.json()["errors"][0]["pointer"] == "/row_count"
        assert "1,048,575 rows at most" in answer.json()["errors"][0]["detail"]
        assert await site.count(tables.Job) == jobs
        answer = await site.post({"output_format": "xlsx"}, copies("gen_none"))
        assert answer.json()["code"] == "simio_generation_not_found"

    on_site(bench, run_async, model_file, check)


def test_copies_that_are_begun_count_as_stored(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    """They cost no rows, so that nothing else bounds how many are begun before one is done."""

    async def check(site: Site) -> None:
        made = await bench.generate(WANTED)
        async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
            tenant = await session.get_one(tables.Tenant, made.row.tenant_id)
            stored = await capacity.stored_bytes(session, tenant.id)
            tenant.max_stored_bytes = stored + 2 * int(made.row.size_bytes or 0)
        for form, status in [("parquet", 202), ("sav", 202), ("dta", 402)]:
            answer = await site.post({"output_format": form}, copies(made.row.id))
            assert answer.status_code == status, answer.text
        assert answer.json()["code"] == "simio_storage_quota_exceeded"
        again = await site.post({"output_format": "sav"}, copies(made.row.id))  # which is begun
        assert again.status_code == 202

    on_site(bench, run_async, model_file, check)


def test_a_copy_ends_with_the_rows(bench: Workbench, run_async: RunAsync, model_file: Path) -> None:
    async def check(site: Site) -> None:
        made = await bench.generate(WANTED)
        document = await copied(site, made.row.id, output_format="dta")
        past = dt.timedelta(hours=200)
        async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
            now = await clock.read(session)
            for generation_id in (made.row.id, document["generation_id"]):
                row = await session.get_one(tables.Generation, generation_id)
                row.expires_at = now - past
        await housekeeping.tidy(bench.runtime)
        answer = await site.http.get(f"/v1/generations/{document['generation_id']}")
        assert answer.status_code == 404

    on_site(bench, run_async, model_file, check)
