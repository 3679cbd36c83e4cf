"""Bodies of requests for access."""

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from simulacra.service.database import tables
from simulacra.service.fields import Text
from simulacra.service.signups import service
from simulacra.service.signups.service import SignupStatus

MAX_NAME, MAX_EMAIL = 200, 254
ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")


def _address(given: str) -> str:
    """Take what has the form of an address; whether it is one, a person finds out."""
    given = given.strip()
    if not ADDRESS.fullmatch(given) or not given.isprintable():
        raise ValueError("give an e-mail address such as data-science@acme.example")
    return given


def _named(given: str) -> str:
    given = " ".join(given.split())
    if not given or not given.isprintable():
        raise ValueError("give the company's name")
    return given


class SignupRequest(BaseModel):
    """Who asks for access."""

    model_config = ConfigDict(extra="forbid")

    company_name: Annotated[Text, Field(max_length=MAX_NAME), AfterValidator(_named)] = Field(
        examples=["Acme Research"]
    )
    contact_email: Annotated[Text, Field(max_length=MAX_EMAIL), AfterValidator(_address)] = Field(
        examples=["data-science@acme.example"],
        description="One address has one request; asking again finds it.",
    )


class SignupDocument(BaseModel):
    """A request for access."""

    request_id: str
    status: SignupStatus
    created_at: dt.datetime
    decided_at: dt.datetime | None = None
    client_id: str | None = Field(default=None, description="Once approved.")
    credential_claim_token: str | None = Field(
        default=None,
        description="Once approved, until it is redeemed at POST /v1/credential-claims or expires.",
    )


def document(signup: service.Signup) -> SignupDocument:
    """Return a request as published."""
    row = signup.row
    return SignupDocument(
        request_id=row.id,
        status=SignupStatus(row.status),
        created_at=row.created_at,
        decided_at=row.decided_at,
        client_id=row.client_id,
        credential_claim_token=signup.claim_token,
    )


def receipt(row: tables.Signup) -> SignupDocument:
    """Return what asking for access answers: nothing that is for the contact alone."""
    return SignupDocument(
        request_id=row.id, status=SignupStatus(row.status), created_at=row.created_at
    )
