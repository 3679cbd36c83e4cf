"""Bodies of claims and rotations."""

import datetime as dt
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from simulacra.service.credentials import claims, rotations
from simulacra.service.fields import Text
from simulacra.service.identity import provider

MAX_TOKEN_LENGTH = 256


class ClaimRequest(BaseModel):
    """The token of a claim."""

    model_config = ConfigDict(extra="forbid")

    claim_token: Text = Field(
        min_length=1,
        max_length=MAX_TOKEN_LENGTH,
        description="The credential_claim_token of an approved signup or of a rotation.",
    )


class CredentialDocument(BaseModel):
    """A client's credential and where it is used. It is shown this once: store it now."""

    client_id: str
    client_secret: str
    token_url: str
    audience: str
    grant_type: str = "client_credentials"


class RotationStatus(StrEnum):
    """States of a rotation."""

    PENDING = "pending"
    COMPLETED = "completed"
    EXPIRED = "expired"


class RotationDocument(BaseModel):
    """A rotation of a client's secret."""

    rotation_id: str
    status: RotationStatus
    client_id: str
    credential_claim_token: str | None = Field(
        None, description="Exchange it at POST /v1/credential-claims, once."
    )
    created_at: dt.datetime


STATUSES = {
    claims.State.OPEN: RotationStatus.PENDING,
    claims.State.REDEEMED: RotationStatus.COMPLETED,
    claims.State.EXPIRED: RotationStatus.EXPIRED,
}


def credential_document(
    delivery: claims.Delivery, identity: provider.Provider
) -> CredentialDocument:
    """Return a delivery as published."""
    return CredentialDocument(
        client_id=delivery.client_id,
        client_secret=delivery.client_secret,
        token_url=identity.token_url,
        audience=identity.audience,
    )


def rotation_document(rotation: rotations.Rotation) -> RotationDocument:
    """Return a rotation as published."""
    return RotationDocument(
        rotation_id=rotation.row.id,
        status=STATUSES[rotation.state],
        client_id=rotation.row.client_id,
        credential_claim_token=rotation.token,
        created_at=rotation.row.created_at,
    )
