"""What is true of this installation, for its documents."""

import dataclasses
import datetime as dt
from importlib.metadata import version

from simulacra.service import policy
from simulacra.service.runtime import Runtime


@dataclasses.dataclass(frozen=True)
class Facts:
    """The figures and addresses that texts quote.

    Attributes:
        base_url: of the API.
        token_url: where clients mint their tokens.
        audience: of their tokens.
        support: whom customers write to; None: the operator has not said.
        version: of the software.
        signup_poll_seconds: between two questions whether a request for access was decided on.
        claim_hours: that a claim token lives.
        fresh_token_minutes: how old a token may be with which a client asks for a new secret.
        max_rotations: of a client within `rotation_hours`.
    """

    base_url: str
    token_url: str
    audience: str
    support: str | None
    version: str
    retention_hours: int
    max_retention_days: int
    link_minutes: int
    max_upload_bytes: int
    max_rows_per_request: int
    signup_poll_seconds: int
    claim_hours: int
    fresh_token_minutes: int
    max_rotations: int
    rotation_hours: int


def of(runtime: Runtime) -> Facts:
    """Return the facts of an installation."""
    figures = runtime.policy
    return Facts(
        base_url=figures.base_url,
        token_url=runtime.identity.token_url,
        audience=runtime.identity.audience,
        support=figures.support_contact,
        version=version("simulacra"),
        retention_hours=figures.retention // policy.HOUR,
        max_retention_days=policy.MAX_RETENTION.days,
        link_minutes=figures.artifact_link // dt.timedelta(minutes=1),
        max_upload_bytes=figures.max_upload_bytes,
        max_rows_per_request=figures.max_rows_per_request,
        signup_poll_seconds=policy.SIGNUP_POLL // dt.timedelta(seconds=1),
        claim_hours=runtime.claims.lifetime // policy.HOUR,
        fresh_token_minutes=policy.FRESH_TOKEN // dt.timedelta(minutes=1),
        max_rotations=policy.MAX_ROTATIONS,
        rotation_hours=policy.ROTATION_WINDOW // policy.HOUR,
    )
