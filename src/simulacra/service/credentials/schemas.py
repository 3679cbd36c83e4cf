"""Bodies of claims and rotations."""

import datetime as dt
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from simulacra.service.credentials import claims, rotations
from simulacra.service.database import tables
from simulacra.service.fields import Text
from simulacra.service.identity import clients, provider

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


class ClientDocument(BaseModel):
    """A client of the tenant; its secret is not shown."""

    client_id: str
    name: str | None = Field(description="What it is for; null: the tenant's first client.")
    scopes: list[str] = Field(description="What its tokens may grant.")
    created_at: dt.datetime
    last_minted_at: dt.datetime | None = Field(
        description="When it last minted a token here; null: never, or at another issuer."
    )
    last_rotated_at: dt.datetime | None = Field(
        description="When a new secret last took the place of an old one."
    )
    revoked_at: dt.datetime | None


class ClientListDocument(BaseModel):
    """The clients of a tenant."""

    clients: list[ClientDocument]


def client_document(client: tables.Client) -> ClientDocument:
    """Return a client as published."""
    return ClientDocument(
        client_id=client.id,
        name=client.name,
        scopes=list(clients.scopes_of(client)),
        created_at=client.created_at,
        last_minted_at=client.last_minted_at,
        last_rotated_at=client.last_rotated_at,
        revoked_at=client.revoked_at,
    )


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
