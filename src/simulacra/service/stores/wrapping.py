"""The registry of key services: each wraps the keys of objects under a key of the customer's.

A new one is a module with a function like those below, and an entry in `KEY_SERVICES`. What it
raises is translated by `customer`.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from simulacra.service.stores import aws_kms, key_file
from simulacra.service.stores.access import Access
from simulacra.service.stores.location import Location
from simulacra.service.stores.store import KeyService

KEY_SERVICES: Mapping[str, Callable[[Location, Access], KeyService]] = {
    aws_kms.SCHEME: aws_kms.connect,
    key_file.SCHEME: key_file.connect,
}
"""By the scheme of the key's address."""


def check(location: Location) -> None:
    """Refuse the address of a key that no key service has.

    Raises:
        ValueError: says which would do.
    """
    if urlsplit(location.key).scheme not in KEY_SERVICES:
        known = ", ".join(f"{scheme}://" for scheme in KEY_SERVICES)
        raise ValueError(f"key: give an address that begins with one of {known}")
    connect(location, Access(location, None))


def connect(location: Location, access: Access) -> KeyService:
    """Return the key service of a location."""
    return KEY_SERVICES[urlsplit(location.key).scheme](location, access)
