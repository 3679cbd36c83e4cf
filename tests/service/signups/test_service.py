"""Requests for access on a real PostgreSQL."""

import asyncio

import pytest
from sqlalchemy import func, select

from simulacra.service import errors, tenancy
from simulacra.service.audit import entry
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.runtime import Runtime
from simulacra.service.signups import schemas, service
from simulacra.service.signups.service import SignupStatus
from simulacra.service.tenants import administration
from tests.coroutines import RunAsync

ACTOR = entry.operator("anna")


async def requested(runtime: Runtime, email: str = "data@acme.example") -> str:
    row, is_new = await service.request(runtime.database, "Acme Research", email)
    assert is_new
    return row.id


async def tenants_of(runtime: Runtime) -> int:
    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        return await session.scalar(select(func.count()).select_from(tables.Tenant)) or 0


def test_an_address_has_one_request(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        request_id = await requested(runtime)
        row, is_new = await service.request(runtime.database, "Acme", "Data@ACME.example")
        assert (row.id, row.company_name, is_new) == (request_id, "Acme Research", False)
        assert row.repeats == 1
        await requested(runtime, "other@acme.example")

    run_async(check())


def test_an_address_may_ask_again_and_again_over_one_connection(
    runtime: Runtime, run_async: RunAsync
) -> None:
    """PostgreSQL plans a statement without its parameters once it has run often enough."""

    async def check() -> None:
        request_id = await requested(runtime)
        for repeats in range(1, 25):
            row, is_new = await service.request(runtime.database, "Acme", "data@acme.example")
            assert (row.id, row.repeats, is_new) == (request_id, repeats, False)

    run_async(check())


def test_many_requests_of_one_address_at_once_are_one(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        made = await asyncio.gather(
            *(service.request(runtime.database, "Acme", "data@acme.example") for _ in range(20))
        )
        assert len({row.id for row, _ in made}) == 1
        assert sum(is_new for _, is_new in made) == 1

    run_async(check())


def test_approval_makes_a_tenant_whose_secret_is_claimed(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        request_id = await requested(runtime)
        pending = await service.read(runtime.database, runtime.claims, request_id)
        assert (pending.row.status, pending.claim_token) == (SignupStatus.PENDING, None)
        await service.approve(runtime.tenants, runtime.claims, request_id, ACTOR)
        approved = await service.read(runtime.database, runtime.claims, request_id)
        assert approved.row.status == SignupStatus.APPROVED
        delivery = await runtime.claims.redeem(
            runtime.database, runtime.identity, approved.claim_token or ""
        )
        assert delivery.client_id == approved.row.client_id
        assert (
            await service.read(runtime.database, runtime.claims, request_id)
        ).claim_token is None
        row, is_new = await service.request(runtime.database, "Acme", "data@acme.example")
        assert (row.id, is_new) == (request_id, False)

    run_async(check())


def test_a_token_that_is_handed_over_is_not_shown(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        request_id = await requested(runtime)
        _, token = await service.approve(
            runtime.tenants, runtime.claims, request_id, ACTOR, hand_over=True
        )
        approved = await service.read(runtime.database, runtime.claims, request_id)
        assert (approved.row.status, approved.claim_token) == (SignupStatus.APPROVED, None)
        assert (
            await runtime.claims.redeem(runtime.database, runtime.identity, token or "")
        ).client_id == approved.row.client_id

    run_async(check())


def test_after_a_refusal_the_address_may_ask_anew(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        request_id = await requested(runtime)
        await service.decline(runtime.database, request_id, ACTOR)
        assert (
            await service.read(runtime.database, runtime.claims, request_id)
        ).row.status == SignupStatus.DECLINED
        assert await requested(runtime) != request_id
        assert await tenants_of(runtime) == 0

    run_async(check())


def test_a_decision_is_taken_once(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        request_id = await requested(runtime)
        calls = [
            service.approve(runtime.tenants, runtime.claims, request_id, ACTOR) for _ in range(5)
        ]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(one, errors.DecisionError) for one in answers) == 4
        assert await tenants_of(runtime) == 1
        with pytest.raises(errors.DecisionError, match="was approved before"):
            await service.decline(runtime.database, request_id, ACTOR)
        with pytest.raises(errors.DecisionError, match="no request"):
            await service.decline(runtime.database, "req_x", ACTOR)

    run_async(check())


def test_without_the_identity_provider_nothing_is_approved(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(*_: object) -> None:
        raise errors.ProviderUnavailableError("it does not answer", retry_after=3)

    async def check() -> None:
        request_id = await requested(runtime)
        monkeypatch.setattr(runtime.identity, "create_client", unavailable)
        with pytest.raises(errors.ProviderUnavailableError):
            await service.approve(runtime.tenants, runtime.claims, request_id, ACTOR)
        assert (
            await service.read(runtime.database, runtime.claims, request_id)
        ).row.status == SignupStatus.PENDING
        assert await tenants_of(runtime) == 0

    run_async(check())


def test_requests_and_decisions_are_on_record(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        approved, declined = await requested(runtime), await requested(runtime, "b@acme.example")
        await service.approve(runtime.tenants, runtime.claims, approved, ACTOR)
        await service.decline(runtime.database, declined, ACTOR)
        entries = tables.AuditEntry
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            found = await session.execute(
                select(entries.action, entries.subject_id, entries.actor_id).order_by(
                    entries.number
                )
            )
            trail = [tuple(row) for row in found if row.action.startswith("signup.")]
        assert trail == [
            (Action.SIGNUP_REQUESTED, approved, None),
            (Action.SIGNUP_REQUESTED, declined, None),
            (Action.SIGNUP_APPROVED, approved, "anna"),
            (Action.SIGNUP_DECLINED, declined, "anna"),
        ]

    run_async(check())


def test_the_claim_of_a_revoked_client_is_void(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        request_id = await requested(runtime)
        await service.approve(runtime.tenants, runtime.claims, request_id, ACTOR)
        seen = await service.read(runtime.database, runtime.claims, request_id)
        database, identity = runtime.database, runtime.identity
        await administration.revoke_client(database, identity, seen.row.client_id or "", ACTOR)
        assert (
            await service.read(runtime.database, runtime.claims, request_id)
        ).claim_token is None
        with pytest.raises(errors.ServiceError, match="expired"):
            await runtime.claims.redeem(runtime.database, runtime.identity, seen.claim_token or "")

    run_async(check())


def test_two_ways_to_write_a_letter_are_one_address(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        request_id = await requested(
            runtime, "j\N{LATIN SMALL LETTER U WITH DIAERESIS}rg@b.example"
        )
        row, is_new = await service.request(
            runtime.database, "Acme", "ju\N{COMBINING DIAERESIS}rg@b.example"
        )
        assert (row.id, is_new) == (request_id, False)

    run_async(check())


@pytest.mark.parametrize(
    "email", ["a@\x1b[2J.example", "a@\x9b2J.example", "a\u202e@b.example", "a\u200b@b.example"]
)
def test_an_address_holds_nothing_invisible(email: str) -> None:
    with pytest.raises(ValueError, match=r"e-mail address|control character"):
        schemas.SignupRequest(company_name="Acme", contact_email=email)
