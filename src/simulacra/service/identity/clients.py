"""Client credentials in the database: whose they are, and their check."""

import dataclasses
import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BigInteger, Text, bindparam, cast, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.service import errors, keys, tenancy
from simulacra.service.database import paging, tables
from simulacra.service.database.prepared import Prepared
from simulacra.service.identity import principal, verification

CLIENT_ID_LENGTH = 32
SECRET_LENGTH = 64

_IS_ACTIVE = (
    tables.Client.id == bindparam("client", None, Text),
    tables.Client.revoked_at.is_(None),
    tables.Client.tenant_id.in_(select(tables.Tenant.id).where(tables.Tenant.status == "active")),
)
_VALID_FROM = func.coalesce(func.extract("epoch", tables.Client.tokens_valid_from), 0)
_STANDING = Prepared(
    select(
        func.jsonb_build_object(
            *("tenant_id", tables.Client.tenant_id),
            *("scopes", tables.Client.scopes),
            *("valid_from", cast(_VALID_FROM, BigInteger)),
        )
    ).where(*_IS_ACTIVE)
)
"""Every request asks it."""
_MINT = (
    update(tables.Client)
    .where(*_IS_ACTIVE, tables.Client.secret_hash == bindparam("stored"))
    .values(last_minted_at=func.clock_timestamp())
    .returning(
        func.jsonb_build_object(
            *("tenant_id", tables.Client.tenant_id),
            *("scopes", tables.Client.scopes),
            "issued_at",
            cast(
                func.greatest(
                    func.floor(func.extract("epoch", func.clock_timestamp())), _VALID_FROM
                ),
                BigInteger,
            ),
        )
    )
)
"""It waits for a rotation that is just being completed, and then finds another secret."""

_SECOND = dt.timedelta(seconds=1)
AFTER_ALL_TOKENS = func.greatest(
    func.date_trunc("second", func.clock_timestamp()) + _SECOND,
    tables.Client.tokens_valid_from + _SECOND,
)
"""The `tokens_valid_from` that ends the tokens a client has: ``iat`` has whole seconds.

`_MINT` gives the next token this very ``iat``, so that it counts at once.
"""


@dataclasses.dataclass(frozen=True)
class Grant:
    """What an authenticated client may have in a token.

    Attributes:
        tenant_id: whose client it is.
        scopes: at most these.
        issued_at: the token's ``iat``, by the database's clock.
    """

    tenant_id: str
    scopes: tuple[str, ...]
    issued_at: int


class Clients:
    """The machine credentials of all tenants."""

    def __init__(self, database: tenancy.Database, keyring: keys.Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def owner_of(self, client_id: str) -> str | None:
        """Return the tenant of a client that there is or was, active or not."""
        tenant_id: str | None = await self._database.look_up(
            select(tables.Client.tenant_id).where(tables.Client.id == client_id)
        )
        return tenant_id

    async def identify(self, claims: dict[str, Any]) -> principal.Principal:
        """Return the caller whom verified claims name.

        Raises:
            verification.InvalidTokenError: the client or its tenant is not active, or the token
                was issued before those that count.
        """
        client_id, issued_at = str(claims["azp"]), int(claims["iat"])
        found = await self._database.look_up(_STANDING, {"client": client_id})
        if found is None:
            raise verification.InvalidTokenError(
                "the client of this token is not active", client_id
            )
        if issued_at < found["valid_from"]:
            raise verification.InvalidTokenError(
                "the token was issued before the client's secret was replaced, or its tokens were "
                "revoked",
                client_id,
            )
        granted = frozenset(_scopes(found["scopes"]))
        scopes = granted.intersection(str(claims.get("scope", "")).split())
        return principal.Principal(found["tenant_id"], client_id, scopes, granted, issued_at)

    async def authenticate(self, client_id: str, secret: str) -> Grant | None:
        """Return what a token may grant if the secret is right and client and tenant are active.

        That the client minted a token is noted.
        """
        stored: bytes | None = await self._database.look_up(
            select(tables.Client.secret_hash).where(tables.Client.id == client_id)
        )
        if not self._keyring.matches(secret, stored if stored is not None else b""):
            return None
        found = await self._database.change(_MINT, {"client": client_id, "stored": stored})
        if found is None:
            return None
        return Grant(found["tenant_id"], _scopes(found["scopes"]), found["issued_at"])


async def listed(session: AsyncSession, tenant_id: str) -> Sequence[tables.Client]:
    """Return the clients of a tenant, the oldest first."""
    query = select(tables.Client).where(tables.Client.tenant_id == tenant_id)
    return (await session.scalars(query.order_by(tables.Client.created_at))).all()


async def page(
    session: AsyncSession, tenant_id: str, limit: int, after: str | None
) -> tuple[Sequence[tables.Client], str | None]:
    """Return up to `limit` clients of a tenant behind the one named `after`, and the next `after`.

    Raises:
        errors.ClientNotFoundError: the tenant has no client `after`.
    """
    table = tables.Client
    query = select(table).where(table.tenant_id == tenant_id)
    if after is not None and await session.scalar(query.where(table.id == after)) is None:
        raise errors.ClientNotFoundError(f"The tenant has no client {after!r}.")
    return await paging.ascending_page(session, table, query, after, limit)


def scopes_of(client: tables.Client) -> tuple[str, ...]:
    """Return what tokens of a client may grant."""
    return _scopes(client.scopes)


def _scopes(chosen: Collection[str] | None) -> tuple[str, ...]:
    return tuple(it for it in principal.SCOPES if chosen is None or it in chosen)
