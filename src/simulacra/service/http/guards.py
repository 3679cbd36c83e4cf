"""Who may call a route. A route that does not say so stops the start-up."""

from collections.abc import Iterable, Iterator
from typing import Annotated

from fastapi import Depends, FastAPI, Query, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from starlette.routing import BaseRoute

from simulacra.service import errors
from simulacra.service.audit.entry import Reason
from simulacra.service.generations import links
from simulacra.service.http import rate_limits, serving
from simulacra.service.identity import clients, verification
from simulacra.service.identity.principal import SCOPES, Principal
from simulacra.service.throttling import RouteClass

BEARER = HTTPBearer(
    auto_error=False,
    bearerFormat="JWT",
    description="Access token from POST /oauth/token (OAuth2 client credentials).",
)


class UnguardedRouteError(RuntimeError):
    """A route was about to be served without saying who may call it."""


class Guard:
    """Base of the dependencies that count as a guard."""

    async def admit(self, request: Request) -> None:
        """Decide before the framework reads the body, which it does before dependencies run."""


class Public(Guard):
    """The route is open to anyone."""

    async def __call__(self) -> None:
        """Let everyone in."""


class Tenant(Guard):
    """The route needs a token of an active client, with one of some scopes, or with all of them.

    Calls of a client are counted by the class of the route: the one that is named, or what the
    scopes make of it.
    """

    def __init__(
        self, *scopes: str, needs_all: bool = False, counts_as: RouteClass | None = None
    ) -> None:
        unknown = sorted(set(scopes) - set(SCOPES))
        if unknown or not scopes:
            raise ValueError(f"name scopes of {SCOPES}, not {unknown}")
        self.scopes, self.needs_all = scopes, needs_all
        self.counts_as = counts_as or _class_of(scopes)

    async def __call__(
        self,
        request: Request,
        runtime: serving.Runtime,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)],
    ) -> Principal:
        """Return the caller, or answer 401 or 403 (RFC 6750), or 429 to one call too many."""
        caller: Principal | None = getattr(request.state, "caller", None)
        if caller is None:
            caller = request.state.caller = await _identify(request, runtime, credentials)
            await _count(request, runtime, caller, self.counts_as)
        if not self._covers(caller):
            await runtime.refusals.record(
                Reason.INSUFFICIENT_SCOPE, caller.client_id, caller.tenant_id
            )
            joint = " and " if self.needs_all else " or "
            lacking = [scope for scope in self.scopes if scope not in caller.scopes]
            raise errors.InsufficientScopeError(
                f"The token lacks the scope {joint.join(map(repr, lacking))}.", self.scopes
            )
        return caller

    def _covers(self, caller: Principal) -> bool:
        if self.needs_all:  # that the client may have
            return caller.scopes.issuperset(caller.granted.intersection(self.scopes))
        return not caller.scopes.isdisjoint(self.scopes)

    async def admit(self, request: Request) -> None:
        """Answer 401, 403 or 429 to a caller who may not use the route."""
        await self(request, serving.runtime_of(request), await BEARER(request))


class Link(Guard):
    """The route needs a signed link, which names the client that it was given to.

    The client and its tenant must be active, and it must not have had its tokens revoked since.
    """

    async def __call__(
        self,
        request: Request,
        runtime: serving.Runtime,
        generation_id: str,
        token: Annotated[str, Query(description="From `artifact_url`; do not build it yourself.")],
    ) -> Principal:
        """Return the client, or answer 403 to a link that is not valid, or 429."""
        claims = links.read(runtime.keyring, generation_id, token)
        known = clients.Clients(runtime.database, runtime.keyring)
        try:
            caller = await known.identify(claims)
        except verification.InvalidTokenError as error:
            await runtime.refusals.record(Reason.INACTIVE, error.client_id)
            raise links.refusal(generation_id) from None
        if caller.tenant_id != claims["tenant"] or links.SCOPE not in caller.scopes:
            raise links.refusal(generation_id)
        request.state.caller = caller
        await _count(request, runtime, caller, RouteClass.READS)
        return caller


def check(app: FastAPI) -> None:
    """Refuse an application with a route that has no guard.

    Raises:
        UnguardedRouteError: names the routes.
    """
    bare = [route for route in routes(app) if not _is_guarded(route)]
    if bare:
        names = ", ".join(str(getattr(route, "path", route)) for route in bare)
        raise UnguardedRouteError(f"no guard on {names}: add guards.Public or guards.Tenant")


def guard_of(route: APIRoute) -> Guard | None:
    """Return the guard of a route."""
    return next(_guards(route.dependant), None)


def routes(app: FastAPI) -> Iterator[BaseRoute]:
    """Yield every route of an application, those of included routers too."""
    yield from _flat(app.routes)


def _flat(nested: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    for route in nested:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from _flat(included.routes)


def _is_guarded(route: BaseRoute) -> bool:
    return isinstance(route, APIRoute) and guard_of(route) is not None


def _guards(dependant: Dependant) -> Iterator[Guard]:
    calls: list[object] = [dependency.call for dependency in dependant.dependencies]
    yield from (call for call in calls if isinstance(call, Guard))


def _class_of(scopes: Iterable[str]) -> RouteClass:
    is_write = any(scope.startswith("write:") for scope in scopes)
    return RouteClass.WRITES if is_write else RouteClass.READS


async def _count(
    request: Request, runtime: serving.Runtime, caller: Principal, counts_as: RouteClass
) -> None:
    """Count the call; `envelope` puts the standing on whatever the answer will be."""
    limit = runtime.policy.limits[counts_as]
    standing = request.state.standing = await runtime.throttle.hit(limit, caller.client_id)
    if standing.is_refused:
        raise rate_limits.refusal(standing)


async def _identify(
    request: Request, runtime: serving.Runtime, credentials: HTTPAuthorizationCredentials | None
) -> Principal:
    if credentials is None:
        raise errors.TokenRefusedError(_advice(request))
    try:
        return await runtime.identity.verify(credentials.credentials)
    except verification.InvalidTokenError as error:
        reason = Reason.INACTIVE if error.client_id else Reason.INVALID_TOKEN
        await runtime.refusals.record(reason, error.client_id)
        detail = f"{error}. Mint a fresh one at {runtime.identity.token_url}."
        detail = detail[0].upper() + detail[1:]
        raise errors.TokenRefusedError(detail, is_invalid=True) from None


def _advice(request: Request) -> str:
    if "authorization" in request.headers:
        return "The Authorization header is not of the form 'Bearer <token>'."
    return "The request has no Authorization header; send 'Authorization: Bearer <token>'."


ReadDatasets = Annotated[Principal, Depends(Tenant("read:datasets"))]
WriteDatasets = Annotated[Principal, Depends(Tenant("write:datasets"))]
UploadDatasets = Annotated[
    Principal, Depends(Tenant("write:datasets", counts_as=RouteClass.UPLOADS))
]
ReadGenerations = Annotated[Principal, Depends(Tenant("read:generations"))]
WriteGenerations = Annotated[Principal, Depends(Tenant("write:generations"))]
PreviewScenarios = Annotated[
    Principal, Depends(Tenant("write:generations", counts_as=RouteClass.READS))
]
"""A preview begins work as a generation does, but makes nothing: its calls count as reads."""
Tabulate = PreviewScenarios
"""A table or comparison, likewise."""
ReadJobs = Annotated[Principal, Depends(Tenant("read:datasets", "read:generations"))]
WriteJobs = Annotated[Principal, Depends(Tenant("write:datasets", "write:generations"))]
ReadWebhooks = Annotated[Principal, Depends(Tenant("read:datasets", "read:generations"))]
WriteWebhooks = Annotated[Principal, Depends(Tenant("write:datasets", "write:generations"))]
ReadUsage = Annotated[Principal, Depends(Tenant("read:datasets", "read:generations"))]
ReadRotations = Annotated[Principal, Depends(Tenant("read:datasets", "read:generations"))]
WriteRotations = Annotated[Principal, Depends(Tenant(*SCOPES, needs_all=True))]
"""A new secret mints tokens of every scope of the client; a narrower token must not lead to one."""
ReadClients = Annotated[Principal, Depends(Tenant("read:datasets", "read:generations"))]
HolderOfLink = Annotated[Principal, Depends(Link())]
Open = Depends(Public())
