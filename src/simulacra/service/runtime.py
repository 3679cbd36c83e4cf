"""What a running process holds: made by a composition root, reached by endpoints and tasks."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import procrastinate
from opentelemetry import trace

from simulacra.service import (
    errors,
    keys,
    objects,
    readiness,
    scratch,
    storage,
    tenancy,
    throttling,
)
from simulacra.service.credentials import claims
from simulacra.service.identity import provider, refusals
from simulacra.service.jobs import (
    admission,
    announcements,
    attempts,
    child,
    kept,
    kinds,
    transitions,
)
from simulacra.service.people import issuer
from simulacra.service.stores.directory import Stores
from simulacra.service.tenants import service as tenants
from simulacra.service.tenants.capacity import Capacity
from simulacra.service.transfers import Transfers
from simulacra.service.webhooks import service as webhooks
from simulacra.service.webhooks.events import Outbox
from simulacra.service.webhooks.targets import Targets


@dataclasses.dataclass(frozen=True)
class Policy:
    """The figures that bound what the service does."""

    base_url: str
    support_contact: str | None
    data_dir: Path
    retention: dt.timedelta
    artifact_link: dt.timedelta
    max_upload_bytes: int
    job_memory_bytes: int
    job_seconds: int
    job_attempts: int
    require_confinement: bool
    job_history: dt.timedelta
    jobs_per_tenant: int
    max_rows_per_request: int
    claim: dt.timedelta
    capacity: Capacity
    limits: Mapping[throttling.RouteClass, throttling.Limit]


@dataclasses.dataclass(frozen=True)
class Runtime:
    """The parts of one process."""

    database: tenancy.Database
    stores: Stores
    keyring: keys.Keyring
    queue: procrastinate.App
    job_kinds: kinds.Kinds
    policy: Policy
    identity: provider.Provider
    refusals: refusals.Refusals
    throttle: throttling.Throttle
    readiness: readiness.Readiness
    space: scratch.Space
    problem_document: Callable[[errors.ServiceError], dict[str, Any]]
    """How the error of a job is written down, for those who will ask what became of it."""
    announcements: announcements.Announcements
    webhook_targets: Targets
    """Where webhooks may go."""
    draining: asyncio.Event
    """Set when the process takes nothing new and ends what it holds."""
    tracer: trace.Tracer = dataclasses.field(default_factory=trace.NoOpTracer)
    """What attempts at jobs are traced by."""
    transfers: Transfers = dataclasses.field(default_factory=Transfers)
    children: kept.Children = dataclasses.field(default_factory=kept.Children)
    """Child processes that stay for the next question; a worker's alone."""
    sign_in: issuer.Issuer | None = None
    """With whom people of tenants may sign in, besides with a password."""

    @property
    def storage(self) -> storage.Storage:
        """The installation's own store."""
        return self.stores.own.objects

    @property
    def objects(self) -> objects.Register:
        """The register of the objects in the store."""
        longest_job = dt.timedelta(seconds=self.policy.job_seconds)
        return objects.Register(self.database, self.stores, longest_job)

    @property
    def endings(self) -> transitions.Endings:
        """The moves that end jobs."""
        turns = admission.Admission(self.queue, self.job_kinds, self.policy.jobs_per_tenant)
        return transitions.Endings(self.job_kinds, turns, self.outbox, self.problem_document)

    @property
    def outbox(self) -> Outbox:
        """Where events for webhooks are written down."""
        return Outbox(self.policy.base_url)

    @property
    def webhooks(self) -> webhooks.Webhooks:
        """The webhooks of all tenants."""
        sealer, targets = self.keyring.sealer, self.webhook_targets
        return webhooks.Webhooks(self.database, sealer, targets, self.outbox)

    @property
    def resources(self) -> attempts.Resources:
        """What attempts at jobs work with."""
        return attempts.Resources(
            database=self.database,
            stores=self.stores,
            keyring=self.keyring,
            objects=self.objects,
            endings=self.endings,
            limits=child.Limits(
                memory_bytes=self.policy.job_memory_bytes,
                seconds=self.policy.job_seconds,
                requires_confinement=self.policy.require_confinement,
            ),
            max_attempts=self.policy.job_attempts,
            tracer=self.tracer,
            children=self.children,
        )

    @property
    def claims(self) -> claims.ClaimStore:
        """The secrets that wait to be claimed."""
        return claims.ClaimStore(self.keyring, self.policy.claim)

    @property
    def tenants(self) -> tenants.Tenants:
        """The maker of tenants."""
        cap = self.policy.max_rows_per_request
        return tenants.Tenants(self.database, self.keyring, self.identity, cap)

    async def close(self) -> None:
        """Write what is still counted, and close connections; one that fails stops no other."""
        async with contextlib.AsyncExitStack() as parts:
            parts.push_async_callback(self.database.close)
            parts.push_async_callback(self.children.close)
            parts.push_async_callback(self.identity.close)
            parts.push_async_callback(self.announcements.close)
            parts.push_async_callback(self.refusals.close)
            if self.sign_in is not None:
                parts.push_async_callback(self.sign_in.close)
