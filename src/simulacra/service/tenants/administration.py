"""What operators see of tenants and set for them; every change is on record."""

import dataclasses
import enum
from collections.abc import Collection, Sequence

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import clock, errors, policy, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Actor, Detail
from simulacra.service.credentials import claims
from simulacra.service.database import paging, tables
from simulacra.service.database.statuses import DisabledReason
from simulacra.service.identity import clients, provider
from simulacra.service.tenants import capacity
from simulacra.service.usage import ledger, windows
from simulacra.service.webhooks import repository as webhooks

MAX_WINDOW_DAYS = 366
MAX_ROWS = 2**53
"""What every client's numbers hold."""
MAX_BYTES = 2**53
MAX_AT_ONCE = 100_000


class TenantStatus(enum.StrEnum):
    """Whether a tenant's clients are let in."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


BOUNDS = {
    "subscription_rows": (0, MAX_ROWS),
    "subscription_window_days": (1, MAX_WINDOW_DAYS),
    "max_rows_per_request": (1, MAX_ROWS),
    "retention_hours": (1, policy.MAX_RETENTION_HOURS),
    "max_stored_bytes": (0, MAX_BYTES),
    "max_trainings": (1, MAX_AT_ONCE),
    "max_uploads": (1, MAX_AT_ONCE),
    "max_downloads": (1, MAX_AT_ONCE),
}
REMOVABLE = (
    *("subscription_rows", "retention_hours"),
    *("max_stored_bytes", "max_trainings", "max_uploads", "max_downloads"),
)


@dataclasses.dataclass(frozen=True)
class TenantLimits:
    """What a tenant may use.

    Attributes:
        subscription_rows: rows of one window; None: as many as it likes.
        subscription_window_days: length of a window, days.
        max_rows_per_request: rows of one generation.
        retention_hours: life of a new dataset or generation, hours; None: the installation's.
        max_stored_bytes: of seed files and artifacts; None, here and below: the installation's.
        max_trainings: that wait or run.
        max_uploads: at a time, in each API process.
        max_downloads: likewise.
    """

    subscription_rows: int | None
    subscription_window_days: int
    max_rows_per_request: int
    retention_hours: int | None
    max_stored_bytes: int | None = None
    max_trainings: int | None = None
    max_uploads: int | None = None
    max_downloads: int | None = None

    def __post_init__(self) -> None:
        for field, figure in self.figures().items():
            lowest, highest = BOUNDS[field]
            is_fine = field in REMOVABLE if figure is None else lowest <= figure <= highest
            if not is_fine:
                raise errors.LimitError(field, figure, lowest, highest)

    def figures(self) -> dict[str, int | None]:
        """Return the limits by name."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Usage:
    """What a tenant has and did.

    Attributes:
        datasets: that are alive.
        stored_bytes: of seed files and artifacts that are alive.
        window: the subscription's current one, and the rows used and reserved in it.
        generations: billed in it.
    """

    datasets: int
    stored_bytes: int
    window: tables.UsageWindow
    generations: int


@dataclasses.dataclass(frozen=True)
class NewClient:
    """One more client of a tenant.

    Attributes:
        tenant_id: whose.
        name: for people.
        scopes: what its tokens may grant.
    """

    tenant_id: str
    name: str
    scopes: Collection[str]


def limits_of(tenant: tables.Tenant) -> TenantLimits:
    """Return what is set for a tenant."""
    return TenantLimits(**{field: getattr(tenant, field) for field in BOUNDS})


def note_view(session: AsyncSession, actor: Actor, tenant_id: str | None = None) -> None:
    """Put on record that an operator looks at a tenant, or at the list of all."""
    trail.record(session, actor, Action.TENANT_VIEWED, tenant_id, tenant_id=tenant_id)


async def all_tenants(session: AsyncSession) -> Sequence[tables.Tenant]:
    """Return every tenant by company and id."""
    query = select(tables.Tenant).order_by(func.lower(tables.Tenant.company_name), tables.Tenant.id)
    return (await session.scalars(query)).all()


async def page(
    session: AsyncSession, limit: int, after: str | None
) -> tuple[Sequence[tables.Tenant], str | None]:
    """Return up to `limit` tenants behind the one of the id `after`, and the next `after`.

    Raises:
        errors.TenantNotFoundError: there is none of the id `after`.
    """
    if after is not None:
        await get(session, after)
    table, name = tables.Tenant, func.lower(tables.Tenant.company_name)
    return await paging.ascending_page(session, table, select(table), after, limit, by=name)


async def find(session: AsyncSession, name: str) -> tables.Tenant:
    """Return the tenant of an id, of an exact company name, or of a contact's address.

    Raises:
        errors.TenantNotFoundError: there is none.
        errors.AmbiguousTenantError: there are several.
    """
    tenant = await session.get(tables.Tenant, name)
    if tenant is not None:
        return tenant
    is_named = or_(
        tables.Tenant.company_name == name,
        func.lower(tables.Tenant.contact_email) == name.lower(),
    )
    query = select(tables.Tenant).where(is_named).order_by(tables.Tenant.id)
    found = (await session.scalars(query)).all()
    if len(found) > 1:
        raise errors.AmbiguousTenantError(name, [it.id for it in found])
    if not found:
        raise errors.TenantNotFoundError(name)
    return found[0]


async def get(session: AsyncSession, tenant_id: str, *, lock: bool = False) -> tables.Tenant:
    """Return a tenant.

    Raises:
        errors.TenantNotFoundError: there is none of this id.
    """
    tenant = await session.get(tables.Tenant, tenant_id, with_for_update=lock or None)
    if tenant is None:
        raise errors.TenantNotFoundError(tenant_id)
    return tenant


async def usage_of(session: AsyncSession, tenant: tables.Tenant) -> Usage:
    """Return what a tenant has and did; reads in the scope `tenancy.SYSTEM`."""
    studies = tables.Dataset
    has = select(func.count(studies.id)).where(
        studies.tenant_id == tenant.id,
        studies.deleted_at.is_(None),
        studies.expires_at > clock.now(session),
    )
    datasets = await session.scalar(has) or 0
    stored_bytes = await capacity.stored_bytes(session, tenant.id)
    window = await windows.current(session, tenant)
    generations = await ledger.billed_generations(session, window)
    return Usage(datasets, stored_bytes, window, generations)


async def suspend(database: tenancy.Database, tenant_id: str, actor: Actor) -> None:
    """Refuse a tenant's clients from their next request on; running jobs go on.

    Raises:
        errors.TenantNotFoundError: there is none of this id.
    """
    await _set_status(database, tenant_id, TenantStatus.SUSPENDED, actor)


async def reactivate(database: tenancy.Database, tenant_id: str, actor: Actor) -> None:
    """Let a suspended tenant's clients in again, with the tokens they have.

    Raises:
        errors.TenantNotFoundError: there is none of this id.
    """
    await _set_status(database, tenant_id, TenantStatus.ACTIVE, actor)


async def _set_status(
    database: tenancy.Database, tenant_id: str, status: TenantStatus, actor: Actor
) -> None:
    is_suspension = status is TenantStatus.SUSPENDED
    action = Action.TENANT_SUSPENDED if is_suspension else Action.TENANT_REACTIVATED
    async with database.transaction(tenancy.SYSTEM) as session:
        tenant = await get(session, tenant_id, lock=True)
        if tenant.status != status:
            tenant.status = status
            trail.record(session, actor, action, tenant_id, tenant_id=tenant_id)


async def revoke_client(
    database: tenancy.Database, identity: provider.Provider, client_id: str, actor: Actor
) -> None:
    """Refuse a client from its next request on, for good; its tenant's other clients go on.

    Raises:
        errors.ClientNotFoundError: there is none of this id.
        errors.ProviderError: the identity provider does not do its part; nothing is changed.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        client = await session.get(tables.Client, client_id, with_for_update=True)
        if client is None:
            raise errors.ClientNotFoundError(f"There is no client {client_id!r}.")
        if client.revoked_at is not None:
            return
        await identity.revoke_client(session, client_id)
        await claims.void(session, client_id)
        is_of_client = tables.Webhook.client_id == client_id
        await webhooks.disable(session, DisabledReason.CLIENT_REVOKED, actor, is_of_client)
        revoked = Action.CLIENT_REVOKED
        trail.record(session, actor, revoked, client_id, tenant_id=client.tenant_id)


async def revoke_tokens(database: tenancy.Database, client_id: str, actor: Actor) -> None:
    """Refuse the tokens that a client has; with its secret it mints new ones.

    Secrets that wait to be claimed are destroyed, since whoever had a token may have asked for one.

    Raises:
        errors.ClientNotFoundError: there is no active client of this id.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        client = await session.get(tables.Client, client_id, with_for_update=True)
        if client is None or client.revoked_at is not None:
            raise errors.ClientNotFoundError(f"There is no active client {client_id!r}.")
        await session.execute(
            update(tables.Client)
            .where(tables.Client.id == client_id)
            .values(tokens_valid_from=clients.AFTER_ALL_TOKENS)
        )
        await claims.void(session, client_id)
        revoked = Action.TOKENS_REVOKED
        trail.record(session, actor, revoked, client_id, tenant_id=client.tenant_id)


async def create_client(
    database: tenancy.Database,
    identity: provider.Provider,
    store: claims.ClaimStore,
    wanted: NewClient,
    actor: Actor,
) -> tuple[str, str]:
    """Make one more client of a tenant; return its id and the token of the claim on its secret.

    Raises:
        errors.TenantNotFoundError: there is none of this id.
        errors.ProviderError: the identity provider does not make a client.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        tenant = await get(session, wanted.tenant_id, lock=True)
        name = f"{tenant.company_name}: {wanted.name}"
        made = await identity.create_client(session, tenant.id, name)
        client = await session.get_one(tables.Client, made.client_id)
        client.name, client.scopes = wanted.name, sorted(wanted.scopes)
        created = Action.CLIENT_CREATED
        trail.record(session, actor, created, client.id, tenant_id=tenant.id)
        _, token = await store.make(session, client, made.client_secret, is_rotation=False)
    return client.id, token


async def set_limits(
    database: tenancy.Database, tenant_id: str, limits: TenantLimits, actor: Actor
) -> None:
    """Set what a tenant may use.

    Retention holds for what it makes from now on, a window's length from the next window on.

    Raises:
        errors.TenantNotFoundError: there is none of this id.
    """
    async with database.transaction(tenancy.SYSTEM) as session:
        tenant = await get(session, tenant_id, lock=True)
        changed = _changes(limits_of(tenant), limits)
        if not changed:
            return
        await windows.store(session, await windows.current(session, tenant))  # as long as it is
        for field, figure in limits.figures().items():
            setattr(tenant, field, figure)
        trail.record(
            session, actor, Action.TENANT_CHANGED, tenant_id, tenant_id=tenant_id, details=changed
        )


def _changes(before: TenantLimits, after: TenantLimits) -> entry.Details:
    """Return the new figure of every limit that differs; one that was taken off is `unset`."""
    old = before.figures()
    return {
        Detail(field): entry.UNSET if figure is None else figure
        for field, figure in after.figures().items()
        if figure != old[field]
    }
