"""Keys in the AWS Key Management Service, or in whatever speaks its API."""

import functools
import re
from typing import TYPE_CHECKING

from simulacra.service.stores.access import Access
from simulacra.service.stores.location import Location

if TYPE_CHECKING:
    from tink.aead import Aead

SCHEME = "aws-kms"
_ARN = re.compile(r"aws-kms://arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):\d{12}:key/[A-Za-z0-9-]+")


class AwsKms:
    """Wraps secrets by the service as tink uses it: the context goes along for encryption."""

    def __init__(self, location: Location, region: str, access: Access) -> None:
        self._location, self._region, self._access = location, region, access

    @functools.cached_property
    def _aead(self) -> "Aead":
        from tink.integration import awskms  # noqa: PLC0415 - half a second, for who uses it

        client = self._access.client("kms", self._region, self._location.kms_endpoint)
        key = self._location.key
        return awskms.new_client(boto3_client=client, key_uri=key).get_aead(key)

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        """Return `plaintext` encrypted.

        Raises:
            tink.TinkError: the service refuses.
            botocore.exceptions.BotoCoreError: it does not answer.
        """
        return bytes(self._aead.encrypt(plaintext, associated_data))

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        """Return what `encrypt` was given; raises like it."""
        return bytes(self._aead.decrypt(ciphertext, associated_data))


def connect(location: Location, access: Access) -> AwsKms:
    """Return the service of a key; nothing is asked of it yet.

    Raises:
        ValueError: the address is not that of a key.
    """
    found = _ARN.fullmatch(location.key)
    if found is None:
        raise ValueError(
            "key: give the ARN of a key, such as aws-kms://arn:aws:kms:eu-central-1:"
            "111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        )
    return AwsKms(location, found["region"], access)
