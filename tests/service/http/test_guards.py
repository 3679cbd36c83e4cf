import asyncio
import types
from typing import Annotated, cast
from unittest import mock

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute

from simulacra.service import main, runtime
from simulacra.service.audit.entry import Reason
from simulacra.service.http import guards, problems
from simulacra.service.identity.principal import Principal

OPEN_PATHS = {
    "/oauth/token",
    "/.well-known/jwks.json",
    "/.well-known/openid-configuration",
    "/v1/signup",
    "/v1/signup/{request_id}",
    "/v1/credential-claims",
    "/healthz",
    "/errors",
    "/errors/{code}",
    "/openapi.json",
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
    running = cast("runtime.Runtime", types.SimpleNamespace(refusals=refusals))

    async def ask(*scopes: str) -> Principal:
        return await guards.Tenant(*scopes)(request, running, None)

    assert asyncio.run(ask("read:generations", "read:datasets")) is caller
    with pytest.raises(problems.Problem) as caught:
        asyncio.run(ask("read:generations"))
    assert caught.value.entry.code == "simio_forbidden"
    refusals.record.assert_awaited_once_with(Reason.INSUFFICIENT_SCOPE, "client", "tenant")


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
