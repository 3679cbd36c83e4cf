"""The operator's page as HTTP: who is let in, what a form needs, what a page may load."""

import html
import re
from collections.abc import Callable, Coroutine

import httpx
import pytest
from fastapi.routing import APIRoute

from simulacra.service import main, runtime, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.database import tables
from simulacra.service.http import envelope, guards, openapi
from simulacra.service.identity import embedded
from simulacra.service.operators import accounts, guard, sessions, site
from simulacra.service.signups import service as signups

Play = Callable[[Coroutine[None, None, None]], None]
PASSWORD = "correct horse battery"
OURS = {"Sec-Fetch-Site": "same-origin"}
OPEN = {"/sign-in", "/static/{name}"}


class Desk:
    """A browser of sorts."""

    def __init__(self, running: runtime.Runtime) -> None:
        self.running = running
        app = envelope.Envelope(main.build(running), running.policy.base_url)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://desk.example"
        )

    async def sign_in(self, name: str = "ann") -> sessions.SignedIn:
        await accounts.create(self.running.database, name, PASSWORD, entry.operator("cli:root"))
        form = {"name": name, "password": PASSWORD}
        answer = await self.http.post("/operator/sign-in", data=form, headers=OURS)
        assert (answer.status_code, answer.headers["location"]) == (303, "/operator/")
        token = answer.cookies[guard.COOKIE]
        found = await guard.sessions_of(self.running).find(token)
        assert found is not None
        return found

    async def post(self, path: str, forms_token: str, **form: str) -> httpx.Response:
        data = {guard.FORMS_FIELD: forms_token, **form}
        return await self.http.post(f"/operator/{path}", data=data, headers=OURS)


async def _tenant(running: runtime.Runtime, company: str = "Acme") -> str:
    made = await running.tenants.create(company=company, email="a@b.example")
    return made.tenant_id


async def _status(running: runtime.Runtime, tenant_id: str) -> str:
    async with running.database.transaction(tenancy.SYSTEM) as session:
        return (await session.get_one(tables.Tenant, tenant_id)).status


def test_every_route_but_signing_in_and_the_style_needs_a_session() -> None:
    found = {
        route.path: guards.guard_of(route)
        for route in guards._flat(site.router.routes)
        if isinstance(route, APIRoute)
    }
    assert len(found) > 8
    for path, needed in found.items():
        kind = guard.Visitor if path in OPEN else guard.Operator
        assert type(needed) is kind, path


def test_nothing_of_it_is_in_the_published_contract(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        document = openapi.document(main.build(running))
        assert not [path for path in document["paths"] if "operator" in path]

    play(check())


@pytest.mark.parametrize("path", ["", "tenants", "tenants/ten_1", "audit"])
def test_a_stranger_is_sent_to_sign_in(running: runtime.Runtime, play: Play, path: str) -> None:
    async def check() -> None:
        desk = Desk(running)
        for cookie in ("", "x", "x" * 43, "é" * 43):
            headers = {b"Cookie": f"{guard.COOKIE}={cookie}".encode()}
            answer = await desk.http.get(f"/operator/{path}", headers=headers)
            assert (answer.status_code, answer.headers["location"]) == (303, "/operator/sign-in")

    play(check())


def test_a_bearer_token_opens_nothing_here_and_a_session_nothing_there(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        desk = Desk(running)
        made = await running.tenants.create(company="A", email="a@b.example",
        )  # fmt: skip
        assert isinstance(running.identity, embedded.Embedded)
        token = await running.identity.issuer.mint(made.client_id, ("read:datasets",))
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await desk.http.get("/operator/", headers=bearer)).status_code == 303
        await desk.sign_in()
        assert (await desk.http.get("/v1/datasets")).status_code == 401

    play(check())


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        desk = Desk(running)
        await accounts.create(running.database, "ann", PASSWORD, entry.operator("cli:root"))
        form = {"name": "ann", "password": PASSWORD}
        answer = await desk.http.post("/operator/sign-in", data=form, headers=OURS)
        name, *attributes = answer.headers["set-cookie"].lower().split("; ")
        assert name.startswith("__host-")
        assert set(attributes) == {"secure", "httponly", "samesite=strict", "path=/"}

    play(check())


def test_a_wrong_name_and_a_wrong_password_look_the_same(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        desk = Desk(running)
        await accounts.create(running.database, "ann", PASSWORD, entry.operator("cli:root"))
        pages = []
        for name, password in (("ann", PASSWORD + "2"), ("bob", PASSWORD)):
            form = {"name": name, "password": password}
            answer = await desk.http.post("/operator/sign-in", data=form, headers=OURS)
            assert answer.status_code == 403
            assert password not in answer.text
            assert "set-cookie" not in answer.headers
            pages.append(answer.text.replace(name, "NAME"))
        assert pages[0] == pages[1]

    play(check())


def test_signing_in_again_ends_the_session_before(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        desk = Desk(running)
        await desk.sign_in()
        before = desk.http.cookies[guard.COOKIE]
        form = {"name": "ann", "password": PASSWORD}
        await desk.http.post("/operator/sign-in", data=form, headers=OURS)
        assert await guard.sessions_of(running).find(before) is None
        assert (await desk.http.get("/operator/")).status_code == 200

    play(check())


def test_a_form_that_is_too_long_is_not_read(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        desk = Desk(running)
        await desk.sign_in()
        for path in ("sign-in", "sign-out", "tenants/ten_1/limits"):
            answer = await desk.post(path, "x" * 100_000)
            assert answer.status_code == 413, path
        assert (await desk.http.get("/operator/")).status_code == 200

    play(check())


def test_guessing_of_a_password_ends_after_ten_tries_from_an_address(
    running: runtime.Runtime, play: Play
) -> None:
    async def attempt(desk: Desk, name: str, password: str) -> int:
        form = {"name": name, "password": password}
        return (await desk.http.post("/operator/sign-in", data=form, headers=OURS)).status_code

    async def check() -> None:
        desk = Desk(running)
        for name in ("ann", "bob"):
            await accounts.create(running.database, name, PASSWORD, entry.operator("cli:root"))
        for _ in range(10):
            assert await attempt(desk, "ann", "guess") == 403
        assert await attempt(desk, "ann", PASSWORD) == 429
        assert await attempt(desk, "bob", PASSWORD) == 303
        async with running.database.transaction(tenancy.SYSTEM) as session:
            entries = [it async for it in trail.entries(session) if it.action == "session.refused"]
        assert len(entries) == 10  # what is throttled fills no trail

    play(check())


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
    running: runtime.Runtime, play: Play, headers: dict[str, str]
) -> None:
    async def check() -> None:
        desk = Desk(running)
        signed_in, tenant_id = await desk.sign_in(), await _tenant(running)
        form = {guard.FORMS_FIELD: signed_in.forms_token}
        path = f"/operator/tenants/{tenant_id}/suspend"
        assert (await desk.http.post(path, data=form, headers=headers)).status_code == 403
        form = {"name": "ann", "password": PASSWORD}
        answer = await desk.http.post("/operator/sign-in", data=form, headers=headers)
        assert answer.status_code == 403
        assert await _status(running, tenant_id) == "active"

    play(check())


def test_a_browser_that_sends_its_origin_only_is_served(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        desk = Desk(running)
        signed_in, tenant_id = await desk.sign_in(), await _tenant(running)
        form = {guard.FORMS_FIELD: signed_in.forms_token}
        path = f"/operator/tenants/{tenant_id}/suspend"
        headers = {"Origin": "https://desk.example"}
        assert (await desk.http.post(path, data=form, headers=headers)).status_code == 303
        assert await _status(running, tenant_id) == "suspended"

    play(check())


@pytest.mark.parametrize("kind", ["none", "made up", "another session's"])
def test_a_form_needs_the_token_of_its_session(
    running: runtime.Runtime, play: Play, kind: str
) -> None:
    async def check() -> None:
        desk, other = Desk(running), Desk(running)
        await desk.sign_in()
        token = {"none": "", "made up": "0" * 64}.get(kind)
        if token is None:
            token = (await other.sign_in("bob")).forms_token
        tenant_id = await _tenant(running)
        answer = await desk.post(f"tenants/{tenant_id}/suspend", token)
        assert answer.status_code == 403
        assert "another session" in answer.text
        assert await _status(running, tenant_id) == "active"

    play(check())


def test_what_an_operator_does_is_on_record_under_the_operators_name(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        desk = Desk(running)
        token, tenant_id = (await desk.sign_in()).forms_token, await _tenant(running)
        for verb in ("suspend", "reactivate"):
            answer = await desk.post(f"tenants/{tenant_id}/{verb}", token)
            assert answer.headers["location"].startswith(f"/operator/tenants/{tenant_id}?done=")
        limits = {
            "subscription_rows": "5,000", "subscription_window_days": "30",
            "max_rows_per_request": "1,000,000", "retention_hours": "",
        }  # fmt: skip
        assert (await desk.post(f"tenants/{tenant_id}/limits", token, **limits)).status_code == 303
        await desk.post("sign-out", token)
        assert (await desk.http.get("/operator/")).status_code == 303
        async with running.database.transaction(tenancy.SYSTEM) as session:
            entries = [it async for it in trail.entries(session) if it.actor_id == "ann"]
        assert [it.action for it in entries] == [
            "session.opened", "tenant.suspended", "tenant.reactivated", "tenant.changed",
            "session.closed",
        ]  # fmt: skip
        assert entries[3].details == {"subscription_rows": 5000}
        assert all(str(it.request_id).startswith("req_") for it in entries)

    play(check())


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
    running: runtime.Runtime, play: Play, field: str, text: str, said: str
) -> None:
    async def check() -> None:
        desk = Desk(running)
        token, tenant_id = (await desk.sign_in()).forms_token, await _tenant(running)
        limits = {
            "subscription_rows": "7", "subscription_window_days": "30",
            "max_rows_per_request": "9", "retention_hours": "",
        }  # fmt: skip
        answer = await desk.post(f"tenants/{tenant_id}/limits", token, **(limits | {field: text}))
        assert answer.status_code == 422
        page = html.unescape(answer.text)
        assert re.search(f'name="{field}"[^>]*aria-invalid', page)
        assert said in page
        async with running.database.transaction(tenancy.SYSTEM) as session:
            assert (await session.get_one(tables.Tenant, tenant_id)).subscription_rows is None

    play(check())


def test_pages_load_nothing_but_our_style_and_run_no_script(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        desk = Desk(running)
        await desk.sign_in()
        tenant_id = await _tenant(running, "<script>alert(1)</script>")
        for path in ("sign-in", "", "tenants", f"tenants/{tenant_id}", "audit", "tenants/ten_x"):
            answer = await desk.http.get(f"/operator/{path}")
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert "<script" not in answer.text
            assert not re.findall(r"\s(?:style|on\w+)=", answer.text)
            addresses = re.findall(r"""\s(?:src|href|action)=["']([^"']*)""", answer.text)
            assert all(it.startswith(("/operator/", "#", "?")) for it in addresses if it), addresses
        assert "&lt;script&gt;" in (await desk.http.get("/operator/tenants")).text

    play(check())


def test_what_is_not_there_is_a_page_and_not_a_problem_document(
    running: runtime.Runtime, play: Play
) -> None:
    async def check() -> None:
        desk = Desk(running)
        await desk.sign_in()
        for path, status in (
            ("tenants/ten_x", 404),
            ("static/../../etc/passwd", 404),
            ("audit?before=x", 400),
            ("audit?subject_id=%00", 400),
        ):
            answer = await desk.http.get(f"/operator/{path}")
            assert answer.status_code == status, path
        answer = await desk.http.get("/operator/tenants/ten_x")
        assert "There is no tenant" in html.unescape(answer.text)
        assert answer.headers["x-request-id"] in answer.text

    play(check())


def test_the_trail_is_filtered_and_paged(
    running: runtime.Runtime, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulacra.service.operators.pages.trail.PAGE_ROWS", 2)

    async def check() -> None:
        desk = Desk(running)
        await desk.sign_in()
        made = [await _tenant(running) for _ in range(3)]
        first = (await desk.http.get("/operator/audit?action=tenant.created")).text
        assert made[2] in first
        assert made[0] not in first
        (older,) = re.findall(r'href="(\?[^"]*)" rel="next"', first)
        second = (await desk.http.get(f"/operator/audit{html.unescape(older)}")).text
        assert made[0] in second
        assert "session.opened" not in second.split("<tbody>")[1]
        nothing = (await desk.http.get("/operator/audit?subject_id=ds_1&action=made.up")).text
        assert "No entry fits." in nothing

    play(check())


async def _request(running: runtime.Runtime, company: str = "Acme Research") -> str:
    row, _ = await signups.request(
        running.database, company, f"{company.split(maxsplit=1)[0]}@acme.example"
    )
    return row.id


def test_a_request_is_approved_from_the_overview(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        desk = Desk(running)
        request_id = await _request(running)
        token = (await desk.sign_in()).forms_token
        overview = await desk.http.get("/operator/")
        assert f"/operator/signups/{request_id}/approve" in overview.text
        answer = await desk.post(f"signups/{request_id}/approve", token)
        assert answer.headers["location"] == "/operator/signups?done=approved"
        signup = await signups.read(running.database, running.claims, request_id)
        assert (signup.row.status, bool(signup.claim_token)) == ("approved", True)
        listed = await desk.http.get("/operator/signups?status=approved")
        assert f"/operator/tenants/{signup.row.tenant_id}" in listed.text
        assert str(signup.claim_token) not in listed.text
        again = await desk.post(f"signups/{request_id}/approve", token)
        assert again.status_code == 409
        assert "was approved before" in again.text
        assert (await desk.post("signups/req_none/approve", token)).status_code == 404

    play(check())


def test_a_token_that_is_handed_over_is_shown_once(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        desk = Desk(running)
        request_id = await _request(running)
        token = (await desk.sign_in()).forms_token
        answer = await desk.post(f"signups/{request_id}/approve", token, hand_over="true")
        (claim,) = re.findall(r'class="token">(\w+)<', answer.text)
        assert answer.headers["cache-control"] == "no-store"
        assert (
            await signups.read(running.database, running.claims, request_id)
        ).claim_token is None
        assert (await running.claims.redeem(running.database, running.identity, claim)).client_id

    play(check())


def test_a_request_is_declined(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        desk = Desk(running)
        request_id = await _request(running)
        token = (await desk.sign_in()).forms_token
        answer = await desk.post(f"signups/{request_id}/decline", token)
        assert answer.headers["location"] == "/operator/signups?done=declined"
        assert (
            await signups.read(running.database, running.claims, request_id)
        ).row.status == "declined"

    play(check())


def test_what_a_stranger_calls_himself_is_text(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        desk = Desk(running)
        await _request(running, "<script>alert(1)</script>")
        await desk.sign_in()
        shown = (await desk.http.get("/operator/signups")).text
        assert "<script" not in shown
        assert "&lt;script&gt;" in shown

    play(check())


def test_a_lost_secret_is_replaced(running: runtime.Runtime, play: Play) -> None:
    async def check() -> None:
        desk = Desk(running)
        made = await running.tenants.create(company="Acme", email="a@b.example")
        token = (await desk.sign_in()).forms_token
        path = f"tenants/{made.tenant_id}/clients/{made.client_id}/rotate"
        answer = await desk.post(path, token)
        (claim,) = re.findall(r'class="token">(\w+)<', answer.text)
        delivery = await running.claims.redeem(running.database, running.identity, claim)
        assert delivery.client_secret != made.client_secret
        missing = await desk.post(f"tenants/{made.tenant_id}/clients/none/rotate", token)
        assert missing.status_code == 404

    play(check())
