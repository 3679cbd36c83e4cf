"""Webhooks over HTTP."""

import dataclasses
import ipaddress
from typing import Any

import pytest

from simulacra.service import tenancy
from simulacra.service.audit import trail
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from simulacra.service.webhooks import service
from simulacra.service.webhooks.targets import Targets
from tests.coroutines import RunAsync
from tests.service.endpoints import api
from tests.service.jobs import work

URL = "https://1.1.1.1/hook"
EVENTS = ["job.completed", "job.failed"]
ALL = [*EVENTS, "job.cancelled", "job.expired", "dataset.expiring"]


async def made(it: api.Client, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    answer = await it.http.post("/v1/webhooks", json={"url": URL, "events": EVENTS} | changes)
    document: dict[str, Any] = answer.raise_for_status().json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/webhooks/{document['webhook_id']}"
    return document


def test_a_webhook_is_made_read_changed_and_deleted(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            webhook = await made(acme, description="ours", events=["job.failed", *EVENTS])
            secret, path = webhook.pop("secret"), f"/v1/webhooks/{webhook['webhook_id']}"
            assert secret.startswith("whsec_")
            assert webhook["events"] == EVENTS  # each once, in the order of the contract
            assert (webhook["status"], webhook["description"]) == ("enabled", "ours")
            assert (await acme.http.get(path)).json() == webhook
            assert (await acme.http.get("/v1/webhooks")).json() == {"webhooks": [webhook]}

            wanted = {"url": f"{URL}/2", "events": ALL, "description": None}
            changed = (await acme.http.patch(path, json=wanted)).raise_for_status().json()
            assert (changed["url"], changed["events"]) == (f"{URL}/2", ALL)
            assert "description" not in changed
            assert (await acme.http.patch(path, json={})).json() == changed
            off = (await acme.http.patch(path, json={"status": "disabled"})).json()
            assert (off["status"], off["disabled_reason"]) == ("disabled", "requested")
            refused = await acme.http.post(f"{path}/test")
            assert api.is_problem(refused, 409, "simio_webhook_disabled")
            on = (await acme.http.patch(path, json={"status": "enabled"})).json()
            assert on == changed

            assert (await acme.http.delete(path)).status_code == 204
            for answer in (await acme.http.get(path), await acme.http.delete(path)):
                assert api.is_problem(answer, 404, "simio_webhook_not_found")
            async with runtime.database.transaction(tenancy.SYSTEM) as session:
                trailed = [
                    (it.action, it.actor_kind, it.tenant_id)
                    async for it in trail.entries(session)
                    if it.subject_id == webhook["webhook_id"]
                ]
                assert trailed == [
                    (f"webhook.{done}", "client", acme.tenant_id)
                    for done in ("created", "changed", "disabled", "enabled", "deleted")
                ]

    run_async(check())


def test_a_test_event_is_on_its_way_and_listed(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            webhook = await made(acme)
            path = f"/v1/webhooks/{webhook['webhook_id']}"
            sent = []
            for _ in range(3):
                answer = await acme.http.post(f"{path}/test")
                assert answer.status_code == 202
                sent.append(answer.json())
            assert (sent[0]["event"], sent[0]["status"]) == ("webhook.test", "waiting")
            page = (await acme.http.get(f"{path}/deliveries?limit=2")).json()
            assert page["deliveries"] == sent[:0:-1]
            page = (await acme.http.get(f"{path}/deliveries?after={page['next_after']}")).json()
            assert page == {"deliveries": sent[:1]}
            page = (await acme.http.get(f"{path}/deliveries?status=delivered")).json()
            assert page == {"deliveries": []}
            refused = await acme.http.get(f"{path}/deliveries?after=damaged")
            assert api.is_problem(refused, 400, "simio_invalid_field", "after")
            refused = await acme.http.get("/v1/webhooks?after=damaged")
            assert api.is_problem(refused, 400, "simio_invalid_field", "after")

    run_async(check())


def test_a_secret_is_shown_by_its_creation_and_its_rotation_alone(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            webhook = await made(acme)
            path = f"/v1/webhooks/{webhook['webhook_id']}"
            answer = await acme.http.post(f"{path}/secret-rotations", json={})
            rotated = answer.raise_for_status().json()
            assert answer.status_code == 201
            assert rotated["secret"] != webhook["secret"]
            assert "old_secret_signs_until" in rotated
            at_once = {"overlap_hours": 0}
            last = (await acme.http.post(f"{path}/secret-rotations", json=at_once)).json()
            assert "old_secret_signs_until" not in last
            secrets = [webhook["secret"], rotated["secret"], last["secret"]]
            for reading in (path, "/v1/webhooks", f"{path}/deliveries"):
                text = (await acme.http.get(reading)).text
                assert not any(secret in text for secret in secrets)
            async with runtime.database.transaction(acme.tenant_id) as session:
                rows = await session.execute(tables.WebhookSecret.__table__.select())
                stored = repr(rows.all())
            assert not any(secret.removeprefix("whsec_") in stored for secret in secrets)

    run_async(check())


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"url": "http://1.1.1.1/x"}, "/url"),
        ({"url": "https://user:word@1.1.1.1/x"}, "/url"),
        ({"url": "https://1.1.1.1:22/x"}, "/url"),
        ({"url": "https://1.1.1.1/\0"}, "/url"),
        ({"url": "x" * 3000}, "/url"),
        ({"url": None}, "/url"),
        ({"events": []}, "/events"),
        ({"events": ["job.began"]}, "/events/0"),
        ({"events": ["webhook.test"]}, "/events/0"),
        ({"events": None}, "/events"),
        ({"description": "x" * 201}, "/description"),
        ({"secret": "whsec_mine"}, "/secret"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(
    runtime: Runtime, run_async: RunAsync, changes: dict[str, Any], where: str
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            wanted = {"url": URL, "events": EVENTS} | changes
            answer = await acme.http.post("/v1/webhooks", json=wanted)
            assert api.is_problem(answer, 400, "simio_invalid_field", where)

    run_async(check())


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x", "https://10.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/",
        "https://[::ffff:10.0.0.1]/x", "https://[64:ff9b::7f00:1]/x", "https://localhost/x",
        "https://2130706433/x", "https://100.100.100.200/latest", "https://no-such-name.invalid/x",
    ],
)  # fmt: skip
def test_an_address_inside_a_network_is_refused_by_its_code(
    runtime: Runtime, run_async: RunAsync, url: str
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            answer = await acme.http.post("/v1/webhooks", json={"url": url, "events": EVENTS})
            assert api.is_problem(answer, 400, "simio_webhook_address_refused", "/url")
            webhook = await made(acme)
            path = f"/v1/webhooks/{webhook['webhook_id']}"
            answer = await acme.http.patch(path, json={"url": url})
            assert api.is_problem(answer, 400, "simio_webhook_address_refused", "/url")

    run_async(check())


@pytest.mark.parametrize("name", ["url", "events", "status"])
def test_what_a_webhook_cannot_be_without_is_not_taken_away(
    runtime: Runtime, run_async: RunAsync, name: str
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme:
            path = f"/v1/webhooks/{(await made(acme))['webhook_id']}"
            answer = await acme.http.patch(path, json={name: None})
            assert api.is_problem(answer, 400, "simio_invalid_field", f"/{name}")

    run_async(check())


def test_an_address_has_one_webhook_and_a_tenant_a_few(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme, api.client(runtime) as other:
            first = await made(acme)
            await made(other)  # another tenant may name the same
            wanted = {"url": URL, "events": EVENTS}
            repeated = await acme.http.post("/v1/webhooks", json=wanted)
            assert api.is_problem(repeated, 409, "simio_webhook_exists")
            assert first["webhook_id"] in repeated.json()["detail"]
            for number in range(1, service.MAX_WEBHOOKS):
                second = await made(acme, url=f"{URL}/{number}")
            path = f"/v1/webhooks/{second['webhook_id']}"
            taken = await acme.http.patch(path, json={"url": URL})
            assert api.is_problem(taken, 409, "simio_webhook_exists")
            more = {"url": f"{URL}/more", "events": EVENTS}
            beyond = await acme.http.post("/v1/webhooks", json=more)
            assert api.is_problem(beyond, 409, "simio_webhook_limit_exceeded")

    run_async(check())


def test_a_tenant_sees_and_changes_its_own_webhooks_alone(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme, api.client(runtime) as other:
            webhook = await made(acme)
            path = f"/v1/webhooks/{webhook['webhook_id']}"
            assert (await other.http.get("/v1/webhooks")).json() == {"webhooks": []}
            for method, end, body in (
                ("GET", "", None),
                ("PATCH", "", {"status": "disabled"}),
                ("DELETE", "", None),
                ("POST", "/secret-rotations", {}),
                ("POST", "/test", None),
                ("GET", "/deliveries", None),
            ):
                answer = await other.http.request(method, path + end, json=body)
                assert api.is_problem(answer, 404, "simio_webhook_not_found"), (method, end)
                missing = answer.request.url.path.replace(webhook["webhook_id"], "wh_none")
                same = await other.http.request(method, missing, json=body)
                differing = {"instance", "request_id", "detail"}
                seen, expected = answer.json(), same.json()
                for name in differing:
                    del seen[name], expected[name]
                assert seen == expected
            own = (await acme.http.get(path)).json()
            assert own["status"] == "enabled"
            refused = await acme.http.get(f"/v1/webhooks?after={(await made(other))['webhook_id']}")
            assert api.is_problem(refused, 400, "simio_invalid_field", "after")

    run_async(check())


@pytest.mark.parametrize("kind", ["datasets", "generations"])
def test_the_scopes_are_those_of_jobs(runtime: Runtime, run_async: RunAsync, kind: str) -> None:
    async def check() -> None:
        async with api.client(runtime, [f"write:{kind}"]) as writer:
            path = f"/v1/webhooks/{(await made(writer))['webhook_id']}"
            assert (await writer.http.get(path)).status_code == 403
            assert (await writer.http.delete(path)).status_code == 204
        async with api.client(runtime, [f"read:{kind}"]) as reader:
            assert (await reader.http.get("/v1/webhooks")).json() == {"webhooks": []}
            answer = await reader.http.post("/v1/webhooks", json={"url": URL, "events": EVENTS})
            assert api.is_problem(answer, 403, "simio_forbidden")
        async with api.anonymous(runtime) as stranger:
            assert (await stranger.get("/v1/webhooks")).status_code == 401

    run_async(check())


def test_row_level_security_holds_for_webhooks(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        async with api.client(runtime) as acme, api.client(runtime) as other:
            webhook = await made(acme)
            await acme.http.post(f"/v1/webhooks/{webhook['webhook_id']}/test")
            for table in (tables.Webhook, tables.WebhookSecret, tables.WebhookDelivery):
                for tenant_id, number in ((acme.tenant_id, 1), (other.tenant_id, 0)):
                    async with runtime.database.transaction(tenant_id) as session:
                        rows = await session.execute(table.__table__.select())
                        assert len(rows.all()) == number

    run_async(check())


def test_the_operator_may_let_webhooks_into_a_network(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        allowed = Targets([ipaddress.ip_network("127.0.0.0/8")])
        async with api.client(dataclasses.replace(runtime, webhook_targets=allowed)) as acme:
            assert (await made(acme, url="http://127.0.0.1:8080/x"))["status"] == "enabled"
            wanted = {"url": "https://10.0.0.1/x", "events": EVENTS}
            answer = await acme.http.post("/v1/webhooks", json=wanted)
            assert api.is_problem(answer, 400, "simio_webhook_address_refused", "/url")

    run_async(check())


def test_a_webhook_of_a_client_that_was_revoked_can_be_enabled_by_another(
    runtime: Runtime, run_async: RunAsync
) -> None:
    """It acts for that client from then on."""

    async def check() -> None:
        async with api.client(runtime) as acme:
            webhook = await made(acme)
            other = await work.tenant(runtime)
            path = f"/v1/webhooks/{webhook['webhook_id']}"
            async with runtime.database.transaction(tenancy.SYSTEM) as session:
                (await session.get_one(tables.Client, other.client_id)).tenant_id = acme.tenant_id
                row = await session.get_one(tables.Webhook, webhook["webhook_id"])
                row.client_id, row.disabled_reason = other.client_id, "client_revoked"
                row.disabled_at = row.created_at
            assert (await acme.http.get(path)).json()["disabled_reason"] == "client_revoked"
            on = await acme.http.patch(path, json={"status": "enabled"})
            assert on.json()["status"] == "enabled"
            async with runtime.database.transaction(acme.tenant_id) as session:
                row = await session.get_one(tables.Webhook, webhook["webhook_id"])
                assert row.client_id == acme.client_id

    run_async(check())
