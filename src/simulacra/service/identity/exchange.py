"""The exchange of client credentials at an issuer elsewhere, on behalf of a person."""

import httpx

from simulacra.service import errors
from simulacra.service.identity import schemas

SECONDS = 10
RETRY_SECONDS = 30


async def at(
    token_url: str, audience: str, client_id: str, client_secret: str
) -> schemas.TokenResponse | None:
    """Return what the issuer answers (RFC 6749, section 4.4); None if it refuses.

    Raises:
        errors.ProviderUnavailableError: it does not answer, or not so.
    """
    asked = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": client_secret,
        "audience": audience,
    }
    try:
        async with httpx.AsyncClient(timeout=SECONDS) as http:
            answer = await http.post(token_url, json=asked)
        if answer.status_code in (400, 401, 403):
            return None
        return schemas.TokenResponse.model_validate(answer.raise_for_status().json())
    except (httpx.HTTPError, ValueError) as error:  # its text may quote the request
        reason = f"no token from the issuer ({type(error).__name__})"
        raise errors.ProviderUnavailableError(reason, RETRY_SECONDS) from None
