"""Forms of the operator's pages: where they may come from, and what they change."""

import html
import re

import pytest

from simulacra.service import tenancy
from simulacra.service.audit import trail
from simulacra.service.database import tables
from simulacra.service.operators import guard
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.operators import browser


def test_a_form_that_is_too_long_is_not_read(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await operator.sign_in()
        for path in ("sign-in", "sign-out", "tenants/ten_1/limits"):
            answer = await operator.post(path, "x" * 100_000)
            assert answer.status_code == 413, path
        assert (await operator.http.get("/operator/")).status_code == 200

    run_async(check())


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {},
    ],
    ids=str,
)
def test_a_form_of_another_site_is_refused(
    runtime: Runtime, run_async: RunAsync, headers: dict[str, str]
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        signed_in, tenant_id = await operator.sign_in(), await browser.create_tenant(runtime)
        form = {guard.FORMS_FIELD: signed_in.forms_token}
        path = f"/operator/tenants/{tenant_id}/suspend"
        assert (await operator.http.post(path, data=form, headers=headers)).status_code == 403
        form = {"name": "ann", "password": browser.PASSWORD}
        answer = await operator.http.post("/operator/sign-in", data=form, headers=headers)
        assert answer.status_code == 403
        assert await browser.tenant_status(runtime, tenant_id) == "active"

    run_async(check())


def test_a_browser_that_sends_its_origin_only_is_served(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        signed_in, tenant_id = await operator.sign_in(), await browser.create_tenant(runtime)
        form = {guard.FORMS_FIELD: signed_in.forms_token}
        path = f"/operator/tenants/{tenant_id}/suspend"
        headers = {"Origin": "https://operator.example"}
        assert (await operator.http.post(path, data=form, headers=headers)).status_code == 303
        assert await browser.tenant_status(runtime, tenant_id) == "suspended"

    run_async(check())


@pytest.mark.parametrize("kind", ["none", "made up", "another session's"])
def test_a_form_needs_the_token_of_its_session(
    runtime: Runtime, run_async: RunAsync, kind: str
) -> None:
    async def check() -> None:
        operator, other = browser.Browser(runtime), browser.Browser(runtime)
        await operator.sign_in()
        token = {"none": "", "made up": "0" * 64}.get(kind)
        if token is None:
            token = (await other.sign_in("bob")).forms_token
        tenant_id = await browser.create_tenant(runtime)
        answer = await operator.post(f"tenants/{tenant_id}/suspend", token)
        assert answer.status_code == 403
        assert "another session" in answer.text
        assert await browser.tenant_status(runtime, tenant_id) == "active"

    run_async(check())


def test_what_an_operator_does_is_on_record_under_the_operators_name(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        token, tenant_id = (
            (await operator.sign_in()).forms_token,
            await browser.create_tenant(runtime),
        )
        for verb in ("suspend", "reactivate"):
            answer = await operator.post(f"tenants/{tenant_id}/{verb}", token)
            assert answer.headers["location"].startswith(f"/operator/tenants/{tenant_id}?done=")
        limits = {
            "subscription_rows": "5,000", "subscription_window_days": "30",
            "max_rows_per_request": "1,000,000", "retention_hours": "",
        }  # fmt: skip
        assert (
            await operator.post(f"tenants/{tenant_id}/limits", token, **limits)
        ).status_code == 303
        await operator.post("sign-out", token)
        assert (await operator.http.get("/operator/")).status_code == 303
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            entries = [it async for it in trail.entries(session) if it.actor_id == "ann"]
        assert [it.action for it in entries] == [
            "session.opened", "tenant.suspended", "tenant.reactivated", "tenant.changed",
            "session.closed",
        ]  # fmt: skip
        assert entries[3].details == {"subscription_rows": 5000}
        assert all(str(it.request_id).startswith("req_") for it in entries)

    run_async(check())


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("retention_hours", "999", "from 1 to 168"),
        ("subscription_rows", "-1", "from 0"),
        ("subscription_rows", "lots", "'lots'"),
        ("max_rows_per_request", "", "None"),
        ("subscription_window_days", "²", "from 1 to 366"),
    ],
)
def test_a_limit_that_cannot_be_is_shown_again_with_what_is_wrong(
    runtime: Runtime, run_async: RunAsync, field: str, text: str, said: str
) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        token, tenant_id = (
            (await operator.sign_in()).forms_token,
            await browser.create_tenant(runtime),
        )
        limits = {
            "subscription_rows": "7", "subscription_window_days": "30",
            "max_rows_per_request": "9", "retention_hours": "",
        }  # fmt: skip
        answer = await operator.post(
            f"tenants/{tenant_id}/limits", token, **(limits | {field: text})
        )
        assert answer.status_code == 422
        page = html.unescape(answer.text)
        assert re.search(f'name="{field}"[^>]*aria-invalid', page)
        assert said in page
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            assert (await session.get_one(tables.Tenant, tenant_id)).subscription_rows is None

    run_async(check())
