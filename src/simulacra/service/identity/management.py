"""The clients of our tenants at Auth0, through its Management API.

The official client does the calls. What is added here: its token is fetched without blocking the
event loop, calls have a time limit, what may be repeated is repeated as Auth0's headers ask, and
what may not leaves nothing behind. Its exceptions quote bodies, which may hold a secret: they end
here, and only status and error code go on.

Scopes that the management application needs: ``create:clients``, ``read:clients``,
``delete:clients``, ``update:client_keys``, ``create:client_grants``.
"""

import asyncio
import dataclasses
import itertools
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx
from auth0.management import AsyncAuth0
from auth0.management.core.api_error import ApiError
from auth0.management.core.parse_error import ParsingError
from auth0.management.token_provider import AsyncTokenProvider

from simulacra.service import errors, keys
from simulacra.service.identity import principal

CALL_SECONDS = 10
PATIENCE_SECONDS = 20
"""No try begins later than this after the first."""
FIRST_PAUSE_SECONDS = 0.5
RESET_MARGIN_SECONDS = 0.1
NAME_LENGTH = 100
PAGE = 100

FAILURES = (ApiError, ParsingError, httpx.HTTPError, TimeoutError, ValueError, KeyError)

logger = logging.getLogger("simulacra.identity")
T = TypeVar("T")


@dataclasses.dataclass(frozen=True)
class Account:
    """The management application, and the API whose clients it makes."""

    domain: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    audience: str


class _FailedError(Exception):
    """One call failed; `undone` if Auth0 has certainly not carried it out."""

    def __init__(
        self,
        status: int | None,
        reason: str,
        *,
        undone: bool,
        pause: float | None = None,
        is_token_old: bool = False,
    ) -> None:
        super().__init__(reason)
        self.status, self.undone, self.pause = status, undone, pause
        self.is_token_old = is_token_old

    @property
    def is_transient(self) -> bool:
        return self.status is None or self.status == 429 or self.status >= 500


class _RefusedError(errors.ProviderRefusedError):
    """Auth0 says no, with an HTTP status."""

    def __init__(self, reason: str, status: int | None) -> None:
        super().__init__(reason)
        self.status = status


class Management:
    """Makes, grants, rotates and deletes clients of one Auth0 tenant."""

    def __init__(self, account: Account, http: httpx.AsyncClient) -> None:
        self._account = account
        self._tokens = self._new_tokens()
        self._api = AsyncAuth0(
            base_url=f"https://{account.domain}/api/v2",
            token="",  # the next one replaces it
            async_token=lambda: self._tokens.get_token(),  # noqa: PLW0108 - it may be replaced
            max_retries=0,  # it would repeat what must not be, and wait for a minute
            httpx_client=http,
        )

    def _new_tokens(self) -> AsyncTokenProvider:
        account = self._account
        return AsyncTokenProvider(
            domain=account.domain,
            client_id=account.client_id,
            client_secret=account.client_secret,
        )

    async def create_client(self, name: str, tenant_id: str) -> tuple[str, str]:
        """Return id and secret of a new client that may call our API; all of it is made, or none.

        Raises:
            errors.ProviderUnavailableError: Auth0 does not answer, or asks us to wait too long.
            errors.ProviderRefusedError: Auth0 will not do it; the configuration is at fault.
        """
        mark = keys.random_id()
        try:
            client_id, secret = await self._ask(
                "create a client", lambda: self._create(name, tenant_id, mark), repeatable=False
            )
        except errors.ProviderUnavailableError:
            await self._remove_marked(mark)
            raise
        try:
            await self._grant(client_id)
        except BaseException:  # a cancelled caller is no reason to leave half a client
            await self.discard(client_id)
            raise
        return client_id, secret

    async def rotate_secret(self, client_id: str) -> str:
        """Return a client's new secret; the old one stops working at once.

        Raises:
            errors.ProviderUnavailableError: Auth0 does not answer; the old secret may work or not.
            errors.ProviderRefusedError: Auth0 will not do it.
        """

        async def rotate() -> str:
            answer = await self._api.clients.rotate_secret(client_id)
            return _present(answer.client_secret)

        # A lost answer loses the secret with it, so that another rotation is what helps.
        return await self._ask("rotate a secret", rotate, repeatable=True)

    async def delete_client(self, client_id: str) -> None:
        """Delete a client and its grant; one that is not there is no fault.

        Raises:
            errors.ProviderUnavailableError: Auth0 does not answer.
            errors.ProviderRefusedError: Auth0 will not do it.
        """
        try:
            await self._ask(
                "delete a client", lambda: self._api.clients.delete(client_id), repeatable=True
            )
        except _RefusedError as refused:
            if refused.status != 404:
                raise

    async def _create(self, name: str, tenant_id: str, mark: str) -> tuple[str, str]:
        client = await self._api.clients.create(
            name=_name(name),
            description=f"Simulacra tenant {tenant_id}",
            app_type="non_interactive",
            grant_types=["client_credentials"],
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - the name of a method
            oidc_conformant=True,
            client_metadata={"simulacra_tenant": tenant_id, "simulacra_mark": mark},
        )
        return _present(client.client_id), _present(client.client_secret)

    async def _grant(self, client_id: str) -> None:
        try:
            await self._ask(
                "grant a client our API",
                lambda: self._api.client_grants.create(
                    client_id=client_id,
                    audience=self._account.audience,
                    scope=list(principal.SCOPES),
                ),
                repeatable=True,
            )
        except _RefusedError as refused:
            if refused.status != 409:  # there already: the answer to an earlier try was lost
                raise

    async def _remove_marked(self, mark: str) -> None:
        """Delete the client of a creation whose answer was lost, if it was made."""

        async def find() -> list[str]:
            listed = await self._api.clients.list(
                fields="client_id,client_metadata",
                include_fields=True,
                app_type="non_interactive",
                per_page=PAGE,
            )
            return [
                client.client_id
                async for client in listed
                if client.client_id and (client.client_metadata or {}).get("simulacra_mark") == mark
            ]

        try:
            for client_id in await self._ask("list clients", find, repeatable=True):
                await self.discard(client_id)
        except errors.ProviderError:
            logger.warning("a client with simulacra_mark %s may be left over at Auth0", mark)

    async def discard(self, client_id: str) -> None:
        """Delete a client whose secret nobody has seen; if that fails, the log says so."""
        try:
            await self.delete_client(client_id)
        except errors.ProviderError:
            logger.warning("client %s is left over at Auth0 and was never handed out", client_id)

    async def _ask(self, what: str, call: Callable[[], Awaitable[T]], *, repeatable: bool) -> T:
        """Return what `call` returns, trying again where that is safe and may help.

        Raises:
            errors.ProviderUnavailableError: it did not work in time.
            errors.ProviderRefusedError: Auth0 says no, and will say so again.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        for tries in itertools.count():
            try:
                return await self._try(call)
            except _FailedError as failed:
                reason = f"Auth0 did not {what}: {failed}."
                if failed.is_token_old and tries == 0:
                    self._tokens = self._new_tokens()  # revoked, or the clocks differ
                    continue
                if not failed.is_transient:
                    logger.error("%s", reason)  # noqa: TRY400 - a trace may quote
                    raise _RefusedError(reason, failed.status) from None
                pause = failed.pause or FIRST_PAUSE_SECONDS * 2**tries
                may = repeatable or failed.undone
                if not may or time.monotonic() + pause > deadline:
                    logger.warning("%s", reason)
                    raise errors.ProviderUnavailableError(reason, math.ceil(pause)) from None
                await asyncio.sleep(pause)
        raise AssertionError("unreachable")

    async def _try(self, call: Callable[[], Awaitable[T]]) -> T:
        sent = False
        try:
            async with asyncio.timeout(CALL_SECONDS):
                await self._tokens.get_token()
                sent = True
                return await call()
        except FAILURES as error:
            raise _failure(error, sent=sent) from None


def _failure(error: Exception, *, sent: bool) -> _FailedError:
    """Return what an exception of the client or of its transport means."""
    if isinstance(error, httpx.HTTPStatusError):  # only the token endpoint's come as such
        status, headers = error.response.status_code, dict(error.response.headers)
        reason = f"its token endpoint answers {status} to the management application"
        return _FailedError(status, reason, undone=True, pause=_pause(headers))
    if isinstance(error, ApiError):
        status = error.status_code or 0
        code = error.body.get("errorCode") if isinstance(error.body, dict) else None
        reason = f"{status} {code or ''}".rstrip()
        return _FailedError(
            status,
            reason,
            undone=status < 500,
            pause=_pause(error.headers),
            is_token_old=status == 401,
        )
    if isinstance(error, ParsingError):
        return _FailedError(None, "the answer has another form", undone=False)
    unreached = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    return _FailedError(None, type(error).__name__, undone=unreached or not sent)


def _pause(headers: dict[str, str] | None) -> float | None:
    """Return the seconds until the limit is lifted: ``x-ratelimit-reset`` is a UNIX time."""
    named = {name.lower(): value for name, value in (headers or {}).items()}
    if (after := named.get("retry-after", "")).isdigit():
        return float(after)
    if named.get("x-ratelimit-remaining") == "0" and named.get("x-ratelimit-reset", "").isdigit():
        return max(0.0, int(named["x-ratelimit-reset"]) - time.time()) + RESET_MARGIN_SECONDS
    return None


def _present(value: str | None) -> str:
    if not value:
        raise ValueError("the answer lacks a field")
    return value


def _name(name: str) -> str:
    """Return a name that Auth0 takes: not empty, and without angle brackets."""
    return name.translate(str.maketrans("<>", "()"))[:NAME_LENGTH].strip() or "Simulacra client"
