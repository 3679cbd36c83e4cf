"""The operator's pages: what they load, and what they show."""

import html
import re

import pytest

from simulacra.service import main
from simulacra.service.confinement import layers
from simulacra.service.contract import document as contract
from simulacra.service.jobs import workers
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.operators import browser


def test_nothing_of_it_is_in_the_published_contract(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        document = contract.of(main.build(runtime))
        assert not [path for path in document["paths"] if "operator" in path]

    run_async(check())


def test_pages_load_nothing_but_our_style_and_run_no_script(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await operator.sign_in()
        tenant_id = await browser.create_tenant(runtime, "<script>alert(1)</script>")
        of_tenant, no_tenant = f"tenants/{tenant_id}", "tenants/ten_x"
        for path in ("sign-in", "", "tenants", of_tenant, "jobs", "audit", no_tenant):
            answer = await operator.http.get(f"/operator/{path}")
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert "<script" not in answer.text
            assert not re.findall(r"\s(?:style|on\w+)=", answer.text)
            addresses = re.findall(r"""\s(?:src|href|action)=["']([^"']*)""", answer.text)
            assert all(
                it.startswith(("/operator/", "/studio/", "#", "?")) for it in addresses if it
            ), addresses
        assert "&lt;script&gt;" in (await operator.http.get("/operator/tenants")).text

    run_async(check())


def test_what_is_not_there_is_a_page_and_not_a_problem_document(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await operator.sign_in()
        for path, status in (
            ("tenants/ten_x", 404),
            ("jobs/job_x", 404),
            ("jobs?before=job_x", 404),
            ("static/../../etc/passwd", 404),
            ("audit?before=x", 400),
            ("audit?subject_id=%00", 400),
        ):
            answer = await operator.http.get(f"/operator/{path}")
            assert answer.status_code == status, path
        answer = await operator.http.get("/operator/tenants/ten_x")
        assert "There is no tenant" in html.unescape(answer.text)
        assert answer.headers["x-request-id"] in answer.text

    run_async(check())


def test_the_trail_is_filtered_and_paged(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulacra.service.operators.pages.trail.PAGE_ROWS", 2)

    async def check() -> None:
        operator = browser.Browser(runtime)
        await operator.sign_in()
        made = [await browser.create_tenant(runtime) for _ in range(3)]
        first = (await operator.http.get("/operator/audit?action=tenant.created")).text
        assert made[2] in first
        assert made[0] not in first
        (older,) = re.findall(r'href="(\?[^"]*)" rel="next"', first)
        second = (await operator.http.get(f"/operator/audit{html.unescape(older)}")).text
        assert made[0] in second
        assert "session.opened" not in second.split("<tbody>")[1]
        nothing = (await operator.http.get("/operator/audit?subject_id=ds_1&action=made.up")).text
        assert "No entry fits." in nothing

    run_async(check())


def test_the_overview_says_which_worker_lacks_a_layer(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await operator.sign_in()
        assert "None is running" in (await operator.http.get("/operator/")).text
        await workers.note(runtime.database, "wrk_1", set(layers.Layer))
        overview = (await operator.http.get("/operator/")).text
        assert "Landlock, own account, seccomp" in overview
        assert "missing" not in overview
        assert "Nothing is the matter." in overview
        await workers.note(runtime.database, "wrk_2", {layers.Layer.ACCOUNT})
        overview = (await operator.http.get("/operator/")).text
        assert "Landlock and seccomp missing" in overview
        assert "Nothing is the matter." not in overview

    run_async(check())


def test_people_are_invited_and_removed(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        tenant_id = await browser.create_tenant(runtime, "Acme")
        token = (await operator.sign_in()).forms_token
        people = f"tenants/{tenant_id}/people"
        assert (await operator.post(people, token, email="no address")).status_code == 404
        answer = await operator.post(people, token, email="ann@acme.example")
        (link,) = re.findall(r'class="token">([^<]+)<', answer.text)
        assert answer.headers["cache-control"] == "no-store"
        path = link.removeprefix(runtime.policy.base_url)
        assert "ann@acme.example" in (await operator.http.get(path)).text
        page = (await operator.http.get(f"/operator/tenants/{tenant_id}")).text
        assert link.partition("=")[2] not in page
        (person_id,) = re.findall(r"/people/(per_\w+)/remove", page)
        other = await browser.create_tenant(runtime, "Other")
        wrong = await operator.post(f"tenants/{other}/people/{person_id}/remove", token)
        assert wrong.status_code == 404
        await operator.post(f"{people}/{person_id}/remove", token)
        assert (await operator.http.get(path)).status_code == 404
        left = (await operator.http.get(f"/operator/tenants/{tenant_id}?done=person-removed")).text
        assert "Removed, and signed out everywhere" in left
        assert "ann@acme.example" not in left

    run_async(check())
