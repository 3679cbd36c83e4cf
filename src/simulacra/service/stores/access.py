"""From static credentials or a role to what the clients of AWS's services take."""

import datetime as dt
import threading
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from obstore.store import S3Store

from simulacra.service.stores.location import Credentials, Location

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from obstore.store import RetryConfig, S3Credential

SECONDS = 10
"""How long a customer's service may take for one request, so that it holds up nobody else."""
RETRY: "RetryConfig" = {"max_retries": 2, "retry_timeout": dt.timedelta(seconds=SECONDS)}
ROLE_SESSION = "simulacra"
FRESH = dt.timedelta(minutes=5)
"""How long the client of a bucket keeps credentials; a role's are renewed well before they end."""


class Access:
    """The customer's services as one identity; nothing is asked of them before the first call.

    Endpoints of the installation's own environment (``AWS_ENDPOINT_URL``) are those of its own
    store, and are not used for a customer's.
    """

    def __init__(self, location: Location, credentials: Credentials | None) -> None:
        self._location, self._static = location, credentials
        self._lock = threading.Lock()
        self._session: botocore.session.Session | None = None
        self.is_unreachable = False
        """Whether credentials could not be had since whoever gives them out did not answer."""

    def client(self, service: str, region: str, endpoint: str | None) -> "BaseClient":
        """Return a client of one of AWS's services; blocks."""
        session = self._opened()
        with self._lock:  # sessions are not made for several threads, their clients are
            return _client(session, service, region, endpoint)

    def _opened(self) -> botocore.session.Session:
        """Return the session; finding the service's own credentials may take a request."""
        with self._lock:
            if self._session is None:
                session, static = botocore.session.Session(), self._static
                if static is not None:
                    secret = static.secret_access_key.get_secret_value()
                    session.set_credentials(static.access_key_id, secret)
                role = self._location.role
                self._session = session if role is None else self._assume(session, role)
            return self._session

    def _assume(self, own: botocore.session.Session, role: str) -> botocore.session.Session:
        """Return a session of a role, whose credentials renew themselves."""
        found = own.get_credentials()
        if found is None:
            raise botocore.exceptions.NoCredentialsError
        extra = {"RoleSessionName": ROLE_SESSION}
        if self._location.external_id is not None:
            extra["ExternalId"] = self._location.external_id
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=self._client_of_roles,
            source_credentials=found,
            role_arn=role,
            extra_args=extra,
        )
        acting = botocore.session.Session()
        renewing = DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")
        acting._credentials = renewing  # noqa: SLF001 - there is no other way (botocore issue 761)
        return acting

    def _client_of_roles(self, service: str, **credentials: str) -> "BaseClient":
        session, where = botocore.session.Session(), self._location
        return _client(session, service, where.region, where.sts_endpoint, **credentials)

    def bucket(self) -> S3Store:
        """Return the client of the customer's bucket."""
        where = self._location
        suffix = "amazonaws.com.cn" if where.region.startswith("cn-") else "amazonaws.com"
        endpoint = where.s3_endpoint or f"https://s3.{where.region}.{suffix}"
        return S3Store(
            where.bucket_name,
            prefix=where.prefix or None,
            region=where.region,
            endpoint=endpoint,
            credential_provider=self._credentials,
            client_options={
                "allow_http": endpoint.startswith("http://"),
                "timeout": f"{SECONDS}s",
                "connect_timeout": f"{SECONDS // 2}s",
            },
            retry_config=RETRY,
            disable_bulk_delete=True,
        )

    def _credentials(self) -> "S3Credential":
        """Return what signs requests to the bucket; whatever is raised here refuses them."""
        try:
            found = self._opened().get_credentials()
            if found is None:
                raise botocore.exceptions.NoCredentialsError
            frozen = found.get_frozen_credentials()
        except botocore.exceptions.BotoCoreError as error:
            named = isinstance(error, botocore.exceptions.NoCredentialsError)
            self.is_unreachable = not named
            raise
        self.is_unreachable = False
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": dt.datetime.now(dt.UTC) + FRESH,
        }


def _client(
    session: botocore.session.Session,
    service: str,
    region: str,
    endpoint: str | None,
    **credentials: Any,  # noqa: ANN401 - as botocore's
) -> "BaseClient":
    config = Config(
        connect_timeout=SECONDS // 2,
        read_timeout=SECONDS,
        retries={"total_max_attempts": 2, "mode": "standard"},
        ignore_configured_endpoint_urls=True,
        user_agent_extra="simulacra",
    )
    return session.create_client(
        service, region_name=region, endpoint_url=endpoint, config=config, **credentials
    )
