"""Bodies of the token endpoint (RFC 6749, section 4.4)."""

from pydantic import BaseModel, Field

from simulacra.service.http.texts import Text


class TokenRequest(BaseModel):
    """Client credentials; JSON or form, or the credentials in a Basic header."""

    grant_type: Text = Field(examples=["client_credentials"])
    client_id: Text | None = None
    client_secret: Text | None = None
    audience: Text | None = None
    scope: Text | None = Field(None, description="Fewer scopes than the client has, by spaces.")


class TokenResponse(BaseModel):
    """An access token."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(description="Seconds.")
    scope: str


class TokenError(BaseModel):
    """RFC 6749, section 5.2."""

    error: str
    error_description: str
