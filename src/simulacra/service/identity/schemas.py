"""Bodies of the token endpoint (RFC 6749, section 4.4)."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from simulacra.service.fields import Text
from simulacra.service.identity.principal import SCOPES


class TokenRequest(BaseModel):
    """Client credentials; JSON or form, or the credentials in a Basic header."""

    grant_type: Text = Field(examples=["client_credentials"])
    client_id: Text | None = None
    client_secret: Text | None = None
    audience: Text | None = Field(
        default=None, description="As the claim answered; it may be left out."
    )
    scope: Text | None = Field(None, description="Fewer scopes than the client has, by spaces.")


class TokenResponse(BaseModel):
    """An access token."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds.")
    scope: str = Field(description="What the token grants, separated by spaces.")


TokenFault = Literal[
    "invalid_request",
    "invalid_client",
    "invalid_scope",
    "unsupported_grant_type",
    "access_denied",
    "too_many_requests",
]


class TokenError(BaseModel):
    """RFC 6749, section 5.2."""

    error: TokenFault
    error_description: str


class KeyDocument(BaseModel):
    """A public RSA key (RFC 7517)."""

    model_config = ConfigDict(extra="allow")

    kty: str
    kid: str
    use: str
    alg: str
    n: str
    e: str


class KeysDocument(BaseModel):
    """The keys of the token issuer."""

    keys: list[KeyDocument]


class IssuerDocument(BaseModel):
    """Metadata of the token issuer: it serves client credentials and nothing else."""

    issuer: str
    token_endpoint: str
    jwks_uri: str
    grant_types_supported: tuple[str, ...] = ("client_credentials",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = (
        "client_secret_post",
        "client_secret_basic",
    )
    scopes_supported: tuple[str, ...] = SCOPES
    response_types_supported: tuple[str, ...] = ("token",)
    subject_types_supported: tuple[str, ...] = ("public",)
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
