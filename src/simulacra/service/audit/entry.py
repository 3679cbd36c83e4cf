"""What one entry of the audit trail may say.

Everything is an identifier that we made, a number, or a word of a closed set. There is no field for
free text, so a name, a cell value or a secret has nowhere to go.
"""

import dataclasses
import enum
import re
from collections.abc import Mapping

from simulacra.engine import formats
from simulacra.service.database.statuses import DisabledReason
from simulacra.service.errors import catalog

PERSON_PREFIX = "per_"
"""What the ids of people begin with."""
IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


class Action(enum.StrEnum):
    """What was done, as noun and past participle."""

    SIGNUP_REQUESTED = "signup.requested"
    SIGNUP_APPROVED = "signup.approved"
    SIGNUP_DECLINED = "signup.declined"
    CLAIM_REDEEMED = "claim.redeemed"
    CLAIM_REFUSED = "claim.refused"
    CLAIM_EXPIRED = "claim.expired"
    ROTATION_REQUESTED = "rotation.requested"
    ROTATION_COMPLETED = "rotation.completed"
    ROTATION_REFUSED = "rotation.refused"
    CLIENT_CREATED = "client.created"
    CLIENT_REVOKED = "client.revoked"
    TOKEN_MINTED = "token.minted"  # noqa: S105 - the name of an action
    TOKENS_REVOKED = "client.tokens_revoked"
    TOKEN_REFUSED = "token.refused"  # noqa: S105 - the name of an action
    DATASET_CREATED = "dataset.created"
    DATASET_READY = "dataset.ready"
    DATASET_FAILED = "dataset.failed"
    DATASET_EXTENDED = "dataset.extended"
    DATASET_DELETED = "dataset.deleted"
    DATASET_EXPIRED = "dataset.expired"
    GENERATION_CREATED = "generation.created"
    GENERATION_READY = "generation.ready"
    GENERATION_FAILED = "generation.failed"
    GENERATION_EXPIRED = "generation.expired"
    PREVIEW_FAILED = "preview.failed"
    VALIDATION_CREATED = "validation.created"
    VALIDATION_READY = "validation.ready"
    VALIDATION_FAILED = "validation.failed"
    TABULATION_FAILED = "tabulation.failed"
    ARTIFACT_DOWNLOADED = "artifact.downloaded"
    JOB_VIEWED = "job.viewed"
    JOB_RETRIED = "job.retried"
    WEBHOOK_CREATED = "webhook.created"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated"  # noqa: S105 - the name of an action
    WEBHOOK_ENABLED = "webhook.enabled"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_DELETED = "webhook.deleted"
    WEBHOOK_VIEWED = "webhook.viewed"
    TENANT_CREATED = "tenant.created"
    TENANT_SUSPENDED = "tenant.suspended"
    TENANT_REACTIVATED = "tenant.reactivated"
    TENANT_CHANGED = "tenant.changed"
    STORAGE_CHANGED = "tenant.storage_changed"
    STORAGE_REMOVED = "tenant.storage_removed"
    TENANT_VIEWED = "tenant.viewed"
    SIGNING_KEY_ROTATED = "signing_key.rotated"
    MASTER_KEY_ROTATED = "master_key.rotated"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_CHANGED = "account.changed"
    ACCOUNT_REMOVED = "account.removed"
    SECOND_FACTOR_ENABLED = "account.second_factor_enabled"
    SECOND_FACTOR_DISABLED = "account.second_factor_disabled"
    RECOVERY_CODE_USED = "account.recovery_code_used"
    SESSION_OPENED = "session.opened"
    SESSION_REFUSED = "session.refused"
    SESSION_CLOSED = "session.closed"
    PERSON_INVITED = "person.invited"
    PERSON_JOINED = "person.joined"
    PERSON_REMOVED = "person.removed"
    BACKUP_CREATED = "backup.created"
    BACKUP_RESTORED = "backup.restored"
    AUDIT_EXPORTED = "audit.exported"
    AUDIT_VIEWED = "audit.viewed"


LOOKS = frozenset(
    {Action.TENANT_VIEWED, Action.JOB_VIEWED, Action.WEBHOOK_VIEWED, Action.AUDIT_VIEWED}
)
"""What operators looked at: on record, and left out where one wants to see what was done."""


class Outcome(enum.StrEnum):
    """How it ended."""

    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    FAILED = "failed"


class ActorKind(enum.StrEnum):
    """Who acts."""

    OPERATOR = "operator"
    CLIENT = "client"
    PERSON = "person"
    SYSTEM = "system"
    ANONYMOUS = "anonymous"


class Detail(enum.StrEnum):
    """What a number or word of an entry means."""

    BYTES = "bytes"
    CODE = "code"
    COLUMNS = "columns"
    COUNT = "count"
    FORMAT = "format"
    MAX_DOWNLOADS = "max_downloads"
    MAX_ROWS_PER_REQUEST = "max_rows_per_request"
    MAX_STORED_BYTES = "max_stored_bytes"
    MAX_TRAININGS = "max_trainings"
    MAX_UPLOADS = "max_uploads"
    REASON = "reason"
    RETENTION_HOURS = "retention_hours"
    ROWS = "rows"
    SUBSCRIPTION_ROWS = "subscription_rows"
    SUBSCRIPTION_WINDOW_DAYS = "subscription_window_days"


class Reason(enum.StrEnum):
    """Why something was refused, or done, where no code of the catalog says it."""

    INVALID_TOKEN = "invalid_token"  # noqa: S105 - a word of RFC 6750
    INACTIVE = "inactive"
    INSUFFICIENT_SCOPE = "insufficient_scope"
    INVALID_CLIENT = "invalid_client"
    INVALID_CREDENTIALS = "invalid_credentials"
    INVALID_CODE = "invalid_code"
    OTHER_TENANT = "other_tenant"
    EXPIRED = "expired"
    CONSUMED = "consumed"


UNSET = "unset"
"""In place of a limit that was taken off."""
FORMATS = frozenset({"arrow", "csv-excel", *formats.Format})
WORDS = frozenset({*catalog.CATALOG, *Reason, *DisabledReason, *FORMATS, UNSET})

Details = Mapping[Detail, int | str]
"""Numbers, and words of `WORDS`."""


@dataclasses.dataclass(frozen=True)
class Actor:
    """Who acts: a kind, and which one where there are several."""

    kind: ActorKind
    id: str | None = None


SYSTEM = Actor(ActorKind.SYSTEM)
ANONYMOUS = Actor(ActorKind.ANONYMOUS)


def client(client_id: str) -> Actor:
    """Return a tenant's client as an actor."""
    return Actor(ActorKind.CLIENT, client_id)


def person(person_id: str) -> Actor:
    """Return a person of a tenant, who uses the study page, as an actor."""
    return Actor(ActorKind.PERSON, person_id)


def caller(identifier: str) -> Actor:
    """Return whom a request is of, a client or a person of a tenant, as an actor."""
    is_person = identifier.startswith(PERSON_PREFIX)
    return person(identifier) if is_person else client(identifier)


def operator(name: str) -> Actor:
    """Return an operator as an actor: an account of the page, or `cli:` and one of the machine."""
    return Actor(ActorKind.OPERATOR, name)


@dataclasses.dataclass(frozen=True)
class Entry:
    """What the caller of `trail.record` has to say; the chain adds number, time and hashes.

    Raises:
        ValueError: something in it could be free text.
    """

    actor: Actor
    action: Action
    subject_id: str | None
    tenant_id: str | None
    request_id: str | None
    outcome: Outcome
    details: Details

    def __post_init__(self) -> None:
        for name in ("subject_id", "tenant_id", "request_id"):
            _check_identifier(name, getattr(self, name))
        _check_identifier("actor", self.actor.id)
        for key, value in self.details.items():
            if isinstance(value, str) and value not in WORDS:
                raise ValueError(f"the detail {key} is no word of the audit trail")


def _check_identifier(name: str, value: str | None) -> None:
    if value is not None and not IDENTIFIER.fullmatch(value):
        raise ValueError(f"{name} of an audit entry is no identifier")
