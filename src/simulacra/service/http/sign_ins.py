"""How often a password may be guessed: limits on sign-ins, of addresses and of accounts."""

import dataclasses

from simulacra.service import throttling

WINDOW_SECONDS = 900


@dataclasses.dataclass(frozen=True)
class SignIns:
    """The limits of one sign-in page, whose counts are no other page's.

    Attributes:
        prefix: what the names of its limits begin with.
    """

    prefix: str = ""

    async def pause_of_address(self, throttle: throttling.Throttle, address: str) -> int:
        """Count a try that names no account, as with a token that nobody can guess; see `pause`.

        It is counted for the address alone. A count of all who try would let a stranger use it up,
        and lock everybody out.
        """
        standing = await throttle.hit(self._limit("sign-ins", 60), address)
        return standing.reset if standing.is_refused else 0

    async def pause(self, throttle: throttling.Throttle, name: str, address: str) -> int:
        """Count a sign-in, and return the seconds until the next is possible; 0 lets it through."""
        for limit, who in (
            (self._limit("sign-ins", 60), (address,)),
            # The strictest; from other addresses it takes a hundred tries to lock an account out.
            (self._limit("sign-ins-of-account-from-address", 10), (name, address)),
            (self._limit("sign-ins-of-account", 100), (name,)),
        ):
            standing = await throttle.hit(limit, *who)
            if standing.is_refused:
                return standing.reset
        return 0

    def _limit(self, name: str, calls: int) -> throttling.Limit:
        return throttling.Limit(f"{self.prefix}{name}", calls, WINDOW_SECONDS)
