"""The API process: composition root."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from importlib.metadata import version
from pathlib import Path

import uvicorn
from fastapi import Depends, FastAPI
from opentelemetry import trace

from simulacra.service import canary, compose, liveness, scratch
from simulacra.service.contract import routes, texts
from simulacra.service.documentation import errors as error_pages
from simulacra.service.documentation import exchange
from simulacra.service.documentation import site as documentation
from simulacra.service.endpoints import (
    artifacts,
    credentials,
    custody,
    datasets,
    generations,
    jobs,
    previews,
    service,
    signups,
    tabulations,
    tokens,
    usage,
    validations,
    webhooks,
)
from simulacra.service.http import (
    addresses,
    connection,
    content,
    cross_origin,
    early_response,
    envelope,
    first_byte,
    guards,
    handlers,
    head,
    pieces,
)
from simulacra.service.http import certificate as certificate_file
from simulacra.service.monitoring import exporter, gauges, state, traces
from simulacra.service.operators import site as operators_page
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from simulacra.service.studio import site as study_page

ROUTERS = (
    signups.router,
    credentials.router,
    tokens.router,
    datasets.router,
    generations.router,
    previews.router,
    validations.router,
    tabulations.router,
    artifacts.router,
    jobs.router,
    webhooks.router,
    usage.router,
    custody.router,
    service.router,
    error_pages.router,
    documentation.router,
    exchange.router,
    routes.router,
    operators_page.router,
    study_page.router,
)
FORM_OVERHEAD_BYTES = 64 * 1024
ADDRESSES = "addresses"
"""Purpose of the key of the hashes that stand for addresses in the log."""


class Server(uvicorn.Server):
    """uvicorn's server, which tells the runtime when it begins to drain."""

    def __init__(self, config: uvicorn.Config, draining: asyncio.Event) -> None:
        super().__init__(config)
        self._draining = draining

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing new, and end what is held for a client early rather than cut it off."""
        self._draining.set()
        await super().shutdown(sockets)


async def serve(
    settings: Settings, certificate: Path | None = None, key: Path | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, and then drain.

    A draining server accepts no connection any more; requests that it has get `drain_seconds` to
    end, and those that wait for a job are answered with its present state.

    Raises:
        tenancy.UnboundRoleError: row-level security does not bind the role of the database.
        revision.OutdatedError: the database wants migrating first.
        keys.OtherKeyError: the database was first used with another master key.
        guards.UnguardedRouteError: a route does not say who may call it.
        OSError: nothing can listen where liveness or metrics are told.
    """
    async with liveness.serving(compose.liveness_address(settings)):
        runtime = compose.runtime_of(settings, compose.keyring_of(settings))
        with traces.sent_to(settings.traces_collector, "api") as spans:
            await _serve(runtime, settings, spans, certificate, key)


async def _serve(
    runtime: Runtime,
    settings: Settings,
    spans: trace.TracerProvider,
    certificate: Path | None,
    key: Path | None,
) -> None:
    try:
        await asyncio.to_thread(scratch.sweep)  # plain text that a killed process left
        await runtime.database.check_role()
        await canary.check(runtime.database, runtime.keyring)
        await runtime.identity.open()
        api = build(runtime, spans)
        api.state.documents.prepare()
        inner = cross_origin.allowing(api, settings.cors_origins)
        app = envelope.Envelope(inner, settings.base_url, runtime.keyring.derive(ADDRESSES))
        config = _config(app, settings, certificate, key)
        context = first_byte.decides(config, settings.base_url)
        collector = gauges.StateCollector(
            lambda: runtime.database.connections, with_tenants=settings.metrics_tenants
        )

        async def read() -> None:
            folders = state.folders_of(settings.data_dir)
            collector.state = await state.read(runtime.database, folders, certificate)

        async with (
            exporter.serving(collector, compose.metrics_address(settings), read),
            _following(context, certificate, key),
        ):
            await Server(config, runtime.draining).serve()
    finally:
        await runtime.close()


@contextlib.asynccontextmanager
async def _following(
    context: ssl.SSLContext | None, path: Path | None, key: Path | None
) -> AsyncIterator[None]:
    """Take up new certificates during the statement, if there is one."""
    if path is None or context is None:
        yield
        return
    task = asyncio.create_task(certificate_file.follow(context, path, key))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _config(
    app: envelope.Envelope, settings: Settings, certificate: Path | None, key: Path | None
) -> uvicorn.Config:
    return uvicorn.Config(
        early_response.EarlyResponse(pieces.Pieces(app)),
        host=settings.host,
        port=settings.port,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        lifespan="off",  # `serve` opens and closes
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        log_config=None,
        http=connection.of(settings.base_url),
        ws="none",
        timeout_graceful_shutdown=settings.drain_seconds,
    )


def build(runtime: Runtime, spans: trace.TracerProvider | None = None) -> FastAPI:
    """Return the framework's application around a runtime, whose spans go to `spans`."""
    policy = runtime.policy
    app = FastAPI(
        title="Simulacra",
        version=version("simulacra"),
        summary="Scenario-conditioned synthetic survey data.",
        description=texts.DESCRIPTION,
        contact=_contact(policy.support_contact),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=[{"name": name, "description": it} for name, it in texts.TAGS.items()],
        servers=[{"url": policy.base_url}],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # its target would be built from the caller's Host header
        dependencies=[Depends(addresses.check), Depends(content.check_absent)],
        max_body_size=policy.max_upload_bytes + FORM_OVERHEAD_BYTES,
        telemetry={  # nothing that the environment could ask for: exceptions quote cells
            "tracer_provider": spans or trace.NoOpTracerProvider(),
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    app.state.runtime = runtime
    app.state.documents = routes.Documents(app)
    for router in ROUTERS:
        app.include_router(router)
    handlers.register(app, policy.base_url, error_pages.page_of)
    guards.check(app)
    head.answer(app)
    return app


def _contact(support: str | None) -> dict[str, str] | None:
    """Return the contact of the OpenAPI document; an address without a scheme is one of mail."""
    if support is None:
        return None
    return {"url" if "://" in support else "email": support}
