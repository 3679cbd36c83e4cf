"""The API process: composition root."""

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version

from fastapi import Depends, FastAPI
from starlette.types import ASGIApp

from simulacra.service import compose, runtime
from simulacra.service.artifacts import endpoints as artifacts
from simulacra.service.credentials import endpoints as credentials
from simulacra.service.datasets import endpoints as datasets
from simulacra.service.generations import endpoints as generations
from simulacra.service.http import endpoints as http
from simulacra.service.http import envelope, guards, handlers, lingering, texts
from simulacra.service.identity import endpoints as identity
from simulacra.service.jobs import endpoints as jobs
from simulacra.service.operators import site
from simulacra.service.settings import Settings
from simulacra.service.signups import endpoints as signups
from simulacra.service.usage import endpoints as usage

ROUTERS = (
    signups.router,
    credentials.router,
    identity.router,
    datasets.router,
    generations.router,
    artifacts.router,
    jobs.router,
    usage.router,
    http.router,
    site.router,
)
FORM_OVERHEAD_BYTES = 64 * 1024


def create_app(settings: Settings) -> ASGIApp:
    """Return the ASGI application.

    Raises:
        guards.UnguardedRouteError: a route does not say who may call it.
    """
    running = compose.runtime_of(settings)
    app = build(running)
    return lingering.Lingering(envelope.Envelope(app, running.policy.base_url))


def build(running: runtime.Runtime) -> FastAPI:
    """Return the framework's application around a runtime."""
    policy = running.policy
    app = FastAPI(
        title="Simulacra",
        version=version("simulacra"),
        summary="Scenario-conditioned synthetic survey data.",
        servers=[{"url": policy.base_url}],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # its target would be built from the caller's Host header
        dependencies=[Depends(texts.check_address)],
        max_body_size=policy.max_upload_bytes + FORM_OVERHEAD_BYTES,
        lifespan=_lifespan,
    )
    app.state.runtime = running
    for router in ROUTERS:
        app.include_router(router)
    handlers.register(app, policy.base_url)
    guards.check(app)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    running: runtime.Runtime = app.state.runtime
    await running.database.check_role()
    await running.identity.open()
    yield
    await running.close()
