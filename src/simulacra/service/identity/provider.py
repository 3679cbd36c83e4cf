"""The port to whoever issues credentials and tokens: our own issuer, or an Auth0 tenant."""

import dataclasses
import datetime as dt
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service.identity import principal


@dataclasses.dataclass(frozen=True)
class Credential:
    """A client and its secret, which is not kept."""

    client_id: str
    client_secret: str = dataclasses.field(repr=False)


class Provider(Protocol):
    """Issues the credentials of tenants and tells whose token a request carries.

    Whatever takes a session writes its rows in the caller's transaction, so that a client exists
    if what it belongs to does. Any of it may raise `errors.ProviderError`.
    """

    @property
    def token_url(self) -> str:
        """Where clients mint their tokens."""

    @property
    def audience(self) -> str:
        """The ``aud`` of their tokens."""

    @property
    def issues_tokens(self) -> bool:
        """Whether the token endpoint and the public keys are this service's own."""

    async def create_client(self, session: AsyncSession, tenant_id: str, name: str) -> Credential:
        """Make a client that may call this API; `name` is for people."""

    async def begin_rotation(self, session: AsyncSession, client_id: str) -> str:
        """Return a new secret of a client; who calls has locked the client's row."""

    async def complete_rotation(
        self, session: AsyncSession, client_id: str, begun_at: dt.datetime
    ) -> None:
        """Let the newest secret work, and no other, now that it has been delivered.

        Tokens that were minted with the old one are refused from now on.
        """

    async def revoke_client(self, session: AsyncSession, client_id: str) -> None:
        """Refuse a client from its next request on."""

    async def verify(self, token: str) -> principal.Principal:
        """Return the caller behind a token.

        Raises:
            verification.InvalidTokenError: it does not identify an active client.
        """

    async def tidy(self) -> None:
        """Destroy what is not needed any more; called now and then."""

    async def open(self) -> None:
        """Get ready before the first request."""

    async def close(self) -> None:
        """Finish what is under way and close connections."""
