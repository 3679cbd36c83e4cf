"""The builder of scenarios and its rows on the study page, with a real database and a model."""

import asyncio
import dataclasses
import re
from collections.abc import Callable, Coroutine
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import sqlalchemy as sa

from simulacra.service import tenancy
from simulacra.service.database import tables
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.http import pages
from simulacra.service.jobs import attempts
from simulacra.service.people.sessions import SignedIn
from simulacra.service.runtime import Runtime
from simulacra.service.studio import answering
from tests.coroutines import RunAsync
from tests.service.generations.test_tasks import Workbench
from tests.service.studio import browser

STATE = "about=share:channel&share:channel:Online=60&see=region&rows=60&seed=1&format=csv"
FIELDS = dict(part.split("=") for part in STATE.split("&"))


@dataclasses.dataclass
class Visit:
    """Somebody who is signed in and has a trained study, and the worker of their jobs."""

    browser: browser.Browser
    person: SignedIn
    bench: Workbench

    @property
    def here(self) -> str:
        return f"studies/{self.bench.dataset_id}"

    async def get(self, path: str) -> httpx.Response:
        return await self.browser.http.get(f"/studio/{path}")

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.browser.post(path, self.person.forms_token, **form)

    async def answered(self, asking: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
        """Return an answer that waits for a job, whose worker this is."""
        request = asyncio.create_task(asking)
        while not request.done():
            await self.work()
            await asyncio.sleep(0.02)
        return await request

    async def work(self) -> None:
        """Carry out what waits."""
        for job_id in await self.jobs("queued"):
            await attempts.carry_out(self.bench.runtime.resources, self.person.tenant_id, job_id)

    async def jobs(self, status: str) -> list[str]:
        async with self.bench.runtime.database.transaction(tenancy.SYSTEM) as session:
            found = sa.select(tables.Job.id).where(tables.Job.status == status)
            return [*await session.scalars(found)]


Check = Callable[[Visit], Coroutine[Any, Any, None]]


@pytest.fixture
def visiting(
    runtime: Runtime,
    run_async: RunAsync,
    model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Check], None]:
    """Return what runs a check for somebody who is signed in."""
    bench = Workbench(runtime, tmp_path, monkeypatch)

    def run(check: Check) -> None:
        async def visit() -> None:
            person = browser.Browser(runtime)
            signed_in = await person.sign_in()
            await bench.open(model_file, signed_in.caller)
            await check(Visit(person, signed_in, bench))

        run_async(visit())

    return run


def test_the_form_says_what_the_address_says_and_runs_no_script_of_its_own(
    visiting: Callable[[Check], None],
) -> None:
    async def check(visit: Visit) -> None:
        answer = await visit.get(f"{visit.here}/scenario?{STATE}")
        shown = unescape(answer.text)
        assert answer.status_code == 200
        assert re.search(r'name="share:channel:Online"[^>]*value="60"', shown)
        assert 'type="range"' in shown
        assert not re.findall(r"\s(?:style|on\w+)=", answer.text)
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.DOTALL)
        assert all('src="/studio/static/' in it and not body.strip() for it, body in scripts)
        gone = await visit.get(f"{visit.here}/scenario?{STATE}&drop=share:channel")
        assert gone.status_code == 303
        assert "channel" not in gone.headers["location"]
        found = await visit.get(f"{visit.here}/scenario/find?q=spend")
        assert 'value="range:monthly_spend"' in found.text

    visiting(check)


def test_a_preview_follows_the_form_and_the_rows_are_those_it_showed(
    visiting: Callable[[Check], None],
) -> None:
    async def check(visit: Visit) -> None:
        preview = await visit.answered(visit.post(f"{visit.here}/scenario/preview", **FIELDS))
        shown = unescape(preview.text)
        assert preview.status_code == 200, shown
        assert "Generate 60 rows" in shown
        assert "Support: good" in shown
        assert 'class="chart"' in shown
        assert "share%3Achannel%3AOnline=60" in preview.headers["hx-replace-url"]
        assert '"Online": 0.6' in shown  # as the API takes it
        state, once = (
            re.findall(rf'name="{name}" value="([^"]+)"', shown)[0] for name in ("state", "once")
        )
        forms = [await visit.post(f"{visit.here}/rows", state=state, once=once) for _ in "12"]
        assert [it.status_code for it in forms] == [303, 303]
        address = forms[0].headers["location"]
        assert forms[1].headers["location"] == address  # sent twice, made once
        made = address.removeprefix("/studio/")
        assert "Cancel" in (await visit.get(made)).text
        await visit.work()
        done = unescape((await visit.get(made)).text)
        assert "60.0%" in done
        assert "What you got" in done
        file = await visit.get(f"{made}/file")
        assert file.headers["content-type"].startswith("text/csv")
        assert len(file.text.splitlines()) == 61
        assert "Before and after" in done
        asked = await visit.post(f"{made}/copies", output_format="xlsx")
        copy = asked.headers["location"].removeprefix("/studio/")
        assert copy != made
        await visit.work()
        again = await visit.post(f"{made}/copies", output_format="xlsx")
        assert again.headers["location"] == f"/studio/{copy}/file"
        assert (await visit.get(f"{copy}/file")).content.startswith(b"PK")
        report = await visit.get(f"{made}/report")
        assert "style-src 'sha256-" in report.headers["content-security-policy"]
        assert "<script" not in report.text
        saved = await visit.get(f"{made}/report?save=true")
        assert saved.headers["content-disposition"].startswith("attachment")
        changes = await visit.answered(visit.get(f"{made}/changes"))
        assert "95% interval" in changes.text
        listed = await visit.get(f"{visit.here}/rows")
        assert address in listed.text

    visiting(check)


def test_without_scripts_the_preview_comes_with_the_page(
    visiting: Callable[[Check], None],
) -> None:
    async def check(visit: Visit) -> None:
        shown = await visit.answered(visit.get(f"{visit.here}/scenario?{STATE}&now=1"))
        assert "Generate 60 rows" in shown.text
        assert 'hx-trigger="load"' not in shown.text
        wrong = await visit.get(f"{visit.here}/scenario?{STATE}0&rows=x&now=1")
        assert "no whole number" in wrong.text

    visiting(check)


def test_mistakes_are_told_where_the_preview_stands(visiting: Callable[[Check], None]) -> None:
    async def check(visit: Visit) -> None:
        for name, value, says in (
            ("share:channel:Online", "160", "no percentage"),
            ("rows", "none", "no whole number"),
            ("rows", "900000000", "at most"),
        ):
            answer = await visit.post(f"{visit.here}/scenario/preview", **{**FIELDS, name: value})
            assert answer.status_code == 200
            assert says in unescape(answer.text), name
        two = {"share:channel:Retail": "70"}
        answer = await visit.post(f"{visit.here}/scenario/preview", **FIELDS, **two)
        assert "cannot be previewed yet" in answer.text
        assert await visit.jobs("queued") == []

    visiting(check)


def test_a_preview_that_nobody_waits_for_is_cancelled(
    visiting: Callable[[Check], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the slider has moved on."""

    async def is_gone(_: object) -> bool:
        return True

    monkeypatch.setattr("starlette.requests.Request.is_disconnected", is_gone)
    monkeypatch.setattr(answering, "LOOK_SECONDS", 0.01)

    async def check(visit: Visit) -> None:
        answer = await visit.post(f"{visit.here}/scenario/preview", **FIELDS)
        assert answer.status_code == 204
        assert len(await visit.jobs("cancelled")) == 1

    visiting(check)


def test_a_saved_scenario_is_opened_compared_and_ends_with_its_study(
    visiting: Callable[[Check], None],
) -> None:
    async def check(visit: Visit) -> None:
        here = f"{visit.here}/scenario"
        for name, state in (("Online", STATE), ("More", STATE), ("More", f"{STATE}&rows=50")):
            saved = await visit.post(f"{here}/save", name=name, state=state)
            assert saved.status_code == 303
        shown = unescape((await visit.get(here)).text)
        ids = re.findall(r'name="id" value="(sc_\w+)"', shown)
        assert len(ids) == 2  # the second of one name has replaced the first
        assert "rows=50" in shown
        query = "&".join(f"id={it}" for it in ids)
        both = await visit.answered(visit.get(f"{here}/compare?{query}"))
        assert both.text.count("Rows that can be had") == 2
        other = browser.Browser(visit.bench.runtime)
        await other.sign_in("Brightwater", "bob@bright.example")
        for path in (here, f"{here}/compare?{query}", f"{visit.here}/rows"):
            answer = await other.http.get(f"/studio/{path}")
            assert (answer.status_code, "There is no such study" in answer.text) == (404, True)
        await visit.post(f"{here}/forget", scenario_id=ids[0])
        assert len(re.findall("sc_", (await visit.get(here)).text)) == 2  # its box and its button
        await datasets_of(visit.bench.runtime).delete(visit.person.caller, visit.bench.dataset_id)
        async with visit.bench.runtime.database.transaction(tenancy.SYSTEM) as session:
            assert (await session.scalars(sa.select(tables.SavedScenario))).all() == []

    visiting(check)


def test_json_is_opened_and_a_form_of_another_session_is_refused(
    visiting: Callable[[Check], None],
) -> None:
    async def check(visit: Visit) -> None:
        here = f"{visit.here}/scenario"
        body = '{"row_count": 70, "conditions": {"means": {"age": 40}}}'
        opened = await visit.post(f"{here}/open", conditions_json=body)
        assert opened.status_code == 303
        assert "mean%3Aage%3Amean=40" in opened.headers["location"]
        wrong = await visit.post(f"{here}/open", conditions_json="nothing")
        assert (wrong.status_code, "no JSON" in wrong.text) == (400, True)
        forged = {pages.FORMS_FIELD: "x" * 43, **FIELDS}
        answer = await visit.browser.http.post(
            f"/studio/{here}/preview", data=forged, headers=browser.SAME_ORIGIN
        )
        assert answer.status_code == 403

    visiting(check)


@pytest.mark.parametrize(
    "more",
    [
        '{"foo": 1}',
        '{"categorical": [1]}',
        '{"categorical": {"region": {"North": [1]}}}',
        "[" * 10_000,
    ],
    ids=["no kind", "a list", "no share", "brackets"],
)
def test_a_link_that_was_made_up_is_refused_in_words(
    visiting: Callable[[Check], None], more: str
) -> None:
    async def check(visit: Visit) -> None:
        state = urlencode({**FIELDS, "more": more})
        answer = await visit.get(f"{visit.here}/scenario?{state}&now=1")
        assert answer.status_code in (200, 400)
        answer = await visit.post(f"{visit.here}/scenario/preview", **FIELDS, more=more)
        assert (answer.status_code, "notice" in answer.text) == (200, True)
        answer = await visit.post(f"{visit.here}/rows", state=state, once="x" * 20)
        assert answer.status_code == 400
        answer = await visit.post(f"{visit.here}/scenario/open", conditions_json=more)
        assert answer.status_code in (303, 400)
        assert not await visit.jobs("queued")

    visiting(check)


def test_numbers_and_ids_that_were_made_up_are_refused_too(
    visiting: Callable[[Check], None],
) -> None:
    async def check(visit: Visit) -> None:
        answer = await visit.post(f"{visit.here}/scenario/preview", rows="9" * 5000)
        assert "is no whole number" in answer.text
        answer = await visit.post(f"{visit.here}/corrections", carried="[" * 10_000)
        assert answer.status_code == 400
        answer = await visit.post(f"{visit.here}/scenario/forget", scenario_id="a\0")
        assert answer.status_code == 400
        split = "studies/x%0d%0aSet-Cookie: a=b/scenario/forget"  # no header is made of it
        answer = await visit.post(split, scenario_id="a")
        assert answer.status_code == 404

    visiting(check)
