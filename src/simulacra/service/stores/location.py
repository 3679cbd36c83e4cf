"""What is known of a customer's store, without its secrets."""

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

_REGION = r"^[a-z0-9-]{1,64}$"
_ROLE = r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}$"
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/=-]{0,500})?")


def _checked_bucket(url: str) -> str:
    if not _BUCKET.fullmatch(url) or ".." in url:
        raise ValueError("give a bucket and a key prefix, such as s3://bucket/prefix")
    return url.rstrip("/")


def _checked_endpoint(url: str) -> str:
    """Let secrets travel encrypted: a key service is sent the keys of objects."""
    parts = urlsplit(url)
    is_local = parts.hostname is not None and _is_loopback(parts.hostname)
    if parts.hostname is None or parts.scheme not in ("https", "http"):
        raise ValueError("give an address, such as https://s3.example.com")
    if parts.scheme == "http" and not is_local:
        raise ValueError("only an address of this machine may be http; give an https one")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError("give scheme, host and port alone, such as https://s3.example.com:9000")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


Endpoint = Annotated[str, AfterValidator(_checked_endpoint)]


class Location(BaseModel):
    """A bucket, the key that wraps the keys of its objects, and the ways to both."""

    model_config = ConfigDict(frozen=True, extra="forbid", regex_engine="python-re")

    bucket: Annotated[str, AfterValidator(_checked_bucket)] = Field(
        description="Bucket and key prefix, such as s3://bucket/prefix."
    )
    region: str = Field(default="us-east-1", pattern=_REGION, description="Of the bucket.")
    key: str = Field(
        description="The wrapping key: aws-kms://arn:aws:kms:..., or file:///path of 32 bytes."
    )
    role: str | None = Field(default=None, pattern=_ROLE, description="ARN of the role to assume.")
    external_id: str | None = Field(
        default=None, pattern=r"^[\w+=,.@:/-]{2,1224}$", description="That the role asks for."
    )
    s3_endpoint: Endpoint | None = Field(
        default=None, description="Of the bucket, where it is not AWS."
    )
    kms_endpoint: Endpoint | None = Field(default=None, description="Of the key service, likewise.")
    sts_endpoint: Endpoint | None = Field(
        default=None, description="Of the role's service, likewise."
    )

    @model_validator(mode="after")
    def _check_role(self) -> "Location":
        if self.external_id is not None and self.role is None:
            raise ValueError("an external id belongs to a role; name the role too")
        return self

    @property
    def bucket_name(self) -> str:
        """The bucket without its prefix."""
        return urlsplit(self.bucket).netloc

    @property
    def prefix(self) -> str:
        """What the paths of objects begin with; may be empty."""
        return urlsplit(self.bucket).path.strip("/")


class Credentials(BaseModel):
    """A static access key of the customer's; sealed before it is stored."""

    model_config = ConfigDict(frozen=True)

    access_key_id: str = Field(pattern=r"^[A-Za-z0-9_-]{3,128}$")
    secret_access_key: SecretStr = Field(min_length=8, max_length=1024)
