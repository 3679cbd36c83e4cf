"""Limits on calls, as headers and refusals (draft-ietf-httpapi-ratelimit-headers)."""

import dataclasses
import ipaddress

from fastapi import Request, Response

from simulacra.service import throttling
from simulacra.service.http import problems, serving

NETWORK_BITS = 64
"""What one customer of a provider has of IPv6 addresses."""


@dataclasses.dataclass(frozen=True)
class ByAddress:
    """A dependency that holds each network address to a limit."""

    limit: throttling.Limit

    async def __call__(self, request: Request, response: Response) -> None:
        """Count the call, or answer 429 to one too many."""
        throttle = serving.runtime_of(request).throttle
        standing = await throttle.hit(self.limit, address_of(request))
        if standing.is_refused:
            raise refusal(standing)
        response.headers.update(headers_of(standing))


def headers_of(standing: throttling.Standing) -> dict[str, str]:
    """Return the RateLimit headers, and after a refusal Retry-After."""
    limit = standing.limit
    headers = {
        "RateLimit-Policy": f'"{limit.name}";q={limit.calls};w={limit.seconds}',
        "RateLimit": f'"{limit.name}";r={standing.remaining};t={standing.reset}',
    }
    return headers | ({"Retry-After": str(standing.reset)} if standing.is_refused else {})


def refusal(standing: throttling.Standing) -> problems.Problem:
    """Return the problem of a call too many."""
    limit = standing.limit
    return problems.Problem(
        "simio_rate_limited",
        f"More than {limit.calls} calls in {limit.seconds} s; the next one is possible in "
        f"{standing.reset} s.",
        headers=headers_of(standing),
    )


def address_of(request: Request) -> str:
    """Return the caller's address; of an IPv6 address its network, as one caller has many."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    bits = NETWORK_BITS if address.version == 6 else address.max_prefixlen
    return str(ipaddress.ip_network((address, bits), strict=False))
