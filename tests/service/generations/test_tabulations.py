"""Tables and comparisons, from the request to what is left of them."""

import asyncio
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import simulacra
from simulacra.service import clock, compose, errors, housekeeping, tenancy
from simulacra.service.database import tables
from simulacra.service.endpoints import tabulations as endpoint
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.generations import expiry, schemas, service, table_names, tabulation_schemas
from simulacra.service.jobs import child
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.endpoints import api
from tests.service.generations.test_previews import Site, on_site
from tests.service.generations.test_tasks import ALIKE, RUN_IN_CHILD, WANTED, Workbench

SHOWN = ["channel", "monthly_spend"]
BODY: dict[str, Any] = {"rows": SHOWN, "banner": ["segment", "region"]}


@pytest.fixture
def bench(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench(runtime, tmp_path, monkeypatch)


def jsonable(document: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(document))
    return read


def of_study(site: Site) -> str:
    return f"/v1/datasets/{site.bench.dataset_id}/crosstabs"


def of_rows(generation_id: str) -> str:
    return f"/v1/generations/{generation_id}/crosstabs"


def comparisons(generation_id: str) -> str:
    return f"/v1/generations/{generation_id}/comparisons"


def test_a_table_of_the_study_is_the_librarys_and_leaves_nothing_behind(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    child.start_server(kind.function for kind in compose.JOB_KINDS)
    bench.run = RUN_IN_CHILD

    async def check(site: Site) -> None:
        entries = await site.count(tables.AuditEntry)
        answer = await site.answered(BODY, of_study(site))
        assert answer.status_code == 200, answer.text
        job = answer.json()
        assert (job["operation"], job["status"]) == ("tabulateDataset", "completed")
        expected = simulacra.load(model_file).crosstab(SHOWN, BODY["banner"]).to_json()
        *own, note = job["crosstab"].pop("notes")
        assert own == list(expected.pop("notes"))
        assert "left out" in note
        assert job["crosstab"] == jsonable(expected)
        shown = (await site.http.get(f"/v1/jobs/{job['job_id']}")).json()
        assert shown["crosstab"]["blocks"] == job["crosstab"]["blocks"]
        assert await site.count(tables.Generation) == await site.count(tables.UsageEntry) == 0
        assert await site.count(tables.AuditEntry) == entries

    on_site(bench, run_async, model_file, check)


@pytest.mark.parametrize(
    ("form", "values"),
    [*((form, "labels") for form in ("csv", "parquet", "arrow", "sav")), ("csv", "codes")],
)
def test_tables_of_made_rows_are_the_librarys_to_the_digit(
    bench: Workbench, run_async: RunAsync, model_file: Path, form: str, values: str
) -> None:
    async def check(site: Site) -> None:
        made = await bench.generate(WANTED, output_format=form, output_values=values)
        answer = await site.answered(BODY | {"weight": "age"}, of_rows(made.row.id))
        model = simulacra.load(model_file)
        out = model.generate(60, seed=1, **WANTED)
        expected = out.crosstab(SHOWN, BODY["banner"], weight="age")
        assert answer.json()["crosstab"] == jsonable(expected.to_json())
        answer = await site.answered({}, comparisons(made.row.id))
        found = simulacra.compare(model, out)
        expected_figures = found.to_json()
        assert answer.json()["comparison"] == jsonable(expected_figures)

    on_site(bench, run_async, model_file, check)


def test_letters_of_many_rows_are_the_librarys(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def delivered(_: Workbench, generation_id: str) -> tuple[tables.Generation, bytes]:
        async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
            return await session.get_one(tables.Generation, generation_id), b""

    monkeypatch.setattr(Workbench, "delivered", delivered)
    wanted: dict[str, Any] = {"categorical": {"segment": {"Premium": 0.55}}}

    async def check(site: Site) -> None:
        made = await bench.generate(wanted, row_count=5_000, support_weight=True)
        answer = await site.answered(BODY, of_rows(made.row.id))
        out = simulacra.load(model_file).generate(5_000, seed=1, **wanted)
        expected = out.crosstab(SHOWN, BODY["banner"])
        assert any(expected.table["letters"].to_pylist())
        assert answer.json()["crosstab"] == jsonable(expected.to_json())

    on_site(bench, run_async, model_file, check)


def test_margins_of_a_generation_are_the_intervals_of_its_comparison(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        made = await bench.generate(WANTED, margins="quick")
        body = {"columns": ["segment", "channel"]}
        answer = await site.answered(body, comparisons(made.row.id))
        model = simulacra.load(model_file)
        out = model.generate(60, seed=1, **WANTED, margins="quick")
        expected = simulacra.compare(model, out, columns=body["columns"])
        found = answer.json()["comparison"]
        assert found["figures"] == jsonable(expected.to_json())["figures"]
        assert {it["interval"] for it in found["figures"]} == {"margins", "effective bases"}

    on_site(bench, run_async, model_file, check)


def test_two_generations_are_compared(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tabulation_schemas, "MAX_FIGURES", 3)

    async def check(site: Site) -> None:
        made, other = await bench.generate(WANTED), await bench.generate(ALIKE)
        answer = await site.answered({"with": other.row.id}, comparisons(made.row.id))
        model = simulacra.load(model_file)
        first, second = (model.generate(60, seed=1, **asked) for asked in (ALIKE, WANTED))
        expected = jsonable(simulacra.compare(first, second).to_json())
        found = answer.json()["comparison"]
        assert (found["names"], found["notes"]) == (expected["names"], expected["notes"])
        assert found["figures"] == expected["figures"][:3]
        assert found["figure_count"] == len(expected["figures"])

    on_site(bench, run_async, model_file, check)


def test_faults_are_named_where_they_stand(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(site: Site) -> None:
        made, unknown = await bench.generate(WANTED), "simio_unknown_condition_column"
        for path in (of_study(site), of_rows(made.row.id)):
            wrong = {"rows": ["chanel"], "banner": ["segment", "age"], "weight": "segment"}
            answer = await site.post(wrong, path)
            assert api.is_problem(answer, 400, unknown, "/rows/0", "/banner/1", "/weight")
            monkeypatch.setattr(table_names, "MAX_CELLS", 31)
            answer = await site.post(BODY, path)
            assert api.is_problem(answer, 400, "simio_invalid_field", "/rows")
            assert "32 cells; one table may have 31 at most" in answer.json()["detail"]
            monkeypatch.undo()
        path = comparisons(made.row.id)
        answer = await site.post({"columns": ["age", "chanel"]}, path)
        assert api.is_problem(answer, 400, unknown, "/columns/1")
        answer = await site.post({"with": "gen_1"}, path)
        assert api.is_problem(answer, 400, "simio_invalid_field", "/with")
        answer = await site.post({"wiht": made.row.id}, path)
        assert "did you mean 'with'" in answer.json()["detail"]

    on_site(bench, run_async, model_file, check)


def test_there_is_no_table_of_what_is_not_there(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        gone = "simio_generation_not_found"
        waiting = await bench.ask(WANTED)
        for generation_id in ("gen_1", waiting.id):
            assert api.is_problem(await site.post(BODY, of_rows(generation_id)), 404, gone)
            assert api.is_problem(await site.post({}, comparisons(generation_id)), 404, gone)
        answer = await site.post(BODY, "/v1/datasets/ds_1/crosstabs")
        assert api.is_problem(answer, 404, "simio_dataset_not_found")
        await bench.carry_out(waiting)
        await datasets_of(site.runtime).delete(bench.caller, bench.dataset_id)
        answer = await site.post(BODY, of_rows(waiting.id))
        assert api.is_problem(answer, 404, "simio_dataset_not_found")

    on_site(bench, run_async, model_file, check)


async def expire(site: Site, generation_id: str) -> None:
    async with site.runtime.database.transaction(tenancy.SYSTEM) as session:
        over = clock.now(session) - dt.timedelta(seconds=1)
        which = tables.Generation.id == generation_id
        await session.execute(sa.update(tables.Generation).where(which).values(expires_at=over))
    await expiry.sweep(site.runtime.database, site.runtime.endings)


def test_a_table_ends_with_its_generation(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        made, other = await bench.generate(WANTED), await bench.generate(ALIKE)
        first = (await site.answered(BODY, of_rows(made.row.id))).json()["job_id"]
        second = (await site.answered({"with": made.row.id}, comparisons(other.row.id))).json()
        kept = (await site.answered(BODY, of_rows(other.row.id))).json()["job_id"]
        asking = asyncio.create_task(site.post(BODY, of_rows(made.row.id)))
        assert await site.job_id(asking) is not None
        await expire(site, made.row.id)
        for ended in (first, second["job_id"]):
            row = await site.row(ended)
            assert (row.asked, row.answer) == (None, None)
        assert (await site.row(kept)).answer is not None
        assert api.is_problem(await asking, 404, "simio_generation_not_found")
        answer = await site.post(BODY, of_rows(made.row.id))
        assert api.is_problem(answer, 404, "simio_generation_not_found")
        await housekeeping.tidy(site.runtime)

    on_site(bench, run_async, model_file, check)


def test_one_that_fails_or_takes_long_is_said(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(*_: object) -> object:
        raise errors.JobFailedError("simio_tabulation_failed", "It broke down.")

    async def check(site: Site) -> None:
        run, bench.run = bench.run, break_down
        answer = await site.answered(BODY, of_study(site))
        assert api.is_problem(answer, 500, "simio_tabulation_failed")
        bench.run = run
        monkeypatch.setattr(endpoint, "MAX_WAIT_SECONDS", 0)
        monkeypatch.setattr(service, "MAX_OPEN", 1)
        answer = await site.post(BODY, of_study(site))
        assert (answer.status_code, answer.json()["status"]) == (202, "queued")
        more = await site.post(BODY, of_study(site))
        assert api.is_problem(more, 429, "simio_rate_limited")
        await site.carry_out(answer.json()["job_id"])
        now = (await site.http.get(answer.headers["Location"])).json()
        assert now["crosstab"]["unit"] == "respondents"

    on_site(bench, run_async, model_file, check)


def test_every_job_that_answers_has_a_member_for_it() -> None:
    answering = {kind.operation for kind in compose.JOB_KINDS if kind.result is None}
    assert answering == schemas.ANSWERS.keys()
    assert set(schemas.ANSWERS.values()) <= schemas.JobWithAnswer.model_fields.keys()


def test_rows_have_a_support_weight_if_it_is_asked_for(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check(site: Site) -> None:
        plain, made = (
            await bench.generate(WANTED),
            await bench.generate(WANTED, support_weight=True),
        )
        assert b"support_weight" not in plain.rows
        head = made.rows.splitlines()[0]
        assert head == plain.rows.splitlines()[0] + b',"support_weight"'
        for one, expected in ((plain, False), (made, True)):
            shown = (await site.http.get(f"/v1/generations/{one.row.id}")).json()
            assert shown["support_weight"] is expected

    on_site(bench, run_async, model_file, check)
