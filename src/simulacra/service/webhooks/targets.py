"""Where a webhook may go: which addresses a URL may have, and what its host may resolve to.

The service is inside somebody's network, and the URL is a stranger's. So only addresses of the
public internet are good, but for networks that the operator names. A name is looked up once for
each connection, and the connection goes to the very address that was checked (`sending`), so a
name that resolves to something else a moment later gains nothing.
"""

import asyncio
import dataclasses
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host; raises OSError if there are none."""

MAX_URL_LENGTH = 2048
HTTP_PORT, HTTPS_PORT = 80, 443
FIRST_UNPRIVILEGED_PORT = 1024
"""Below it are the ports of mail, names, directories and shares, where no webhook is received."""
LAST_PORT = 65535
LOCALHOST = "localhost"
NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_-]{1,63}\.?")
"""A name of a host, as DNS has it once IDNA has written it (RFC 5890)."""

NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            # RFC 6890 and IANA's registry of special addresses, whatever Python's version knows.
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # carriers' NAT; metadata of some clouds
            "127.0.0.0/8",
            "168.63.129.16/32",  # public by its number, but answered by the host of a machine
            "169.254.0.0/16",  # link-local; metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",  # protocols; Teredo, which carries IPv4 addresses
            "2001:db8::/32",
            "2002::/16",  # 6to4, which carries IPv4 addresses
            "3fff::/20",
        ),
    )
)
PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
"""All that is assigned: not loopback, local, multicast, nor NAT64 and other forms of IPv4."""

# Threads of its own: a name server that does not answer must not keep others from theirs.
_RESOLVERS = ThreadPoolExecutor(64, "webhook-names")


class AddressError(Exception):
    """A host is not known, or has an address that webhooks may not go to."""


@dataclasses.dataclass(frozen=True)
class Targets:
    """What the operator lets webhooks reach.

    Attributes:
        networks: that are good although they are not public.
        is_proxied: whether a proxy makes the connections; then it is the proxy that looks up names,
            and that has to refuse addresses.
        resolve: looks up names.
    """

    networks: Sequence[Network] = ()
    is_proxied: bool = False
    resolve: Resolve = dataclasses.field(default_factory=lambda: look_up)

    def parse(self, text: str) -> httpx.URL:
        """Return an address that a webhook may have, as far as it shows without looking names up.

        Raises:
            ValueError: it may not; the text says why.
        """
        if len(text) > MAX_URL_LENGTH:
            raise ValueError(f"it is longer than {MAX_URL_LENGTH} characters")
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL:
            raise ValueError("it is no address, such as https://hooks.example.com/x") from None
        if url.scheme not in {"https", "http"} or not _is_host(_host(url)):
            raise ValueError("it does not begin with https:// and the name of a host")
        if url.scheme == "http" and not (self._allows_loopback() and is_loopback(url.host)):
            raise ValueError("it is not https")
        if url.userinfo:
            raise ValueError("it holds a user name or password, which is not sent")
        if url.fragment:
            raise ValueError("it holds a fragment (#...), which is not sent")
        port = port_of(url)
        is_usual = url.port is None or port == HTTPS_PORT
        if not is_usual and not FIRST_UNPRIVILEGED_PORT <= port <= LAST_PORT:
            raise ValueError(
                f"its port is neither 443 nor from {FIRST_UNPRIVILEGED_PORT} to {LAST_PORT}"
            )
        return url

    async def check(self, url: httpx.URL) -> None:
        """Look the host of a URL up, and say whether webhooks may go there now.

        Raises:
            AddressError: they may not.
        """
        if not (self.is_proxied and not _is_literal(url.host)):
            await self.addresses(_host(url), port_of(url))

    async def addresses(self, host: str, port: int) -> Sequence[Address]:
        """Return the addresses of a host, all of which are good.

        Raises:
            AddressError: one of them is not, or there is none. The text does not say which, so that
                nobody learns the names of a private network.
        """
        try:
            found = [parse_address(it) for it in await self.resolve(host, port)]
        except (OSError, UnicodeError):
            found = []
        if not found or not all(map(self.is_good, found)):
            raise AddressError(f"The host {host} has no address that webhooks may go to.")
        return list(dict.fromkeys(found))

    def is_good(self, address: Address) -> bool:
        """Tell whether webhooks may go to an address."""
        return is_public(address) or any(address in network for network in self.networks)

    def _allows_loopback(self) -> bool:
        return not self.is_proxied and any(network.is_loopback for network in self.networks)


def is_public(address: Address) -> bool:
    """Tell whether an address is of the public internet."""
    if address.version == 6 and address not in PUBLIC_IPV6:
        return False
    return not any(address in network for network in NOT_PUBLIC)


def parse_address(text: str) -> Address:
    """Return an address without its zone; one of IPv4 that is written as IPv6 is one of IPv4."""
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_loopback(host: str) -> bool:
    """Tell whether a host is written as this machine."""
    return host == LOCALHOST or (_is_literal(host) and parse_address(host).is_loopback)


def port_of(url: httpx.URL) -> int:
    """Return the port of a URL, which may be that of its scheme."""
    if url.port is not None:
        return url.port
    return HTTPS_PORT if url.scheme == "https" else HTTP_PORT


async def look_up(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as the machine knows them."""
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(
        _RESOLVERS, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return [str(entry[4][0]) for entry in found]


def _host(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


def _is_host(host: str) -> bool:
    return _is_literal(host) or NAME.fullmatch(host) is not None


def _is_literal(host: str) -> bool:
    try:
        parse_address(host)
    except ValueError:
        return False
    return True
