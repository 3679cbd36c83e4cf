"""Keys of an issuer elsewhere: kept, renewed, rolled over, and lived without."""

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable

import httpx
import pytest
from joserfc.jwk import RSAKey

from simulacra.service import errors
from simulacra.service.identity import jwks, principal, verification
from tests.service.identity.auth0_tenant import Auth0Tenant

PATH = "/.well-known/jwks.json"


@dataclasses.dataclass
class Clock:
    """Time that passes when told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


RunAsync = Callable[[verification.Verifier, Clock], Awaitable[None]]


def _play(auth0: Auth0Tenant, run_async: RunAsync) -> None:
    async def run() -> None:
        clock = Clock()
        async with httpx.AsyncClient(timeout=2) as http:
            keys = jwks.RemoteKeys(f"https://{auth0.domain}{PATH}", http, clock)
            issuer = f"https://{auth0.domain}/"
            await run_async(verification.Verifier(keys, issuer, (auth0.audience,)), clock)
            await keys.close()

    asyncio.run(run())


async def _settle() -> None:
    """Let a fetch behind the requests' backs end."""
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


def _token(auth0: Auth0Tenant) -> str:
    return auth0.sign(auth0.claims("c", auth0.audience, principal.SCOPES, 60))


def _made_up(auth0: Auth0Tenant, kid: str) -> str:
    """A token under a key that is not the tenant's."""
    kept, auth0.keys[0] = auth0.keys[0], RSAKey.generate_key(2048, {"kid": kid}, private=True)
    token = _token(auth0)
    auth0.keys[0] = kept
    return token


def test_many_tokens_cost_one_fetch(auth0: Auth0Tenant) -> None:
    async def run_async(verifier: verification.Verifier, _: Clock) -> None:
        token = _token(auth0)
        claims = await asyncio.gather(*(verifier.claims(token) for _ in range(50)))
        assert {one["azp"] for one in claims} == {"c"}

    _play(auth0, run_async)
    assert auth0.count("GET", PATH) == 1


def test_a_rollover_is_noticed_at_the_first_new_token(auth0: Auth0Tenant) -> None:
    async def run_async(verifier: verification.Verifier, clock: Clock) -> None:
        old = _token(auth0)
        await verifier.claims(old)
        auth0.rotate_keys()
        await verifier.claims(_token(auth0))  # the next key was in the JWKS already
        assert auth0.count("GET", PATH) == 1
        auth0.rotate_keys()
        clock.now += jwks.PAUSE_SECONDS + 1
        await verifier.claims(_token(auth0))
        assert auth0.count("GET", PATH) == 2

    _play(auth0, run_async)


def test_a_token_of_the_previous_key_is_good_until_the_key_is_revoked(
    auth0: Auth0Tenant,
) -> None:
    async def run_async(verifier: verification.Verifier, clock: Clock) -> None:
        old = _token(auth0)
        await verifier.claims(old)
        auth0.rotate_keys()
        clock.now += jwks.FRESH_SECONDS + 1
        await verifier.claims(old)
        await _settle()
        await verifier.claims(old)
        auth0.revoke_previous_key()
        clock.now += jwks.FRESH_SECONDS + 1
        await verifier.claims(old)  # answered from the cache, while the keys are renewed
        await _settle()
        with pytest.raises(verification.InvalidTokenError):
            await verifier.claims(old)

    _play(auth0, run_async)


def test_made_up_key_ids_do_not_send_us_after_the_issuer(auth0: Auth0Tenant) -> None:
    made_up = [_made_up(auth0, f"kid{number}") for number in range(3)]

    async def run_async(verifier: verification.Verifier, clock: Clock) -> None:
        for token in made_up * 5:
            with pytest.raises(verification.InvalidTokenError):
                await verifier.claims(token)
        assert auth0.count("GET", PATH) == 1
        clock.now += jwks.PAUSE_SECONDS + 1
        for token in made_up * 5:
            with pytest.raises(verification.InvalidTokenError):
                await verifier.claims(token)
        assert auth0.count("GET", PATH) == 2

    _play(auth0, run_async)


@pytest.mark.parametrize("how", [{"status": 500}, {"status": 0}, {"status": 429}], ids=str)
def test_an_outage_leaves_known_keys_in_use_and_does_not_judge_the_others(
    auth0: Auth0Tenant, how: dict[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    async def run_async(verifier: verification.Verifier, clock: Clock) -> None:
        token, strange = _token(auth0), _made_up(auth0, "strange")
        await verifier.claims(token)
        auth0.fail("GET", PATH, times=100, **how)
        clock.now += jwks.FRESH_SECONDS + 1
        await verifier.claims(token)
        await _settle()
        with pytest.raises(errors.ProviderUnavailableError):
            await verifier.claims(strange)
        await verifier.claims(token)
        clock.now += jwks.STALE_SECONDS
        with pytest.raises(errors.ProviderUnavailableError) as refused:
            await verifier.claims(token)
        assert refused.value.retry_after == jwks.PAUSE_SECONDS
        auth0.faults.clear()
        clock.now += jwks.PAUSE_SECONDS + 1
        await verifier.claims(token)
        with pytest.raises(verification.InvalidTokenError):
            await verifier.claims(strange)

    caplog.set_level(logging.WARNING)
    _play(auth0, run_async)
    assert "fetching JWKS failed" in caplog.text


@pytest.mark.parametrize(
    "body",
    [[], {}, {"keys": []}, {"keys": 7}, {"keys": [7]}, {"keys": [{"kty": "RSA", "kid": "x"}]}],
    ids=str,
)
def test_what_is_no_jwks_does_not_replace_the_keys(
    auth0: Auth0Tenant, body: object, caplog: pytest.LogCaptureFixture
) -> None:
    async def run_async(verifier: verification.Verifier, clock: Clock) -> None:
        token = _token(auth0)
        await verifier.claims(token)
        auth0.fail("GET", PATH, status=200, body=body)
        clock.now += jwks.FRESH_SECONDS + 1
        await verifier.claims(token)
        await _settle()
        await verifier.claims(token)

    _play(auth0, run_async)
    assert auth0.count("GET", PATH) == 2
    assert "fetching JWKS failed" in caplog.text


def test_a_caller_who_goes_away_does_not_end_the_fetch_of_the_others(
    auth0: Auth0Tenant,
) -> None:
    async def run_async(verifier: verification.Verifier, _: Clock) -> None:
        tasks = [asyncio.create_task(verifier.claims(_token(auth0))) for _ in range(2)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        assert (await tasks[1])["azp"] == "c"

    _play(auth0, run_async)


def test_a_slow_issuer_keeps_a_request_waiting_for_a_bounded_time(
    auth0: Auth0Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.2)
    auth0.fail("GET", PATH, hang=True)

    async def run_async(verifier: verification.Verifier, _: Clock) -> None:
        with pytest.raises(errors.ProviderUnavailableError):
            await verifier.claims(_token(auth0))

    _play(auth0, run_async)


@pytest.mark.parametrize(
    "changes",
    [{"iss": "https://evil.example/"}, {"aud": "https://evil.example"}, {"exp": 1}, {"azp": None}],
    ids=str,
)
def test_claims_are_checked_as_our_own_are(auth0: Auth0Tenant, changes: dict[str, object]) -> None:
    claims = auth0.claims("c", auth0.audience, principal.SCOPES, 60) | changes
    wrong = auth0.sign({name: value for name, value in claims.items() if value is not None})

    async def run_async(verifier: verification.Verifier, _: Clock) -> None:
        with pytest.raises(verification.InvalidTokenError):
            await verifier.claims(wrong)

    _play(auth0, run_async)
