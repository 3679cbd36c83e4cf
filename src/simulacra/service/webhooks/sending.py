"""One attempt at a delivery: an HTTP request to an address that a stranger chose.

The connection goes to an address that was checked just before, while TLS and HTTP go on using the
name of the host. Nothing is followed, no proxy or credential of the environment is used, and of the
answer only the status counts: its body is not read.
"""

import asyncio
import dataclasses
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import httpx

from simulacra.service.database.statuses import DeliveryFailure
from simulacra.service.webhooks.targets import AddressError, Targets

TIMEOUT_SECONDS = 10.0
"""For all of an attempt, from looking up the name to the status of the answer."""
CONNECT_SECONDS = 5.0
"""For one address of a host that has several."""
MOST_BYTES = 64 * 1024
"""Of an answer that are read, for its status; a flood would keep the worker from its jobs."""
USER_AGENT = "Simulacra-Webhooks/1"


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    Attributes:
        status: of the answer, if there was one.
        failure: None: the receiver has taken the message.
    """

    status: int | None = None
    failure: DeliveryFailure | None = None


class _Limited(httpcore.AsyncNetworkStream):
    """A connection on which little is read."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream, self._left = stream, MOST_BYTES

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as httpcore declares it
        """Read a part of the answer.

        Raises:
            httpcore.RemoteProtocolError: it is too long.
        """
        if self._left <= 0:
            raise httpcore.RemoteProtocolError(f"no status within {MOST_BYTES} bytes")
        part = await self._stream.read(min(max_bytes, self._left), timeout)
        self._left -= len(part)
        return part

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - likewise
        """Write a part of the request."""
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        """Hang up."""
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - likewise
    ) -> httpcore.AsyncNetworkStream:
        """Return the connection under TLS."""
        return _Limited(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore declares it
        """Return what is known of the connection."""
        return self._stream.get_extra_info(info)


class _Network(httpcore.AsyncNetworkBackend):
    """Makes connections on which little is read."""

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore declares it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host."""
        return _Limited(
            await self._network.connect_tcp(host, port, timeout, local_address, socket_options)
        )


class _Checked(_Network):
    """Connects to good addresses alone, to the very ones that were looked up for the check."""

    def __init__(self, allowed: Targets, *, needs_loopback: bool) -> None:
        super().__init__()
        self._allowed, self._needs_loopback = allowed, needs_loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore declares it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers."""
        addresses = await self._allowed.addresses(host, port)
        if self._needs_loopback and not all(address.is_loopback for address in addresses):
            raise AddressError(f"{host} is not this machine")
        failure: Exception = httpcore.ConnectError()
        for address in addresses:
            try:
                return await super().connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


@dataclasses.dataclass(frozen=True)
class Sender:
    """Posts messages.

    Attributes:
        allowed: addresses that they may go to.
        proxy: that makes all connections, if one is to.
        context: knows the authorities of the environment that it was made in; a worker forgets
            them, since jobs inherit its environment.
    """

    allowed: Targets
    proxy: httpx.Proxy | None = None
    context: ssl.SSLContext = dataclasses.field(default_factory=httpx.create_ssl_context)

    async def send(self, address: str, headers: Sequence[tuple[str, str]], body: str) -> Outcome:
        """Post a message, and tell what became of it; nothing is raised for what a receiver does.

        Args:
            address: of the receiver.
            headers: that sign the message.
            body: JSON.
        """
        try:
            url = self.allowed.parse(address)  # the operator may have changed what is allowed
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await self._check_literal(url)
                status = await self._post(url, headers, body)
        except (AddressError, ValueError):
            return Outcome(failure=DeliveryFailure.ADDRESS)
        except (TimeoutError, httpcore.TimeoutException):
            return Outcome(failure=DeliveryFailure.TIMEOUT)
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol):
            return Outcome(failure=DeliveryFailure.PROTOCOL)
        except (httpcore.NetworkError, httpcore.ProxyError, OSError) as error:
            return Outcome(failure=_failure_of(error))
        is_taken = 200 <= status < 300
        return Outcome(status, None if is_taken else DeliveryFailure.STATUS)

    async def _check_literal(self, url: httpx.URL) -> None:
        """Check an address that a proxy would be asked for without a name to look up."""
        if self.proxy is not None:
            await self.allowed.check(url)

    async def _post(self, url: httpx.URL, headers: Sequence[tuple[str, str]], body: str) -> int:
        """Return the status of the answer, and hang up on its body."""
        sent = [
            ("Content-Type", "application/json"),
            ("User-Agent", USER_AGENT),
            ("Connection", "close"),
            *headers,
        ]
        wanted = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        limits: dict[str, Any] = {"timeout": {"connect": CONNECT_SECONDS}}
        async with (
            self._connection(url) as connection,
            connection.stream(
                "POST", wanted, headers=sent, content=body.encode(), extensions=limits
            ) as answer,
        ):
            return answer.status

    def _connection(self, url: httpx.URL) -> httpcore.AsyncConnectionPool:
        """Return a connection of its own: a later message looks the name up anew."""
        if self.proxy is not None:
            return httpcore.AsyncHTTPProxy(
                str(self.proxy.url),
                self.proxy.raw_auth,
                ssl_context=self.context,
                network_backend=_Network(),
            )
        network = _Checked(self.allowed, needs_loopback=url.scheme == "http")
        return httpcore.AsyncConnectionPool(ssl_context=self.context, network_backend=network)


def _failure_of(error: BaseException) -> DeliveryFailure:
    """Tell a connection that TLS refused from one that was not made or was lost."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return DeliveryFailure.TLS
        cause = cause.__cause__ or cause.__context__
    return DeliveryFailure.CONNECTION
