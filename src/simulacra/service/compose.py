"""From settings to a runtime: what the API and the worker have in common."""

import asyncio
import datetime as dt
import functools
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import procrastinate
import psycopg

from simulacra.service import (
    keys,
    policy,
    readiness,
    revision,
    root_key,
    runtime,
    scratch,
    storage,
    tenancy,
    throttling,
)
from simulacra.service.database import timeouts
from simulacra.service.datasets import tasks as datasets
from simulacra.service.datasets import validations
from simulacra.service.generations import copies, previews, tabulations
from simulacra.service.generations import tasks as generations
from simulacra.service.http import translation
from simulacra.service.identity import clients, embedded, provider, refusals, signing, tokens
from simulacra.service.jobs import announcements, kinds
from simulacra.service.monitoring import notices, records, state, watch
from simulacra.service.people import issuer
from simulacra.service.settings import Settings
from simulacra.service.stores import directory
from simulacra.service.tenants import capacity
from simulacra.service.webhooks import delivery, sending, targets

JOB_KINDS = (
    *(datasets.TRAINING, validations.VALIDATION, generations.GENERATION, copies.COPY),
    previews.PREVIEW,
    *(tabulations.CROSSTAB_OF_STUDY, tabulations.CROSSTAB_OF_ROWS, tabulations.COMPARISON),
)
"""What is done in the background: a new kind of job is one more record here."""


def runtime_of(
    settings: Settings,
    keyring: keys.Keyring | None = None,
    limits: timeouts.Timeouts = timeouts.OF_REQUESTS,
) -> runtime.Runtime:
    """Return the parts of a process, whose connections have `limits`; nothing is connected yet.

    Without a keyring, as `root_key.load` returns it, the keys are those of the master key.

    Raises:
        settings.NoDatabaseError: no database is configured.
        keys.MasterKeyError: there is no master key.
    """
    dsn, draining = settings.dsn(), asyncio.Event()
    keyring = keyring or settings.keyring()
    database = tenancy.Database(dsn, keyring, limits=limits)
    objects = storage.Storage.at(settings.store_url())
    return runtime.Runtime(
        database=database,
        stores=directory.Stores.of_installation(objects, keyring),
        keyring=keyring,
        queue=procrastinate.App(connector=_connector(dsn, limits)),
        job_kinds=kinds.by_operation(*JOB_KINDS),
        policy=_policy(settings),
        identity=identity_of(settings, database, keyring),
        refusals=refusals.Refusals(database),
        throttle=throttling.Throttle(database, keyring),
        readiness=readiness.Readiness(database, objects, folders_of(settings)),
        space=scratch.Space(settings.scratch_bytes),
        announcements=announcements.Announcements(dsn, draining),
        webhook_targets=targets.Targets(
            settings.networks_of_webhooks(), is_proxied=settings.webhook_proxy is not None
        ),
        draining=draining,
        sign_in=sign_in_of(settings, keyring),
        problem_document=functools.partial(translation.document, base_url=settings.base_url),
    )


def _connector(dsn: str, limits: timeouts.Timeouts) -> procrastinate.PsycopgConnector:
    async def set_limits(connection: psycopg.AsyncConnection) -> None:
        await connection.execute(limits.as_query())
        await connection.commit()

    return procrastinate.PsycopgConnector(conninfo=dsn, configure=set_limits)


def keyring_of(settings: Settings) -> keys.Keyring:
    """Return the keys of the installation, made if it is new; asks its database.

    Raises:
        settings.NoDatabaseError: no database is configured.
        keys.MasterKeyError: there is no master key.
        keys.OtherKeyError: the database has another master key.
        revision.OutdatedError: the database wants migrating first.
    """
    dsn, master = settings.dsn(), settings.keyring()
    revision.require(dsn)
    return root_key.load(dsn, master)


def identity_of(
    settings: Settings, database: tenancy.Database, keyring: keys.Keyring
) -> provider.Provider:
    """Return the identity provider that the settings choose."""
    known = clients.Clients(database, keyring)
    if settings.identity_provider == "auth0":
        # Its official client takes a second to load, which nobody else should wait for.
        from simulacra.service.identity import auth0  # noqa: PLC0415

        return auth0.Auth0(*settings.auth0_account(), settings.audience, known)
    issuer = tokens.Tokens(
        signing_keys=signing.SigningKeys(database, keyring.sealer),
        clients=known,
        issuer=settings.issuer,
        audience=settings.audience,
        lifetime=settings.token_seconds,
        also=(policy.PUBLIC_AUDIENCE,),
    )
    return embedded.Embedded(issuer, keyring)


def sign_in_of(settings: Settings, keyring: keys.Keyring) -> issuer.Issuer | None:
    """Return the issuer that people of tenants may sign in with, if the settings name one."""
    address, client_id, secret = (
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
    )
    if address is None or client_id is None or secret is None:
        return None
    registration = issuer.Registration(
        issuer=address,
        client_id=client_id,
        client_secret=secret.get_secret_value(),
        name=settings.oidc_name,
        redirect_uri=f"{settings.base_url}/studio/sign-in/callback",
    )
    return issuer.Issuer(registration, keyring)


def folders_of(settings: Settings) -> Callable[[], Mapping[str, Path]]:
    """Return what finds the folders that a process fills up."""
    return functools.partial(state.folders_of, settings.data_dir)


def watch_of(settings: Settings, parts: runtime.Runtime) -> watch.Watch:
    """Return what looks after the installation, and the ways to its operator."""
    return watch.Watch(
        database=parts.database,
        throttle=parts.throttle,
        records=records.Records(parts.database),
        channels=channels_of(settings),
        data_dir=settings.data_dir,
        certificate=settings.served_certificate(),
        job_seconds=settings.job_seconds,
    )


def channels_of(settings: Settings) -> tuple[notices.Channel, ...]:
    """Return the ways by which alerts go out."""
    channels: list[notices.Channel] = []
    if settings.alert_webhook_url is not None:
        url = settings.alert_webhook_url.get_secret_value()
        channels.append(notices.Webhook(url, settings.base_url))
    recipients = tuple(filter(None, map(str.strip, (settings.alert_mail_to or "").split(","))))
    if recipients:
        password = settings.smtp_password
        secret = password.get_secret_value() if password else ""
        channels.append(
            notices.Mail(
                host=settings.smtp_host,
                port=settings.smtp_port,
                security=settings.smtp_security,
                login=None if settings.smtp_user is None else (settings.smtp_user, secret),
                sender=settings.alert_mail_from or recipients[0],
                recipients=recipients,
                installation=settings.base_url,
            )
        )
    return tuple(channels)


def liveness_address(settings: Settings) -> tuple[str, int] | None:
    """Return where it is told whether a process is alive; None if nowhere."""
    port = settings.liveness_port
    return None if port is None else (settings.liveness_host, port)


def deliveries_of(settings: Settings, parts: runtime.Runtime) -> delivery.Deliveries:
    """Return what delivers events to webhooks."""
    proxy = settings.webhook_proxy
    way = None if proxy is None else httpx.Proxy(proxy.get_secret_value())
    sender = sending.Sender(parts.webhook_targets, way)
    return delivery.Deliveries(parts.database, parts.keyring.sealer, sender)


def metrics_address(settings: Settings) -> tuple[str, int] | None:
    """Return where metrics are given out; None if nowhere."""
    return None if settings.metrics_port is None else (settings.metrics_host, settings.metrics_port)


def _policy(settings: Settings) -> runtime.Policy:
    return runtime.Policy(
        base_url=settings.base_url,
        support_contact=settings.support_contact,
        data_dir=settings.data_dir,
        retention=dt.timedelta(hours=settings.retention_hours),
        artifact_link=dt.timedelta(seconds=settings.artifact_link_seconds),
        max_upload_bytes=settings.max_upload_bytes,
        job_memory_bytes=settings.job_memory_bytes,
        job_seconds=settings.job_seconds,
        job_attempts=settings.job_attempts,
        require_confinement=settings.require_confinement,
        job_history=dt.timedelta(hours=settings.job_history_hours),
        jobs_per_tenant=settings.jobs_per_tenant,
        max_rows_per_request=settings.max_rows_per_request,
        claim=dt.timedelta(hours=settings.claim_hours),
        capacity=capacity.Capacity(
            stored_bytes=settings.stored_bytes_per_tenant,
            trainings=settings.trainings_per_tenant,
            uploads=settings.uploads_per_tenant,
            downloads=settings.downloads_per_tenant,
        ),
        limits=_limits(settings),
    )


def _limits(settings: Settings) -> dict[throttling.RouteClass, throttling.Limit]:
    calls = {
        throttling.RouteClass.READS: settings.reads_per_minute,
        throttling.RouteClass.WRITES: settings.writes_per_minute,
        throttling.RouteClass.UPLOADS: settings.uploads_per_minute,
    }
    return {kind: throttling.Limit(kind.value, most, seconds=60) for kind, most in calls.items()}
