"""Clients through the Management API of the stand-in, when all goes well and when it does not."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from simulacra.service import errors
from simulacra.service.identity import management, principal
from tests.service.identity.auth0_tenant import MANAGEMENT_SCOPES, Auth0Tenant

CLIENTS, GRANTS, TOKEN = "/api/v2/clients", "/api/v2/client-grants", "/oauth/token"
ROTATE = "/api/v2/clients/.+/rotate-secret"
RunAsync = Callable[[management.Management], Awaitable[Any]]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon where Auth0 does not say when: nobody else asks the stand-in."""
    monkeypatch.setattr(management, "FIRST_PAUSE_SECONDS", 0.02)


def _play(auth0: Auth0Tenant, run_async: RunAsync, **changes: str) -> Any:  # noqa: ANN401
    account = {
        "domain": auth0.domain,
        "client_id": auth0.management_id,
        "client_secret": auth0.management_secret,
        "audience": auth0.audience,
    }

    async def run() -> object:
        async with httpx.AsyncClient(timeout=2) as http:
            return await run_async(
                management.Management(management.Account(**account | changes), http)
            )

    return asyncio.run(run())


def _create(made: management.Management) -> Awaitable[tuple[str, str]]:
    return made.create_client("Acme", "ten_1")


def _mint(auth0: Auth0Tenant, client_id: str, secret: str) -> httpx.Response:
    fields = {"client_id": client_id, "client_secret": secret, "audience": auth0.audience}
    return httpx.post(
        f"https://{auth0.domain}/oauth/token", json=fields | {"grant_type": "client_credentials"}
    )


async def _reached(auth0: Auth0Tenant, method: str, path: str) -> None:
    while not auth0.count(method, path):  # noqa: ASYNC110 - the server is another thread
        await asyncio.sleep(0.01)


def test_a_client_is_made_and_granted_and_can_mint(auth0: Auth0Tenant) -> None:
    client_id, secret = _play(auth0, _create)
    minted = _mint(auth0, client_id, secret)
    assert minted.status_code == 200
    assert minted.json()["scope"].split() == list(principal.SCOPES)
    made = auth0.clients[client_id]
    assert made["app_type"] == "non_interactive"
    assert made["grant_types"] == ["client_credentials"]
    assert made["client_metadata"]["simulacra_tenant"] == "ten_1"


@pytest.mark.parametrize("name", ["", "  ", "<script>", "Ä" * 500, "Smith & Sons <Ltd>"])
def test_any_company_has_a_name_that_auth0_takes(auth0: Auth0Tenant, name: str) -> None:
    client_id, _ = _play(auth0, lambda made: made.create_client(name, "ten_1"))
    assert 0 < len(auth0.clients[client_id]["name"]) <= 100


def test_a_rotation_ends_the_old_secret_at_once(auth0: Auth0Tenant) -> None:
    async def run_async(made: management.Management) -> tuple[str, str, str]:
        client_id, old = await _create(made)
        return client_id, old, await made.rotate_secret(client_id)

    client_id, old, new = _play(auth0, run_async)
    assert _mint(auth0, client_id, old).status_code == 401
    assert _mint(auth0, client_id, new).status_code == 200


def test_a_deleted_client_mints_no_more_and_may_be_deleted_again(auth0: Auth0Tenant) -> None:
    async def run_async(made: management.Management) -> tuple[str, str]:
        client_id, secret = await _create(made)
        await made.delete_client(client_id)
        await made.delete_client(client_id)
        return client_id, secret

    assert _mint(auth0, *_play(auth0, run_async)).status_code == 401


def test_the_management_token_is_fetched_once_and_renewed_when_refused(
    auth0: Auth0Tenant,
) -> None:
    async def run_async(made: management.Management) -> None:
        await _create(made)
        await _create(made)
        assert auth0.count("POST", TOKEN) == 1
        auth0.rotate_keys()
        auth0.revoke_previous_key()  # and with it the token
        await _create(made)
        assert auth0.count("POST", TOKEN) == 2

    _play(auth0, run_async)
    assert len(auth0.clients) == 3


def test_an_expired_management_token_is_not_used_again(auth0: Auth0Tenant) -> None:
    auth0.management_token_seconds = 10  # the client's own leeway: never taken from the cache

    async def run_async(made: management.Management) -> None:
        await _create(made)
        await made.delete_client("nobody")

    _play(auth0, run_async)
    assert auth0.count("POST", TOKEN) >= 3


def test_a_limit_is_waited_for_as_the_headers_say(auth0: Auth0Tenant) -> None:
    auth0.throttle("POST", CLIENTS, 2)
    begun = time.time()
    reset = int(begun + 2)
    _play(auth0, _create)
    assert time.time() >= reset
    assert len(auth0.clients) == 1


@pytest.mark.parametrize("path", [CLIENTS, TOKEN])
def test_a_limit_that_lasts_is_passed_on(auth0: Auth0Tenant, path: str) -> None:
    auth0.throttle("POST", path, 3600)
    with pytest.raises(errors.ProviderUnavailableError, match="429") as refused:
        _play(auth0, _create)
    assert 3500 < refused.value.retry_after <= 3601
    assert not auth0.clients


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_fault_at_auth0_during_a_rotation_is_outlasted(auth0: Auth0Tenant, status: int) -> None:
    async def run_async(made: management.Management) -> tuple[str, str]:
        client_id, _ = await _create(made)
        auth0.fail("POST", ROTATE, status=status, times=2)
        return client_id, await made.rotate_secret(client_id)

    assert _mint(auth0, *_play(auth0, run_async)).status_code == 200
    assert auth0.count("POST", ROTATE) == 3


def test_a_rotation_whose_answer_was_lost_is_done_once_more(auth0: Auth0Tenant) -> None:
    async def run_async(made: management.Management) -> tuple[str, str]:
        client_id, _ = await _create(made)
        auth0.fail("POST", ROTATE, done=True)
        return client_id, await made.rotate_secret(client_id)

    assert _mint(auth0, *_play(auth0, run_async)).status_code == 200


@pytest.mark.parametrize("how", [{"status": 503}, {"status": 0}, {"hang": True}], ids=str)
@pytest.mark.parametrize("done", [True, False])
def test_a_creation_that_may_have_happened_is_not_repeated_and_leaves_nothing(
    auth0: Auth0Tenant, how: dict[str, Any], *, done: bool
) -> None:
    auth0.create_client({"name": "somebody else's", "app_type": "non_interactive"})
    auth0.fail("POST", CLIENTS, done=done, **how)
    with pytest.raises(errors.ProviderUnavailableError):
        _play(auth0, _create)
    assert auth0.count("POST", CLIENTS) == 1
    assert [one["name"] for one in auth0.clients.values()] == ["somebody else's"]


def test_what_is_left_over_is_found_beyond_the_first_page(auth0: Auth0Tenant) -> None:
    for number in range(120):
        auth0.create_client({"name": f"other {number}", "app_type": "non_interactive"})
    auth0.fail("POST", CLIENTS, done=True, status=500)
    with pytest.raises(errors.ProviderUnavailableError):
        _play(auth0, _create)
    assert len(auth0.clients) == 120
    assert auth0.count("GET", CLIENTS) >= 2


def test_what_cannot_be_removed_is_named_in_the_log(
    auth0: Auth0Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    auth0.management_scopes = ("create:clients",)
    auth0.fail("POST", CLIENTS, done=True, status=500)
    with pytest.raises(errors.ProviderUnavailableError):
        _play(auth0, _create)
    (left,) = auth0.clients.values()
    assert left["client_metadata"]["simulacra_mark"] in caplog.text


def test_a_client_without_a_grant_is_deleted(auth0: Auth0Tenant) -> None:
    auth0.api_scopes = ("read:datasets",)
    with pytest.raises(
        errors.ProviderRefusedError, match="grant a client our API: 400 invalid_body"
    ):
        _play(auth0, _create)
    assert auth0.count("POST", CLIENTS) == 1
    assert not auth0.clients


def test_a_grant_whose_answer_was_lost_is_resumed(auth0: Auth0Tenant) -> None:
    auth0.fail("POST", GRANTS, done=True, status=502)
    assert _mint(auth0, *_play(auth0, _create)).status_code == 200
    assert auth0.count("POST", GRANTS) == 2  # the second is answered 409


def test_a_caller_who_goes_away_leaves_no_half_client(auth0: Auth0Tenant) -> None:
    auth0.fail("POST", GRANTS, hang=True)

    async def run_async(made: management.Management) -> None:
        task = asyncio.create_task(made.create_client("Acme", "ten_1"))
        await _reached(auth0, "POST", GRANTS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    _play(auth0, run_async)
    assert not auth0.clients


def test_wrong_management_credentials_are_said_to_be_wrong(auth0: Auth0Tenant) -> None:
    with pytest.raises(errors.ProviderRefusedError, match="token endpoint answers 401"):
        _play(auth0, _create, client_secret="hunter2")
    assert auth0.count("POST", TOKEN) == 1


def test_a_management_application_without_its_api_is_said_to_be(auth0: Auth0Tenant) -> None:
    auth0.management_granted = False
    with pytest.raises(errors.ProviderRefusedError, match="token endpoint answers 403"):
        _play(auth0, _create)


@pytest.mark.parametrize("missing", MANAGEMENT_SCOPES)
def test_a_missing_scope_is_named_by_its_code(auth0: Auth0Tenant, missing: str) -> None:
    async def all_of_it(made: management.Management) -> None:
        client_id, _ = await _create(made)
        await made.rotate_secret(client_id)
        await made.delete_client(client_id)

    auth0.management_scopes = tuple(set(MANAGEMENT_SCOPES) - {missing})
    if missing == "read:clients":  # asked for after a lost answer only
        _play(auth0, all_of_it)
        return
    with pytest.raises(errors.ProviderRefusedError, match="403 insufficient_scope"):
        _play(auth0, all_of_it)


def test_a_rotation_of_nobody_is_refused(auth0: Auth0Tenant) -> None:
    with pytest.raises(errors.ProviderRefusedError, match="404 inexistent_client"):
        _play(auth0, lambda made: made.rotate_secret("nobody"))


def test_an_auth0_that_is_not_there_is_unavailable(
    auth0: Auth0Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(management, "PATIENCE_SECONDS", 1)
    with pytest.raises(errors.ProviderUnavailableError, match="ConnectError"):
        _play(auth0, _create, domain="localhost:1")


def test_the_event_loop_runs_on_while_auth0_is_slow(auth0: Auth0Tenant) -> None:
    auth0.fail("POST", TOKEN, hang=True)

    async def run_async(made: management.Management) -> int:
        task = asyncio.create_task(made.create_client("Acme", "ten_1"))
        await _reached(auth0, "POST", TOKEN)
        turns = 0
        while not task.done() and turns < 100:
            await asyncio.sleep(0)
            turns += 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return turns

    assert _play(auth0, run_async) == 100


def test_no_secret_is_in_what_is_logged_or_raised(
    auth0: Auth0Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []

    async def run_async(made: management.Management) -> list[str]:
        client_id, secret = await _create(made)
        auth0.fail("POST", ROTATE, done=True, status=200, body=["no", "client"])
        new = await made.rotate_secret(client_id)
        auth0.fail("POST", ROTATE, status=400, body={"message": f"{secret}", "errorCode": "x"})
        with pytest.raises(errors.ProviderRefusedError) as refused:
            await made.rotate_secret(client_id)
        told.append(repr(refused.value) + repr(refused.value.__cause__) + repr(made))
        return [secret, new]

    found = _play(auth0, run_async)
    with pytest.raises(errors.ProviderRefusedError) as refused:
        _play(auth0, _create, client_secret="hunter2")
    told.append(repr(refused.value))
    everything = caplog.text + "".join(told)
    for secret in [*found, auth0.management_secret, "hunter2"]:
        assert secret not in everything
