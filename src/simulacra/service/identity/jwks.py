"""The public keys of an issuer elsewhere, fetched from its JWKS (RFC 7517) and kept.

A request waits for the network only if its key is not known. Old keys are renewed behind its back
(RFC 5861: stale-while-revalidate), and stay in use through an outage (stale-if-error).
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from pydantic import BaseModel

from simulacra.service import errors

FRESH_SECONDS = 300
"""A key that was revoked at the issuer is accepted for this long."""
PAUSE_SECONDS = 5
"""Between two fetches, so that made-up key ids cannot send us after the issuer again and again."""
STALE_SECONDS = 86_400
"""Auth0's own ``stale-if-error``."""
FETCH_SECONDS = 5

logger = logging.getLogger("simulacra.identity")


class RemoteKeys:
    """The keys behind one JWKS address."""

    def __init__(
        self, url: str, http: httpx.AsyncClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._keys: dict[str, RSAKey] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def warm(self) -> None:
        """Fetch the keys, so that the first request need not wait; a failure is only logged."""
        await self._fetch()

    async def close(self) -> None:
        """Wait for a fetch that is under way."""
        if self._fetching is not None:
            await self._fetching

    async def verifying(self, kid: str | None) -> KeySet:
        """Return the keys to verify with; an unknown `kid` fetches them, but not too often.

        Raises:
            errors.ProviderUnavailableError: the issuer does not answer, and no key at hand fits.
        """
        if kid not in self._keys or self._age() > STALE_SECONDS:
            await self._fetch()
            self._require(kid)
        elif self._age() > FRESH_SECONDS:
            self._start()
        return KeySet(list(self._keys.values()))

    def _age(self) -> float:
        return self._clock() - self._fetched

    def _require(self, kid: str | None) -> None:
        """Refuse to judge a token while the key it names may exist but cannot be fetched."""
        failed = self._tried > self._fetched
        if failed and (kid not in self._keys or self._age() > STALE_SECONDS):
            raise errors.ProviderUnavailableError(
                "The public keys of the token issuer cannot be fetched.", PAUSE_SECONDS
            )

    async def _fetch(self) -> None:
        task = self._start()
        if task is not None:
            await asyncio.shield(task)  # one caller that goes away does not end it for the others

    def _start(self) -> asyncio.Task[None] | None:
        """Return the fetch that is under way, a new one, or None if it is too early for that."""
        if self._fetching is None and self._clock() - self._tried > PAUSE_SECONDS:
            self._fetching = asyncio.create_task(self._renew())
            self._fetching.add_done_callback(self._end)
        return self._fetching

    def _end(self, _: asyncio.Task[None]) -> None:
        self._fetching = None

    async def _renew(self) -> None:
        self._tried = self._clock()
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                answer = await self._http.get(self._url)
            self._keys = _read(answer.raise_for_status())
        except (httpx.HTTPError, TimeoutError, JoseError, ValueError) as error:
            age = f"{self._age():.0f} s old" if self._keys else "none at hand"
            logger.warning("fetching JWKS failed (%s); keys: %s", type(error).__name__, age)
        else:
            self._fetched = self._tried = self._clock()


class _Document(BaseModel):
    keys: list[dict[str, Any]]


def _read(answer: httpx.Response) -> dict[str, RSAKey]:
    """Return the RSA signing keys of a JWKS by their ids.

    Raises:
        ValueError: there is none.
        JoseError: one is malformed.
    """
    entries = _Document.model_validate_json(answer.content).keys
    keys = {
        entry["kid"]: RSAKey.import_key(entry)
        for entry in entries
        if entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig" and entry.get("kid")
    }
    if not keys:
        raise ValueError("no RSA key for signatures")
    return keys
