import asyncio
import dataclasses
import inspect
import types
from collections.abc import Iterator
from typing import Annotated, cast
from unittest import mock

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security.http import HTTPAuthorizationCredentials

from simulacra.service import errors, main
from simulacra.service.audit.entry import Reason
from simulacra.service.datasets.validations import VALIDATION
from simulacra.service.generations.schemas import ANSWERS
from simulacra.service.http import guards, problems, translation
from simulacra.service.identity.principal import Principal
from simulacra.service.runtime import Runtime
from simulacra.service.throttling import Limit, RouteClass
from tests.coroutines import RunAsync

TOKEN = HTTPAuthorizationCredentials(scheme="Bearer", credentials="a.b.c")
OPEN_PATHS = {
    "/",
    "/__docs__",
    "/__docs__/",
    "/__docs__/static/{name}",
    "/__docs__/{slug}",
    "/llms.txt",
    "/llms-full.txt",
    "/favicon.ico",
    "/.well-known/security.txt",
    "/v1/whats-new",
    "/oauth/token",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/v1/signup",
    "/v1/signup/{request_id}",
    "/v1/credential-claims",
    "/healthz",
    "/readyz",
    "/errors",
    "/errors/{code}",
    "/openapi.json",
    "/arazzo.json",
}


async def endpoint() -> None: ...


def test_a_route_without_a_guard_stops_the_start_up() -> None:
    app, router = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), APIRouter()
    router.get("/fine", dependencies=[guards.Open])(endpoint)
    app.include_router(router)
    guards.check(app)
    router.get("/bare")(endpoint)
    with pytest.raises(guards.UnguardedRouteError, match="/bare"):
        guards.check(app)


def test_a_framework_route_without_a_guard_stops_the_start_up() -> None:
    with pytest.raises(guards.UnguardedRouteError, match=r"/docs"):
        guards.check(FastAPI())


def test_a_guard_further_down_does_not_count() -> None:
    """A dependency of a dependency is easily lost in a change; the route itself must say it."""

    def nested(caller: Annotated[Principal, Depends(guards.Tenant("read:datasets"))]) -> Principal:
        return caller

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.get("/nested", dependencies=[Depends(nested)])(endpoint)
    with pytest.raises(guards.UnguardedRouteError, match="/nested"):
        guards.check(app)


@pytest.mark.parametrize("scopes", [["write:everything"], ["read:datasets", "nothing"], []])
def test_a_guard_must_name_known_scopes(scopes: list[str]) -> None:
    with pytest.raises(ValueError, match="name scopes of"):
        guards.Tenant(*scopes)


def test_a_caller_who_is_known_still_needs_the_scope() -> None:
    caller = Principal("tenant", "client", frozenset({"read:datasets"}))
    request = Request({"type": "http", "headers": [], "state": {"caller": caller}})
    refusals = mock.AsyncMock()  # nobody has to be looked up
    runtime = cast("Runtime", types.SimpleNamespace(refusals=refusals))

    async def ask(*scopes: str) -> Principal:
        return await guards.Tenant(*scopes)(request, runtime, None)

    assert asyncio.run(ask("read:generations", "read:datasets")) is caller
    with pytest.raises(errors.InsufficientScopeError) as caught:
        asyncio.run(ask("read:generations"))
    refused = translation.problem_of(caught.value)
    assert refused.entry.code == "simio_forbidden"
    assert refused.headers == {
        "WWW-Authenticate": 'Bearer realm="simulacra", error="insufficient_scope", '
        'scope="read:generations"'
    }
    refusals.record.assert_awaited_once_with(Reason.INSUFFICIENT_SCOPE, "client", "tenant")


def _called(dependant: Dependant) -> Iterator[object]:
    """Yield what FastAPI calls for a route: the endpoint, and what it depends on."""
    yield dependant.call
    for nested in dependant.dependencies:
        yield from _called(nested)


def test_no_request_waits_for_a_thread_that_calls_a_plain_function(runtime: Runtime) -> None:
    """A change of threads takes longer than what most of them do."""
    routes = [route for route in guards.routes(main.build(runtime)) if isinstance(route, APIRoute)]
    called = [call for route in routes for call in _called(route.dependant)]
    assert len(called) > len(routes)
    assert [
        call
        for call in called
        if not inspect.iscoroutinefunction(call)
        and not inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004 - how
    ] == []


def test_exactly_these_routes_are_open() -> None:
    routes = [route for router in main.ROUTERS for route in guards._flat(router.routes)]
    is_open = {
        route.path
        for route in routes
        if isinstance(route, APIRoute) and isinstance(guards.guard_of(route), guards.Public)
    }
    assert is_open == OPEN_PATHS


def test_routes_that_change_something_need_a_write_scope() -> None:
    for router in main.ROUTERS:
        for route in guards._flat(router.routes):
            assert isinstance(route, APIRoute)
            guard = guards.guard_of(route)
            if isinstance(guard, guards.Tenant):
                changes = bool((route.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"})
                kinds = {scope.partition(":")[0] for scope in guard.scopes}
                assert ("write" in kinds) == changes, route.path
                assert len(kinds) == 1 or guard.needs_all, route.path


def test_every_route_with_a_token_is_counted_as_what_it_does() -> None:
    routes = [route for router in main.ROUTERS for route in guards._flat(router.routes)]
    counted = 0
    for route in routes:
        assert isinstance(route, APIRoute)
        guard, methods = guards.guard_of(route), route.methods or set()
        if not isinstance(guard, guards.Tenant):
            continue
        counted += 1
        if (route.path, methods) == ("/v1/datasets", {"POST"}):
            assert guard.counts_as == RouteClass.UPLOADS
        elif route.operation_id in ANSWERS.keys() - {VALIDATION.operation}:
            # They begin work, but make nothing; a validation takes as long as trainings.
            assert guard.counts_as == RouteClass.READS
        else:
            is_read = methods <= {"GET", "HEAD"}
            assert guard.counts_as == (RouteClass.READS if is_read else RouteClass.WRITES)
    assert counted >= 11


class Counted:
    """A service that lets each client read twice an hour and write once."""

    def __init__(self, runtime: Runtime) -> None:
        limits = {
            RouteClass.READS: Limit("reads", calls=2, seconds=3600),
            RouteClass.WRITES: Limit("writes", calls=1, seconds=3600),
        }
        policy = dataclasses.replace(runtime.policy, limits=limits)
        self.identity = mock.AsyncMock()  # tokens have tests of their own
        self.runtime = dataclasses.replace(runtime, policy=policy, identity=self.identity)

    async def call(self, guard: guards.Tenant, client: str) -> Request:
        """Pass a guard as one request does: when it is admitted, and as a dependency."""
        self.identity.verify.return_value = Principal("tenant", client, frozenset(guard.scopes))
        request = Request({"type": "http", "headers": []})
        for _ in range(2):
            await guard(request, self.runtime, TOKEN)
        return request


def test_a_request_is_counted_once_by_client_and_class(
    runtime: Runtime, run_async: RunAsync
) -> None:
    reads, writes = guards.Tenant("read:datasets"), guards.Tenant("write:datasets")

    async def check() -> None:
        service = Counted(runtime)
        assert (await service.call(reads, "one")).state.standing.remaining == 1
        assert (await service.call(reads, "one")).state.standing.remaining == 0
        with pytest.raises(problems.Problem) as caught:
            await service.call(reads, "one")
        assert caught.value.entry.code == "simio_rate_limited"
        assert 0 < int(caught.value.headers["Retry-After"]) <= 1800
        assert (await service.call(reads, "another of the tenant")).state.standing.remaining == 1
        assert (await service.call(writes, "one")).state.standing.remaining == 0

    run_async(check())


def test_a_call_that_lacks_the_scope_counts_too(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        service = Counted(runtime)
        service.identity.verify.return_value = Principal("tenant", "one", frozenset())
        request = Request({"type": "http", "headers": []})
        with pytest.raises(errors.InsufficientScopeError) as caught:
            await guards.Tenant("read:datasets")(request, service.runtime, TOKEN)
        assert caught.value.entry.code == "simio_forbidden"
        assert request.state.standing.remaining == 1

    run_async(check())
