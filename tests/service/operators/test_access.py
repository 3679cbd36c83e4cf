"""Requests for access and lost secrets, on the operator's pages."""

import re

from simulacra.service.runtime import Runtime
from simulacra.service.signups import service as signups
from tests.coroutines import RunAsync
from tests.service.operators import browser


async def request_access(runtime: Runtime, company: str = "Acme Research") -> str:
    row, _ = await signups.request(
        runtime.database, company, f"{company.split(maxsplit=1)[0]}@acme.example"
    )
    return row.id


def test_a_request_is_approved_from_the_overview(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        request_id = await request_access(runtime)
        token = (await operator.sign_in()).forms_token
        overview = await operator.http.get("/operator/")
        assert f"/operator/signups/{request_id}/approve" in overview.text
        answer = await operator.post(f"signups/{request_id}/approve", token)
        assert answer.headers["location"] == "/operator/signups?done=approved"
        signup = await signups.read(runtime.database, runtime.claims, request_id)
        assert (signup.row.status, bool(signup.claim_token)) == ("approved", True)
        listed = await operator.http.get("/operator/signups?status=approved")
        assert f"/operator/tenants/{signup.row.tenant_id}" in listed.text
        assert str(signup.claim_token) not in listed.text
        again = await operator.post(f"signups/{request_id}/approve", token)
        assert again.status_code == 409
        assert "was approved before" in again.text
        assert (await operator.post("signups/req_none/approve", token)).status_code == 404

    run_async(check())


def test_a_token_that_is_handed_over_is_shown_once(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        request_id = await request_access(runtime)
        token = (await operator.sign_in()).forms_token
        answer = await operator.post(f"signups/{request_id}/approve", token, hand_over="true")
        (claim,) = re.findall(r'class="token">(\w+)<', answer.text)
        assert answer.headers["cache-control"] == "no-store"
        assert (
            await signups.read(runtime.database, runtime.claims, request_id)
        ).claim_token is None
        assert (await runtime.claims.redeem(runtime.database, runtime.identity, claim)).client_id

    run_async(check())


def test_a_request_is_declined(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        request_id = await request_access(runtime)
        token = (await operator.sign_in()).forms_token
        answer = await operator.post(f"signups/{request_id}/decline", token)
        assert answer.headers["location"] == "/operator/signups?done=declined"
        assert (
            await signups.read(runtime.database, runtime.claims, request_id)
        ).row.status == "declined"

    run_async(check())


def test_what_a_stranger_calls_himself_is_text(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        await request_access(runtime, "<script>alert(1)</script>")
        await operator.sign_in()
        shown = (await operator.http.get("/operator/signups")).text
        assert "<script" not in shown
        assert "&lt;script&gt;" in shown

    run_async(check())


def test_a_lost_secret_is_replaced(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        operator = browser.Browser(runtime)
        made = await runtime.tenants.create(company="Acme", email="a@b.example")
        token = (await operator.sign_in()).forms_token
        path = f"tenants/{made.tenant_id}/clients/{made.client_id}/rotate"
        answer = await operator.post(path, token)
        (claim,) = re.findall(r'class="token">(\w+)<', answer.text)
        delivery = await runtime.claims.redeem(runtime.database, runtime.identity, claim)
        assert delivery.client_secret != made.client_secret
        missing = await operator.post(f"tenants/{made.tenant_id}/clients/none/rotate", token)
        assert missing.status_code == 404

    run_async(check())
