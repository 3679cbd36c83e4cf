"""Full reports over HTTP: kept with the rows, as JSON and as a page, and of older rows too."""

import base64
import datetime as dt
import hashlib
import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from simulacra.engine.full_report.full_report import FullReport
from simulacra.service import housekeeping, tenancy
from simulacra.service.database import tables
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.identity.principal import SCOPES, Principal
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.contract.conformity import published
from tests.service.endpoints import api
from tests.service.generations.test_tasks import WANTED, Workbench

HTML = {"Accept": "text/html"}


@pytest.fixture
def bench(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench(runtime, tmp_path, monkeypatch)


def principal(client: api.Client) -> Principal:
    return Principal(client.tenant_id, client.client_id, frozenset(SCOPES))


def test_it_is_kept_with_the_rows_and_read_as_json_and_as_a_page(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check() -> None:
        async with api.client(bench.runtime) as acme, api.client(bench.runtime) as other:
            await bench.open(model_file, principal(acme))
            asked = await bench.ask(WANTED)
            path = f"/v1/generations/{asked.id}/report"
            early = await acme.http.get(path)
            assert api.is_problem(early, 404, "simio_generation_not_found")
            await bench.carry_out(asked)

            answer = await acme.http.get(path)
            document = answer.raise_for_status().json()
            form = {"$ref": "#/components/schemas/FullReportDocument"}
            assert published().faults(form, document) == []
            shown = (await acme.http.get(f"/v1/generations/{asked.id}")).json()
            assert document["report"] == shown["report"]
            assert answer.headers["Vary"] == "Accept"
            full = FullReport.from_json(document)
            assert full.figures.question_count == len(full.figures.distributions or ()) > 3
            assert full.card.conditions[0].startswith("channel: 60% Online")
            assert full.card.version is not None

            page = await acme.http.get(path, headers=HTML)
            assert page.headers["Content-Type"] == "text/html; charset=utf-8"
            assert page.headers["Vary"] == "Accept"
            style = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)[0]
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            assert f"style-src 'sha256-{digest}'" in page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in page.headers["Content-Security-Policy"]
            assert asked.id in page.text
            assert page.text.count("<style") == 1

            stranger = await other.http.get(path)
            assert api.is_problem(stranger, 404, "simio_generation_not_found")

    run_async(check())


def test_rows_of_an_earlier_version_have_a_report_without_pictures(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check() -> None:
        async with api.client(bench.runtime) as acme:
            await bench.open(model_file, principal(acme))
            made = await bench.generate(WANTED)
            path = f"/v1/generations/{made.row.id}/report"
            async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
                await session.execute(sa.update(tables.Generation).values(figures=sa.null()))
            document = (await acme.http.get(path)).raise_for_status().json()
            form = {"$ref": "#/components/schemas/FullReportDocument"}
            assert published().faults(form, document) == []
            assert document["comparison"] is document["distributions"] is None
            assert document["card"]["version"] is None
            assert document["card"]["study_size"].startswith("800 respondents")
            page = (await acme.http.get(path, headers=HTML)).text
            assert page.count("made by a version that did not keep") == 2

            await datasets_of(bench.runtime).delete(bench.caller, bench.dataset_id)
            document = (await acme.http.get(path)).raise_for_status().json()
            assert document["card"]["study_size"] == "Unknown", "the study is gone"

    run_async(check())


def test_it_ends_with_the_generation(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check() -> None:
        async with api.client(bench.runtime) as acme:
            await bench.open(model_file, principal(acme))
            made = await bench.generate(WANTED)
            past = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
            async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
                await session.execute(sa.update(tables.Generation).values(expires_at=past))
            answer = await acme.http.get(f"/v1/generations/{made.row.id}/report")
            assert api.is_problem(answer, 404, "simio_generation_not_found")
            await housekeeping.tidy(bench.runtime)
            async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
                columns = tables.Generation.figures, tables.Generation.margins
                assert (await session.execute(sa.select(*columns))).one() == (None, None)

    run_async(check())
