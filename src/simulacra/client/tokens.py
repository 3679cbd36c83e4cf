"""Access tokens (OAuth 2.0 client credentials): how they are asked for, and how long they serve."""

from __future__ import annotations

import dataclasses
import math
import time
from typing import TYPE_CHECKING

from simulacra.client import errors
from simulacra.client.requests import Request

if TYPE_CHECKING:
    import httpx

    from simulacra.client.configuration import Configuration

EARLY_SECONDS, EARLY_PART = 300.0, 0.1
"""How long before its end a token is renewed, or which part of its life, whichever is less."""


@dataclasses.dataclass(frozen=True)
class Token:
    """An access token.

    Attributes:
        text: what is sent; no log and no text of an error has it.
        until: when it is to be renewed, by the monotonic clock.
    """

    text: str = dataclasses.field(repr=False)
    until: float

    @property
    def serves(self) -> bool:
        """Whether it is still good."""
        return time.monotonic() < self.until


def given(text: str) -> Token:
    """Return a token that was minted elsewhere, and is never renewed."""
    return Token(text, math.inf)


def request(configuration: Configuration) -> Request:
    """Return the request for a token.

    Raises:
        errors.ConfigurationError: there are no credentials.
    """
    if not configuration.client_id or not configuration.client_secret:
        raise errors.NotConfiguredError(
            "This call needs credentials: set SIMIO_CLIENT_ID and SIMIO_CLIENT_SECRET, give "
            "client_id and client_secret, or name a profile that has them."
        )
    body = {
        "grant_type": "client_credentials",
        "client_id": configuration.client_id,
        "client_secret": configuration.client_secret,
        "audience": configuration.audience,
    }
    return Request("POST", configuration.token_url, json=body, needs_token=False)


def read(answer: httpx.Response) -> Token:
    """Return the token of an answer.

    Raises:
        errors.UnexpectedAnswerError: there is none in it.
    """
    try:
        document = answer.json()
        lifetime = float(document.get("expires_in", 0))
        text = str(document["access_token"])
    except (ValueError, TypeError, LookupError, AttributeError):
        raise errors.UnexpectedAnswerError(
            f"{answer.url.host} answers without an access token: is it the issuer?", answer
        ) from None
    early = min(EARLY_SECONDS, EARLY_PART * lifetime)
    return Token(text, time.monotonic() + lifetime - early)


def refusal(error: errors.ClientError) -> errors.ClientError:
    """Return the error of an issuer that refuses, which answers as RFC 6749 says."""
    if not isinstance(error, errors.UnexpectedAnswerError):
        return error
    try:
        document = error.response.json()
        code = document["error"]
    except (ValueError, LookupError, TypeError):
        return error
    detail = document.get("error_description", "The issuer gives no token.")
    return errors.TokenError(str(code), str(detail), error.response)
