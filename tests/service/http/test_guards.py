from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from simulacra.service import main
from simulacra.service.http import guards
from simulacra.service.identity.principal import Principal

OPEN_PATHS = {
    "/oauth/token",
    "/.well-known/jwks.json",
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


def test_a_guard_must_name_a_known_scope() -> None:
    with pytest.raises(ValueError, match="write:everything"):
        guards.Tenant("write:everything")


def test_exactly_these_routes_are_open() -> None:
    routes = [route for router in main.ROUTERS for route in router.routes]
    is_open = {
        route.path
        for route in routes
        if isinstance(route, APIRoute) and isinstance(guards.guard_of(route), guards.Public)
    }
    assert is_open == OPEN_PATHS


def test_routes_that_change_something_need_a_write_scope() -> None:
    for router in main.ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            guard = guards.guard_of(route)
            if isinstance(guard, guards.Tenant):
                changes = bool((route.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"})
                assert guard.scope.startswith("write:" if changes else "read:"), route.path
