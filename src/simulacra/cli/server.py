"""A client of a running server, which retries while the server is out of reach."""

import os
import random
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from simulacra.cli import failures

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

VARIABLES = (
    *("SIMIO_API_BASE", "SIMIO_AUTH0_DOMAIN", "SIMIO_AUTH0_AUDIENCE"),
    *("SIMIO_CLIENT_ID", "SIMIO_CLIENT_SECRET"),
)
TRANSIENT = (429, 500, 502, 503, 504)
MAX_OUTAGE_SECONDS = 300
"""How long a server may be out of reach, for example while it is restarted."""
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.5, 15.0


def variables() -> dict[str, str]:
    """Return address and credentials from the environment.

    Raises:
        failures.CommandError: one is missing or invalid; no value of a secret is shown.
    """
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        raise failures.CommandError(
            f"{', '.join(missing)} must be set in the environment, as for the guide's scripts."
        )
    environment = {name: os.environ[name] for name in VARIABLES}
    base = urlsplit(environment["SIMIO_API_BASE"])
    if base.scheme != "https" or not base.hostname:
        raise failures.CommandError(
            "SIMIO_API_BASE must be an https address such as https://localhost:8443."
        )
    if "/" in environment["SIMIO_AUTH0_DOMAIN"]:
        raise failures.CommandError(
            "SIMIO_AUTH0_DOMAIN must be a host such as localhost:8443, without https:// and path."
        )
    return environment


class Server:
    """Sends requests with an access token; retries transient errors after growing pauses."""

    def __init__(self, client: "httpx.Client", environment: dict[str, str]) -> None:
        self._client, self._environment = client, environment
        self._base = environment["SIMIO_API_BASE"].rstrip("/")
        self._token: str | None = None

    def get(self, path: str, **parameters: int) -> dict[str, Any]:
        """Return the document at a path.

        Raises:
            failures.CommandError: the server refuses the request, or stays out of reach.
        """
        answer = self._with_retries(lambda: self._get(path, parameters))
        if answer.status_code == 401:  # a token lives for a day, and a job may take longer
            self._token = None
            answer = self._with_retries(lambda: self._get(path, parameters))
        document = _document(answer)
        if answer.is_error:
            raise failures.CommandError(
                f"{document.get('detail', f'The server answers {answer.status_code}.')} "
                f"({document.get('code')}, request {document.get('request_id')})"
            )
        return document

    def _get(self, path: str, parameters: dict[str, int]) -> "httpx.Response":
        if self._token is None:
            token_answer = self._mint()
            if token_answer.status_code in TRANSIENT:
                return token_answer
            if token_answer.is_error:
                raise failures.CommandError(
                    "The server refuses an access token "
                    f"({token_answer.status_code}); check SIMIO_CLIENT_ID, "
                    "SIMIO_CLIENT_SECRET and SIMIO_AUTH0_AUDIENCE."
                )
            self._token = str(_document(token_answer).get("access_token"))
        bearer = {"Authorization": f"Bearer {self._token}"}
        return self._client.get(self._base + path, params=parameters, headers=bearer)

    def _mint(self) -> "httpx.Response":
        return self._client.post(
            f"https://{self._environment['SIMIO_AUTH0_DOMAIN']}/oauth/token",
            json={
                "grant_type": "client_credentials",
                "client_id": self._environment["SIMIO_CLIENT_ID"],
                "client_secret": self._environment["SIMIO_CLIENT_SECRET"],
                "audience": self._environment["SIMIO_AUTH0_AUDIENCE"],
            },
        )

    def _with_retries(self, request: "Callable[[], httpx.Response]") -> "httpx.Response":
        import httpx

        until, pause = time.monotonic() + MAX_OUTAGE_SECONDS, FIRST_PAUSE_SECONDS
        while True:
            try:
                answer = request()
                if answer.status_code not in TRANSIENT:
                    return answer
                problem, min_wait = f"answers {answer.status_code}", _retry_after(answer)
            except httpx.TransportError as error:
                _refuse_untrusted_certificate(error)
                problem, min_wait = f"does not answer ({type(error).__name__})", 0.0
            wait = max(min_wait, random.uniform(pause / 2, pause))  # noqa: S311 - spreads clients
            if time.monotonic() + wait > until:
                raise failures.CommandError(
                    f"{self._base} {problem}; gave up after {MAX_OUTAGE_SECONDS} seconds."
                )
            time.sleep(wait)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)


def _document(answer: "httpx.Response") -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise failures.CommandError(
            f"{answer.url.host} answers {answer.status_code} without a JSON object: is it the API?"
        )
    return document


def _retry_after(answer: "httpx.Response") -> float:
    header = answer.headers.get("retry-after", "")
    return float(header) if header.isdecimal() else 0.0


def _refuse_untrusted_certificate(error: BaseException | None) -> None:
    """Fail at once if the certificate is not trusted, since retries cannot help."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            raise failures.CommandError(
                f"The server's certificate is not trusted: {error.verify_message}. If it has a "
                "certificate authority of its own, set SSL_CERT_FILE to its ca.pem."
            ) from None
        error = error.__cause__ or error.__context__
