"""The RSA keys that sign access tokens: made once, sealed in the database, cached here."""

import asyncio
import datetime as dt
import time

from joserfc.jwk import KeySet, RSAKey
from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import aliased

from simulacra.service import keys, tenancy
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables

KEY_BITS = 2048
CACHE_SECONDS = 60
RELOAD_PAUSE_SECONDS = 2
SETTLING = dt.timedelta(seconds=CACHE_SECONDS + RELOAD_PAUSE_SECONDS)
"""After which every process knows a new key, so that it may sign."""
CREATION_LOCK = 7_265_001


class SigningKeys:
    """Every key that verifies; the newest that every process knows is the one that signs."""

    def __init__(self, database: tenancy.Database, sealer: keys.Sealer) -> None:
        self._database = database
        self._sealer = sealer
        self._keys: list[RSAKey] = []
        self._signing: RSAKey
        self._loaded = float("-inf")
        self._lock = asyncio.Lock()

    async def current(self) -> RSAKey:
        """Return the key that signs, making the first one if there is none."""
        await self._fresh(CACHE_SECONDS)
        return self._signing

    async def verifying(self, kid: str | None) -> KeySet:
        """Return the keys to verify with; one unknown `kid` looks in the database again."""
        known = await self._fresh(CACHE_SECONDS)
        if kid not in {key.kid for key in known}:
            known = await self._fresh(RELOAD_PAUSE_SECONDS)
        return KeySet(list(known))

    async def public(self) -> dict[str, object]:
        """Return the public halves as a JWK set (RFC 7517)."""
        known = await self._fresh(CACHE_SECONDS)
        return {"keys": [key.as_dict(private=False, use="sig", alg="RS256") for key in known]}

    async def rotate(self, actor: entry.Actor) -> str:
        """Make a new key and return its id; it verifies at once, and signs when all know it."""
        row = await asyncio.to_thread(self._make)
        async with self._database.transaction(tenancy.SYSTEM) as session:
            session.add(row)
            trail.record(session, actor, Action.SIGNING_KEY_ROTATED, row.id)
        self._loaded = float("-inf")
        return row.id

    async def retire(self, lifetime: int) -> None:
        """Delete the keys whose last token has expired; `lifetime` of a token in seconds.

        Other processes may sign with a key for a while after a newer one was made (see `_fresh`).
        """
        rows = tables.SigningKey
        newer = aliased(rows)
        overlap = SETTLING + dt.timedelta(seconds=lifetime + 2 * CACHE_SECONDS)
        is_replaced = exists().where(
            newer.created_at > rows.created_at, newer.created_at < func.now() - overlap
        )
        async with self._database.transaction(tenancy.SYSTEM) as session:
            await session.execute(delete(rows).where(is_replaced))

    async def _fresh(self, seconds: float) -> list[RSAKey]:
        async with self._lock:
            if time.monotonic() - self._loaded > seconds:
                self._keys = await self._load()
                self._loaded = time.monotonic()
            return self._keys

    async def _load(self) -> list[RSAKey]:
        newest = select(tables.SigningKey.id).order_by(tables.SigningKey.created_at.desc()).limit(1)
        newest_first = select(tables.SigningKey).order_by(tables.SigningKey.created_at.desc())
        async with self._database.transaction(tenancy.SYSTEM) as session:
            rows = list(await session.scalars(newest_first))
            if not rows:
                await session.execute(select(func.pg_advisory_xact_lock(CREATION_LOCK)))
                rows = list(await session.scalars(newest_first))
            if not rows:
                rows = [await asyncio.to_thread(self._make)]
                session.add_all(rows)
            settled = func.now() - SETTLING
            known = await session.scalar(newest.where(tables.SigningKey.created_at < settled))
        # To open one takes 45 ms, in which nobody is served, and forged tokens have us look often.
        opened = {key.kid: key for key in self._keys}
        loaded = [opened.get(row.id) or self._open(row) for row in rows]
        self._signing = next((key for key in loaded if key.kid == known), loaded[-1])
        return loaded

    def _make(self) -> tables.SigningKey:
        key_id = keys.random_id()
        secret = RSAKey.generate_key(KEY_BITS, private=True).as_pem(private=True)
        return tables.SigningKey(
            id=key_id, sealed_private_key=self._sealer.seal(secret, f"signing-key/{key_id}")
        )

    def _open(self, row: tables.SigningKey) -> RSAKey:
        secret = self._sealer.open(row.sealed_private_key, f"signing-key/{row.id}")
        return RSAKey.import_key(secret, {"kid": row.id})
