"""Keys in files of the service's machines, such as those of a mounted hardware token.

The file is read for every single use, so that taking it away is enough to revoke the key.
"""

import os
import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

from simulacra.service import keys
from simulacra.service.stores.access import Access
from simulacra.service.stores.location import Location

SCHEME = "file"


class KeyFileError(Exception):
    """The file is not there, or does not hold a key; the text has no path."""


class KeyFile:
    """Wraps secrets under the key in a file (AES-256-GCM)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        """Return `plaintext` sealed.

        Raises:
            KeyFileError: there is no key.
        """
        return self._sealer().seal(plaintext, associated_data.decode())

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        """Return what `encrypt` was given.

        Raises:
            KeyFileError: there is no key.
            keys.OtherKeyError: it is another one.
        """
        return self._sealer().open(ciphertext, associated_data.decode())

    def _sealer(self) -> keys.Sealer:
        try:
            with self._path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                key = file.read(keys.MASTER_KEY_BYTES + 1)
        except OSError as error:
            raise KeyFileError(f"the key file cannot be read ({error.strerror})") from None
        if stat.S_IMODE(mode) & 0o077:
            raise KeyFileError("others than its owner may use the key file; chmod it to 0600")
        if len(key) != keys.MASTER_KEY_BYTES:
            raise KeyFileError(f"the key file does not have {keys.MASTER_KEY_BYTES} bytes")
        return keys.Sealer(key)


def connect(location: Location, _: Access) -> KeyFile:
    """Return the service of a key file.

    Raises:
        ValueError: the address is not that of a file.
    """
    parts = urlsplit(location.key)
    if parts.netloc or not parts.path.startswith("/"):
        raise ValueError("key: give the whole path of a file, such as file:///etc/keys/acme.key")
    return KeyFile(Path(unquote(parts.path)))
