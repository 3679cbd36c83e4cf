"""The tables, as SQLAlchemy sees them; `migrations/` is what creates them.

A class that derives from `TenantOwned` belongs to one tenant. `tenancy` narrows every query on it
to the tenant of the transaction, and row-level security in PostgreSQL does the same once more.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    bindparam,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql.operators import OperatorType

Timestamp = dt.datetime
Json = dict[str, Any]

NOW = text("now()")


class Table(DeclarativeBase):
    """Root of all tables."""

    type_annotation_map: ClassVar = {
        str: Text,
        int: BigInteger,
        bytes: LargeBinary,
        Timestamp: DateTime(timezone=True),
        Json: JSONB,
    }


class Word(Text):
    """A word of a closed list, which stands written out in every condition.

    PostgreSQL soon plans a statement without its parameters. It then cannot tell that a condition
    is the one of a partial index: ON CONFLICT fails, and a query reads the whole table.
    """

    cache_ok = True

    class Comparator(Text.Comparator[str]):
        """Compares with words as literals."""

        def operate(self, op: OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:  # noqa: ANN401 - as SQLAlchemy's
            """Put literals in the place of words."""
            return super().operate(op, *map(_written_out, other), **kwargs)

    comparator_factory = Comparator


def _written_out(other: object) -> object:
    if isinstance(other, str):
        return bindparam(None, str(other), Text, literal_execute=True, unique=True)
    if isinstance(other, Collection):
        words = sorted(map(str, other))
        return bindparam(None, words, Text, expanding=True, literal_execute=True, unique=True)
    return other


class TenantOwned:
    """A row that belongs to one tenant."""

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)


class JobResult:
    """What a job makes: a row that is there from the beginning of the job and ends with it."""

    id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(Word)
    job_id: Mapped[str] = mapped_column(index=True)
    sealed_key: Mapped[bytes | None]  # destroyed at the end: the bytes in the store are noise
    store_id: Mapped[str | None] = mapped_column(ForeignKey("customer_stores.id"))  # None: ours
    error: Mapped[Json | None]


class Installation(Table):
    """The one row about the installation as a whole; see `canary` and `root_key`."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(SmallInteger, CheckConstraint("id = 1"), primary_key=True)
    sealed_canary: Mapped[bytes]
    sealed_root: Mapped[bytes | None]  # None: the first master key is the root key
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class Tenant(Table):
    """A company with access."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(primary_key=True)
    company_name: Mapped[str]
    contact_email: Mapped[str]
    status: Mapped[str] = mapped_column(Word)
    max_rows_per_request: Mapped[int]
    subscription_rows: Mapped[int | None]  # of one window; None: as many as it likes
    subscription_window_days: Mapped[int] = mapped_column(server_default=text("30"))
    retention_hours: Mapped[int | None]  # of new datasets and generations; None: the policy's
    max_stored_bytes: Mapped[int | None]  # None, here and below: what the settings say
    max_trainings: Mapped[int | None]
    max_uploads: Mapped[int | None]
    max_downloads: Mapped[int | None]
    sealed_key: Mapped[bytes]  # the tenant key, sealed by the installation's
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class CustomerStore(Table, TenantOwned):
    """A bucket and a key of a tenant's own; see `stores`.

    A tenant has one at a time. Those it had before stay as long as something lies there.
    """

    __tablename__ = "customer_stores"
    __table_args__ = (
        Index(
            "customer_stores_current",
            "tenant_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    location: Mapped[Json]  # as `stores.location.Location`; no secret
    holds_studies: Mapped[bool]  # seed files and models, beside artifacts
    sealed_credentials: Mapped[bytes | None]  # None: those of the service itself
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    checked_at: Mapped[Timestamp] = mapped_column(
        server_default=NOW
    )  # the last time that writing and reading worked
    ended_at: Mapped[Timestamp | None]


class Client(Table):
    """A machine credential of a tenant."""

    __tablename__ = "clients"

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    secret_hash: Mapped[bytes]
    pending_secret_hash: Mapped[bytes | None]  # of a rotation, until its claim is redeemed
    name: Mapped[str | None]  # for people; None: of the tenant's first client
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(Text))  # None: all that there are
    tokens_valid_from: Mapped[Timestamp | None]  # a whole second; earlier tokens are refused
    last_minted_at: Mapped[Timestamp | None]
    last_rotated_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    revoked_at: Mapped[Timestamp | None]


class Signup(Table):
    """A company's request for access."""

    __tablename__ = "signups"
    __table_args__ = (
        Index(
            "signups_alive",
            "email_key",
            unique=True,
            postgresql_where=text("status IN ('pending', 'approved')"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    company_name: Mapped[str]
    contact_email: Mapped[str]
    email_key: Mapped[str]  # the address as it is compared
    status: Mapped[str] = mapped_column(Word)
    repeats: Mapped[int] = mapped_column(server_default=text("0"))
    tenant_id: Mapped[str | None] = mapped_column(ForeignKey("tenants.id"))
    client_id: Mapped[str | None]
    claim_id: Mapped[str | None]  # None too if the operator hands the claim token over
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    decided_at: Mapped[Timestamp | None]


class CredentialClaim(Table):
    """A secret that waits for its one delivery; see `credentials.claims`."""

    __tablename__ = "credential_claims"

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), index=True)
    is_rotation: Mapped[bool]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    sealed_token: Mapped[bytes | None]  # destroyed, like the secret, on redemption or expiry
    sealed_secret: Mapped[bytes | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    expires_at: Mapped[Timestamp]
    redeemed_at: Mapped[Timestamp | None]


class CredentialRotation(Table, TenantOwned):
    """A client's request for a new secret."""

    __tablename__ = "credential_rotations"
    __table_args__ = (
        Index("credential_rotations_idempotency_key", "client_id", "idempotency_key", unique=True),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"))
    idempotency_key: Mapped[str | None]
    claim_id: Mapped[str] = mapped_column(ForeignKey("credential_claims.id"))
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class Throttle(Table):
    """How far someone has used up a limit; see `http.throttling`."""

    __tablename__ = "throttles"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    full_at: Mapped[Timestamp]


class SigningKey(Table):
    """An RSA key of the token issuer: all verify, and the newest that every process knows signs."""

    __tablename__ = "signing_keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    sealed_private_key: Mapped[bytes]
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class Dataset(Table, TenantOwned, JobResult):
    """A study: an uploaded seed file and the model fitted to it."""

    __tablename__ = "datasets"

    display_name: Mapped[str | None]
    format: Mapped[str]
    options: Mapped[Json | None]  # column types, columns to keep and drop, sheet
    seed_bytes: Mapped[int]
    seed_sha256: Mapped[str]
    row_count: Mapped[int | None]
    column_count: Mapped[int | None]
    # Megabytes, of a wide study, whose parsing would hold up all other requests of the process: who
    # needs it asks for it, see `datasets.repository.schema_text`.
    published_schema: Mapped[Json | None] = mapped_column(deferred=True, deferred_raiseload=True)
    model_path: Mapped[str | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    ready_at: Mapped[Timestamp | None]
    expires_at: Mapped[Timestamp] = mapped_column(index=True)
    announced_expiry: Mapped[Timestamp | None]  # the end that webhooks were told of
    deleted_at: Mapped[Timestamp | None]


class ScenarioFit(Table, TenantOwned):
    """What was fitted for scenarios on some columns of a dataset; see `datasets.scenario_fits`."""

    __tablename__ = "scenario_fits"

    dataset_id: Mapped[str] = mapped_column(
        ForeignKey("datasets.id", ondelete="CASCADE"), primary_key=True
    )
    columns: Mapped[str] = mapped_column(primary_key=True)  # a digest of their names
    version: Mapped[str] = mapped_column(primary_key=True)  # of the engine that fitted
    path: Mapped[str]
    refits: Mapped[int] = mapped_column(server_default="0")  # for margins of error, that are in it
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    last_used_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class SavedScenario(Table, TenantOwned):
    """A scenario that somebody keeps under a name; see `studio.scenarios`."""

    __tablename__ = "saved_scenarios"
    __table_args__ = (UniqueConstraint("dataset_id", "name", name="saved_scenarios_name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id", ondelete="CASCADE"))
    name: Mapped[str]
    state: Mapped[str]  # as the address of the builder says it
    saved_by: Mapped[str]  # id of the person
    saved_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class Generation(Table, TenantOwned, JobResult):
    """Synthetic rows asked of a dataset's model, and the artifact that holds them."""

    __tablename__ = "generations"

    dataset_id: Mapped[str] = mapped_column(ForeignKey("datasets.id"), index=True)
    row_count: Mapped[int]
    output_format: Mapped[str]
    output_layout: Mapped[str] = mapped_column(server_default="schema")
    output_values: Mapped[str] = mapped_column(server_default="labels")
    copy_of: Mapped[str | None] = mapped_column(index=True)  # whose rows it has in another format
    seed: Mapped[int]
    conditions: Mapped[Json]
    rows_generated: Mapped[int | None]
    report: Mapped[Json | None]
    margins_asked: Mapped[str | None]
    margins: Mapped[Json | None] = mapped_column(deferred=True)  # of a wide study it is long
    figures: Mapped[Json | None] = mapped_column(deferred=True)  # of the full report; likewise
    support_weight: Mapped[bool] = mapped_column(server_default=text("false"))
    artifact_path: Mapped[str | None]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    ready_at: Mapped[Timestamp | None]
    expires_at: Mapped[Timestamp] = mapped_column(index=True)


class Job(Table, TenantOwned):
    """Work done for a tenant in the background.

    `attempt_token` fences: only the holder of the current token may write, so a worker that
    stalled, lost its job and woke up again changes nothing. Statuses change in
    `jobs.transitions` alone; `admitted_at` says since when the job has a queue entry.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "jobs_idempotency_key",
            "tenant_id",
            "operation",
            "idempotency_key",
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index(
            "jobs_open",
            "tenant_id",
            "operation",
            "created_at",
            postgresql_where=text("status IN ('queued', 'processing')"),
        ),
        Index("jobs_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index("jobs_listed", "tenant_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str]
    status: Mapped[str] = mapped_column(Word)
    dataset_id: Mapped[str] = mapped_column(index=True)
    generation_id: Mapped[str | None]
    idempotency_key: Mapped[str | None]
    stage: Mapped[str] = mapped_column(server_default=text("'queued'"))
    progress: Mapped[float] = mapped_column(server_default=text("0"))
    step: Mapped[int | None]
    steps: Mapped[int | None]
    attempt: Mapped[int] = mapped_column(server_default=text("0"))
    excused_attempts: Mapped[int] = mapped_column(server_default=text("0"))  # we were at fault
    attempt_token: Mapped[str | None]
    request_id: Mapped[str | None]
    error: Mapped[Json | None]
    asked: Mapped[Json | None]  # of a job that has no other row: what is to be answered
    answer: Mapped[Json | None]  # what came of it, for a short time
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    admitted_at: Mapped[Timestamp | None]
    started_at: Mapped[Timestamp | None]
    ended_at: Mapped[Timestamp | None]


class UsageWindow(Table, TenantOwned):
    """A window of a tenant's subscription and its balance; see `usage.windows`."""

    __tablename__ = "usage_windows"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    starts_at: Mapped[Timestamp] = mapped_column(primary_key=True)
    ends_at: Mapped[Timestamp]
    rows_reserved: Mapped[int] = mapped_column(server_default=text("0"))
    rows_used: Mapped[int] = mapped_column(server_default=text("0"))


class UsageEntry(Table, TenantOwned):
    """One entry of the ledger of rows; see `usage.ledger`. Added and read, never changed."""

    __tablename__ = "usage_entries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "window_starts_at"],
            ["usage_windows.tenant_id", "usage_windows.starts_at"],
        ),
        Index("ix_usage_entries_window", "tenant_id", "window_starts_at"),
        Index(
            "usage_entries_one_reservation",
            "generation_id",
            unique=True,
            postgresql_where=text("kind = 'reserved'"),
        ),
        Index(
            "usage_entries_one_closing",
            "generation_id",
            unique=True,
            postgresql_where=text("kind IN ('settled', 'released')"),
        ),
    )

    number: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    generation_id: Mapped[str]  # outlasts the generation
    window_starts_at: Mapped[Timestamp]
    kind: Mapped[str] = mapped_column(Word)
    reserved_delta: Mapped[int]
    used_delta: Mapped[int]
    at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class IdempotencyKey(Table, TenantOwned):
    """A key of a POST: leased to the request that is under way, then bound to its job."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes | None]
    job_id: Mapped[str | None] = mapped_column(index=True)
    lease_token: Mapped[str | None]
    leased_until: Mapped[Timestamp | None]
    expires_at: Mapped[Timestamp] = mapped_column(index=True)


class StoredObject(Table, TenantOwned):
    """An object in the store, or one that may be there; see `objects`."""

    __tablename__ = "objects"
    __table_args__ = (
        Index("objects_unkept", "changed_at", postgresql_where=text("state <> 'kept'")),
    )

    path: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str] = mapped_column(index=True)
    store_id: Mapped[str | None] = mapped_column(ForeignKey("customer_stores.id"))  # its owner's
    state: Mapped[str] = mapped_column(Word)
    changed_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class Webhook(Table, TenantOwned):
    """An address that events of a tenant are posted to; see `webhooks`.

    It acts for the client that made it, and ends with it.
    """

    __tablename__ = "webhooks"
    __table_args__ = (Index("webhooks_url", "tenant_id", "url", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("clients.id"), index=True)
    url: Mapped[str]  # may hold a secret of the customer's: not for logs
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    description: Mapped[str | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    failing_since: Mapped[Timestamp | None]  # the first failure since the last success
    disabled_at: Mapped[Timestamp | None]
    disabled_reason: Mapped[str | None] = mapped_column(Word)


class WebhookSecret(Table, TenantOwned):
    """A key that signs what is posted to a webhook: the present one, or one that was replaced."""

    __tablename__ = "webhook_secrets"

    id: Mapped[str] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(
        ForeignKey("webhooks.id", ondelete="CASCADE"), index=True
    )
    sealed_secret: Mapped[bytes]
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    signs_until: Mapped[Timestamp | None]  # None: it is the present one


class WebhookDelivery(Table, TenantOwned):
    """An event on its way to one webhook.

    The number of attempts fences as a job's token does: who took it for one attempt and was lost
    for long records nothing once another one has begun. `next_attempt_at` is a lease meanwhile.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("webhook_deliveries_of", "webhook_id", "created_at", "id"),
        Index(
            "webhook_deliveries_waiting",
            "webhook_id",
            "next_attempt_at",
            "id",
            postgresql_where=text("status = 'waiting'"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)  # the receiver's `webhook-id`
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event: Mapped[str]
    body: Mapped[str]  # as it is signed and posted
    status: Mapped[str] = mapped_column(Word)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW, index=True)
    next_attempt_at: Mapped[Timestamp]
    last_attempt_at: Mapped[Timestamp | None]
    ended_at: Mapped[Timestamp | None]
    response_status: Mapped[int | None]
    failure: Mapped[str | None]


class OperatorAccount(Table):
    """Who may use the operator's page."""

    __tablename__ = "operator_accounts"

    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]  # argon2id
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    password_set_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    totp_secret: Mapped[bytes | None]  # sealed; None where there is no second factor
    totp_step: Mapped[int | None]  # of the last code, which is not good again


class OperatorRecoveryCode(Table):
    """Stands in once for the second factor of an account; kept as a keyed hash."""

    __tablename__ = "operator_recovery_codes"

    code_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_name: Mapped[str] = mapped_column(
        ForeignKey("operator_accounts.name", ondelete="CASCADE"), index=True
    )


class OperatorSession(Table):
    """A browser that is signed in; the cookie's token is kept as a keyed hash."""

    __tablename__ = "operator_sessions"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    account_name: Mapped[str] = mapped_column(
        ForeignKey("operator_accounts.name", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    seen_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class Person(Table):
    """Somebody of a tenant who may use the study page; see `people.accounts`."""

    __tablename__ = "people"
    __table_args__ = (
        Index(
            "people_alive",
            "email_key",
            unique=True,
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    email: Mapped[str]
    email_key: Mapped[str]  # the address as it is compared
    password_hash: Mapped[str | None]  # argon2id; None: has no password, or none yet
    issuer_subject: Mapped[str | None]  # who they are to the issuer that they sign in with
    invitation_hash: Mapped[bytes | None] = mapped_column(unique=True)  # None once it is used
    invitation_ends_at: Mapped[Timestamp | None]
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    joined_at: Mapped[Timestamp | None]  # the first time that they could sign in
    removed_at: Mapped[Timestamp | None]


class PersonSession(Table):
    """A browser in which a person of a tenant is signed in; the token is kept as a keyed hash."""

    __tablename__ = "person_sessions"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    seen_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class Worker(Table):
    """A worker process; see `jobs.workers`."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    layers: Mapped[list[str]] = mapped_column(ARRAY(Text))  # that confine its jobs
    started_at: Mapped[Timestamp] = mapped_column(server_default=NOW)
    seen_at: Mapped[Timestamp] = mapped_column(server_default=NOW)


class AuditEntry(Table):
    """One entry of the audit trail; see `audit.trail`. Rows are added and read, never changed."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_tenant_id", "tenant_id", "number"),
        Index("ix_audit_entries_subject_id", "subject_id", "number"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[Timestamp] = mapped_column(index=True)
    actor_kind: Mapped[str]
    actor_id: Mapped[str | None]
    action: Mapped[str]
    subject_id: Mapped[str | None]
    tenant_id: Mapped[str | None]
    request_id: Mapped[str | None]
    outcome: Mapped[str]
    details: Mapped[Json]
    previous_hash: Mapped[bytes]
    hash: Mapped[bytes]
