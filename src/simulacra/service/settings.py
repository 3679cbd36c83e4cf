"""Every setting of the service, in one place; only the composition roots read it.

A setting comes from, first found wins: an argument of the command, an environment variable, a file
of the variable's name in the directory that ``SIMULACRA_SECRETS_DIR`` names (as containers are
given secrets), the file ``simulacra.toml`` in the data directory (or the file named by
``SIMULACRA_CONFIG``), the default. Secrets are `SecretStr`, so printing or logging the settings
shows asterisks.
"""

import base64
import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from simulacra.service import keys, policy
from simulacra.service.embedded import directory

MIB = 1024**2
MOST_PER_MINUTE = 1_000_000
"""A call's share of the minute must not vanish in the microseconds of PostgreSQL's clock."""
DOMAIN = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?"
CONTACT = r"https?://[^\s/]+(/\S*)?|[^\s@:/]+@[^\s@:/]+"
STORES = ("s3", "gs", "az", "file", "memory")


class SettingsError(ValueError):
    """The settings cannot be used; the text says which and why, and shows no value."""


class NoDatabaseError(SettingsError, LookupError):
    """A process needs a database and has no address of one."""


class Settings(BaseSettings):
    """The settings; `docs/configuration.md` is written from the descriptions here."""

    model_config = SettingsConfigDict(
        env_prefix="SIMULACRA_", env_ignore_empty=True, extra="ignore", frozen=True
    )
    data_dir: Path = Field(
        default=Path("simulacra-data"),
        description="Directory of the embedded database, the local object store, keys and logs.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("database_url", "DATABASE_URL", "SIMULACRA_DATABASE_URL"),
        description="PostgreSQL to use instead of the embedded one (postgresql://...).",
    )
    migration_database_url: SecretStr | None = Field(
        default=None,
        description="URL of the same database for the role that owns and migrates its tables. "
        "Default: DATABASE_URL, whose role could then alter the audit trail.",
    )
    object_store_url: str | None = Field(
        default=None,
        description="Object store to use instead of DATA_DIR/objects (s3://, gs://, az://, "
        "file:///).",
    )
    master_key: SecretStr | None = Field(
        default=None,
        description="32 random bytes in base64, from which every key and secret hash derives. "
        "Default: DATA_DIR/keys/master.key, which the first `simulacra serve` of a new "
        "installation makes, readable by its owner alone.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the API listens on.")
    port: int = Field(default=8443, ge=1, le=65535, description="Port that the API listens on.")
    trusted_proxies: str = Field(
        default="",
        description="Addresses or networks of the reverse proxies, separated by commas, whose "
        "X-Forwarded-For header is trusted. Default: nobody's.",
    )
    base_url: str = Field(
        default="",
        description="Public origin of the API, without a trailing slash; URLs of the token issuer "
        "and of the error pages begin with it. Default: https://localhost:PORT.",
    )
    support_contact: str | None = Field(
        default=None,
        description="Where customers find help: a mail address, or the address of a page "
        "(https://...). The API document, the error pages and /.well-known/security.txt name it. "
        "Default: they name nobody.",
    )
    audience: str = Field(
        default="",
        description="Audience of the access tokens; with Auth0, the identifier of the API there. "
        "Default: the base URL.",
    )
    identity_provider: Literal["embedded", "auth0"] = Field(
        default="embedded",
        description="Who keeps client secrets and issues access tokens: this service (embedded) or "
        "an Auth0 tenant (auth0; see auth0.md).",
    )
    auth0_domain: str | None = Field(
        default=None,
        validate_default=True,
        description="Domain of the Auth0 tenant, such as acme.eu.auth0.com.",
    )
    auth0_management_client_id: str | None = Field(
        default=None,
        validate_default=True,
        description="Client id of the Auth0 application that may use the Management API.",
    )
    auth0_management_client_secret: SecretStr | None = Field(
        default=None,
        validate_default=True,
        description="Client secret of that application.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        description="Issuer that people of tenants may sign in with at the study page, by OpenID "
        "Connect, such as https://login.example.com; see studio.md. Default: none, they have "
        "passwords alone.",
    )
    oidc_client_id: str | None = Field(
        default=None,
        validate_default=True,
        description="Client id of this service at that issuer.",
    )
    oidc_client_secret: SecretStr | None = Field(
        default=None,
        validate_default=True,
        description="Client secret there.",
    )
    oidc_name: str = Field(
        default="your company's account",
        description="What people call an account there, for the link on the sign-in page.",
    )
    token_seconds: int = Field(
        default=86_400,
        ge=60,
        description="Lifetime of an access token of the embedded provider, in seconds.",
    )
    cors_origins: str | None = Field(
        default=None,
        description="Origins whose pages may call the API from a browser, by commas, such as "
        "https://app.example.com; none unless set.",
    )
    artifact_link_seconds: int = Field(
        default=900, ge=1, description="Lifetime of an artifact link, in seconds."
    )
    retention_hours: int = Field(
        default=24,
        ge=1,
        le=policy.MAX_RETENTION_HOURS,
        description="Retention of a dataset or generation, in hours.",
    )
    claim_hours: int = Field(
        default=72, ge=1, le=720, description="Lifetime of a claim token, in hours."
    )
    max_upload_bytes: int = Field(
        default=200 * MIB, ge=1, description="Maximum size of a seed file, in bytes."
    )
    max_rows_per_request: int = Field(
        default=1_000_000, ge=1, description="Maximum rows of one generation, for new tenants."
    )
    reads_per_minute: int = Field(
        default=1200,
        ge=1,
        le=MOST_PER_MINUTE,
        description="Reads that one client may make in a minute: GET and HEAD, including polling "
        "and downloads.",
    )
    writes_per_minute: int = Field(
        default=300,
        ge=1,
        le=MOST_PER_MINUTE,
        description="Writes that one client may make in a minute: calls that change something, "
        "except uploads.",
    )
    uploads_per_minute: int = Field(
        default=60,
        ge=1,
        le=MOST_PER_MINUTE,
        description="Uploads of a seed file that one client may make in a minute.",
    )
    worker_concurrency: int = Field(
        default=max(1, (os.cpu_count() or 2) - 1),
        ge=1,
        description="Jobs that one worker runs at a time; one for all queues runs one interactive "
        "job more, such as a preview.",
    )
    kept_models: int = Field(
        default=2,
        ge=0,
        le=100,
        description="Models that one worker keeps in memory for the next preview, each in a "
        "process of its own for a minute after the last; with 0, each preview loads its model.",
    )
    job_memory_bytes: int = Field(
        default=8192 * MIB,
        ge=512 * MIB,
        description="Maximum address space of one job's process, in bytes.",
    )
    job_seconds: int = Field(
        default=1800,
        ge=1,
        description="Maximum run time of one job, in seconds of wall clock and of CPU.",
    )
    job_attempts: int = Field(
        default=5,
        ge=1,
        description="Attempts at a job that keeps losing its worker, before it fails.",
    )
    job_history_hours: int = Field(
        default=24,
        ge=policy.IDEMPOTENCY_KEY_LIFE // policy.HOUR,  # a retry with its key asks for the job
        description="How long the record of a finished job is kept, in hours.",
    )
    jobs_per_tenant: int = Field(
        default=4,
        ge=1,
        description="Trainings of one tenant that run at a time, and likewise generations, "
        "previews and validations; its other jobs wait, so one tenant's backlog does not delay "
        "others.",
    )
    trainings_per_tenant: int = Field(
        default=20,
        ge=1,
        description="Trainings of one tenant that may wait or run, and as many validations; a "
        "further upload, or validation, is refused.",
    )
    stored_bytes_per_tenant: int = Field(
        default=20 * 1024 * MIB,
        ge=1,
        description="Maximum size of the seed files and artifacts that are kept for one tenant, in "
        "bytes.",
    )
    uploads_per_tenant: int = Field(
        default=64,
        ge=1,
        description="Uploads of one tenant at a time, in each API process.",
    )
    downloads_per_tenant: int = Field(
        default=8,
        ge=1,
        description="Downloads of one tenant at a time, in each API process; a download takes up "
        "to 10 MB of memory.",
    )
    scratch_bytes: int | None = Field(
        default=None,
        ge=1,
        description="Size of the temporary folder of an API process, in bytes, if it has a limit "
        "that its disk does not show; an upload needs four times its own. Default: what is free.",
    )
    liveness_port: int | None = Field(
        default=None,
        ge=1,
        le=65534,
        description="Port on which a process tells at /livez whether it is alive, however busy it "
        "is; under `serve` the worker takes the next one. Default: none, or any under `serve`.",
    )
    liveness_host: str = Field(
        default="127.0.0.1",
        description="Address of that port; it tells nothing else.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65534,
        description="Port on which a process gives its metrics to Prometheus; under `serve` the "
        "worker takes the next one. Default: none.",
    )
    metrics_host: str = Field(
        default="127.0.0.1",
        description="Address of that port. It asks for no password: keep it inside your network.",
    )
    metrics_tenants: bool = Field(
        default=False, description="Whether metrics have a series for the id of each tenant."
    )
    alert_webhook_url: SecretStr | None = Field(
        default=None,
        description="Address to which alerts are posted as JSON with a text, as chat services "
        "ask for it (https://...).",
    )
    alert_mail_to: str | None = Field(
        default=None, description="Addresses, separated by commas, to which alerts are mailed."
    )
    alert_mail_from: str | None = Field(
        default=None, description="Sender of that mail. Default: its first recipient."
    )
    smtp_host: str = Field(default="localhost", description="Mail server for alerts.")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["tls", "starttls", "none"] = Field(
        default="none",
        description="How the connection to the mail server is encrypted: tls from the start, "
        "starttls, or none for a server on the same machine.",
    )
    smtp_user: str | None = Field(default=None, description="User at the mail server.")
    smtp_password: SecretStr | None = Field(default=None, description="Password of that user.")
    webhook_networks: str = Field(
        default="",
        description="Networks of your own, separated by commas, that customers' webhooks may reach "
        "besides the public internet, such as 10.20.0.0/16; into one of this machine http will do.",
    )
    webhook_proxy: SecretStr | None = Field(
        default=None,
        description="Proxy (http://...) that makes all connections to customers' webhooks. It has "
        "to refuse those into your network, since it is what looks names up. Default: none is "
        "used.",
    )
    traces_collector: str | None = Field(
        default=None,
        description="Address of an OpenTelemetry collector to which traces are sent by OTLP over "
        "HTTP, such as http://localhost:4318. Default: none are made.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="How lines of the logs are written: as text or as JSON."
    )
    require_confinement: bool = Field(
        default=False,
        description="Whether a worker refuses to start where Landlock or seccomp is missing, which "
        "keep code in a hostile file from everything but its own job (see SECURITY.md).",
    )
    drain_seconds: int = Field(
        default=20,
        ge=1,
        description="Time that a stopping process gives running jobs and requests to finish, in "
        "seconds.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put secrets and the configuration file behind arguments and environment."""
        named = {**env_settings(), **init_settings()}
        data_dir = Path(named.get("data_dir", cls.model_fields["data_dir"].default))
        secrets = _from_secrets(settings_cls)
        return init_settings, env_settings, *secrets, _from_file(settings_cls, data_dir)

    @field_validator("base_url")
    @classmethod
    def _is_origin(cls, url: str) -> str:
        parts = urlsplit(url := url.rstrip("/"))
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
            raise ValueError("give an origin such as https://synthetic.example.com")
        return url

    @field_validator("support_contact")
    @classmethod
    def _is_reachable(cls, contact: str | None) -> str | None:
        if contact is not None and not re.fullmatch(CONTACT, contact):
            raise ValueError("give a mail address, or the address of a page (https://...)")
        return contact

    @field_validator("trusted_proxies", "webhook_networks")
    @classmethod
    def _are_addresses(cls, proxies: str) -> str:
        named = [name for name in map(str.strip, proxies.split(",")) if name]
        for name in named:
            ipaddress.ip_network(name, strict=False)  # and not *, with which anybody is trusted
        return ",".join(named)

    @field_validator("auth0_domain")
    @classmethod
    def _is_domain(cls, domain: str | None) -> str | None:
        if domain is not None and not re.fullmatch(DOMAIN, domain):
            raise ValueError("give a host name such as acme.eu.auth0.com, without https:// or path")
        return domain

    @field_validator("auth0_domain", "auth0_management_client_id", "auth0_management_client_secret")
    @classmethod
    def _is_there_if_needed(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.data.get("identity_provider") == "auth0":
            raise ValueError("it is needed, since identity_provider is auth0")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _is_issuer(cls, issuer: str | None) -> str | None:
        parts = urlsplit(issuer or "https://localhost")
        is_near = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
        if not (parts.scheme == "https" or is_near) or not parts.hostname or parts.query:
            raise ValueError("give the issuer's address, such as https://login.example.com")
        return issuer

    @field_validator("oidc_client_id", "oidc_client_secret")
    @classmethod
    def _is_there_with_issuer(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.data.get("oidc_issuer") is not None:
            raise ValueError("it is needed, since oidc_issuer is set")
        return value

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _is_postgresql(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None:
            return None
        scheme, _, rest = url.get_secret_value().partition("://")
        if scheme not in {"postgresql", "postgres"} or not rest:
            raise ValueError("give a URL that begins with postgresql://")
        return SecretStr(f"postgresql://{rest}")

    @field_validator("webhook_proxy")
    @classmethod
    def _is_proxy(cls, url: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(url.get_secret_value() if url is not None else "http://localhost")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
            raise ValueError("give an address such as http://proxy.example.com:3128")
        return url

    @field_validator("alert_webhook_url")
    @classmethod
    def _is_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            parts = urlsplit(url.get_secret_value())
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                raise ValueError("give an address that begins with https://")
        return url

    @field_validator("traces_collector")
    @classmethod
    def _is_collector(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "http://localhost")
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise ValueError("give an address such as http://localhost:4318")
        return url

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, text: str | None) -> str | None:
        for origin in filter(None, map(str.strip, (text or "").split(","))):
            parts = urlsplit(origin)
            is_local = parts.hostname in {"localhost", "127.0.0.1"}
            is_plain = parts.path.strip("/") or parts.query or parts.username
            if not parts.hostname or is_plain or not (parts.scheme == "https" or is_local):
                raise ValueError("give origins such as https://app.example.com, by commas")
        return text

    @field_validator("object_store_url")
    @classmethod
    def _is_store(cls, url: str | None) -> str | None:
        if url is not None and url.partition("://")[0] not in STORES:
            raise ValueError(f"give a URL that begins with {', '.join(STORES)} and ://")
        return url

    @model_validator(mode="before")
    @classmethod
    def _derive(cls, values: dict[str, Any]) -> dict[str, Any]:
        port = values.get("port") or cls.model_fields["port"].default
        values["base_url"] = values.get("base_url") or f"https://localhost:{port}"
        values["audience"] = values.get("audience") or values["base_url"].rstrip("/")
        return values

    @field_validator("master_key")
    @classmethod
    def _is_master_key(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            key = base64.b64decode(secret.get_secret_value(), validate=True)
            if len(key) != keys.MASTER_KEY_BYTES:
                raise ValueError(
                    f"it decodes to {len(key)} bytes; {keys.MASTER_KEY_BYTES} are needed"
                )
        return secret

    @model_validator(mode="after")
    def _sends_no_password_in_plain_text(self) -> Self:
        is_local = self.smtp_host in {"localhost", "127.0.0.1", "::1"}
        if self.smtp_password is not None and self.smtp_security == "none" and not is_local:
            raise ValueError("smtp_password needs smtp_security tls or starttls on another machine")
        return self

    def served_certificate(self) -> Path | None:
        """Return the certificate that `simulacra serve` made, if it has run here."""
        certificate = self.data_dir / "tls" / "server.pem"
        return certificate if certificate.exists() else None

    @property
    def issuer(self) -> str:
        """``iss`` of our tokens: the base URL with a trailing slash, as Auth0 writes it."""
        return f"{self.base_url}/"

    @property
    def master_key_file(self) -> Path:
        """Where the master key is, unless a setting holds it."""
        return self.data_dir / "keys" / "master.key"

    def keyring(self) -> keys.Keyring:
        """Return the keys of the master key; `root_key.load` gives the installation's for them.

        Raises:
            keys.MasterKeyError: there is no master key; only `simulacra serve` makes one.
            directory.errors.ExposedError: others can read its file, and that cannot be mended.
        """
        if self.master_key is not None:
            return keys.Keyring(base64.b64decode(self.master_key.get_secret_value()))
        directory.protect(self.master_key_file)
        return keys.Keyring(keys.read_master_key(self.master_key_file))

    def auth0_account(self) -> tuple[str, str, str]:
        """Return domain, management client id and secret of the Auth0 tenant."""
        domain, client_id = self.auth0_domain, self.auth0_management_client_id
        secret = self.auth0_management_client_secret
        if domain is None or client_id is None or secret is None:
            raise SettingsError("No Auth0 tenant: set identity_provider and auth0_*")
        return domain, client_id, secret.get_secret_value()

    def networks_of_webhooks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        """Return the networks that webhooks may reach although they are not public."""
        named = filter(None, self.webhook_networks.split(","))
        return [ipaddress.ip_network(name, strict=False) for name in named]

    def store_url(self) -> str:
        """Return where objects are kept, as a URL."""
        return self.object_store_url or (self.data_dir.resolve() / "objects").as_uri()

    def dsn(self) -> str:
        """Return the PostgreSQL URL.

        Raises:
            NoDatabaseError: no database is configured.
        """
        if self.database_url is None:
            raise NoDatabaseError("No database: set DATABASE_URL, or run under `simulacra serve`")
        return self.database_url.get_secret_value()

    def migration_dsn(self) -> str | None:
        """Return the PostgreSQL URL of the tables' owner, if that is another role."""
        url = self.migration_database_url
        return url.get_secret_value() if url is not None else None


def _from_secrets(settings_cls: type[BaseSettings]) -> list[SecretsSettingsSource]:
    """Return what the directory of secrets says, if one is named.

    Raises:
        SettingsError: the named directory is not there.
    """
    named = os.environ.get("SIMULACRA_SECRETS_DIR")
    if not named:
        return []
    if not Path(named).is_dir():
        raise SettingsError(f"SIMULACRA_SECRETS_DIR names {named}, which is no directory.")
    return [SecretsSettingsSource(settings_cls, secrets_dir=named)]


def _from_file(settings_cls: type[BaseSettings], data_dir: Path) -> TomlConfigSettingsSource:
    """Return what the configuration file says; none is needed unless one is named.

    Raises:
        SettingsError: the named file is not there, is not TOML, or has a name that no setting has.
    """
    named = os.environ.get("SIMULACRA_CONFIG")
    if named and not Path(named).is_file():
        raise SettingsError(f"SIMULACRA_CONFIG names {named}, which is no file.")
    file = Path(named) if named else data_dir / "simulacra.toml"
    try:
        source = TomlConfigSettingsSource(settings_cls, toml_file=file)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from None
    unknown = sorted(source.toml_data.keys() - settings_cls.model_fields.keys())
    if unknown:
        raise SettingsError(f"{file}: there is no setting {', '.join(map(repr, unknown))}.")
    return source
