"""One store: where the objects of a dataset or generation lie, and what wraps their key."""

import asyncio
import dataclasses
import secrets
from io import BytesIO
from typing import Protocol

from simulacra.service import errors, keys, storage


class KeyService(Protocol):
    """Wraps short secrets under a key of a customer's (the interface of ``tink.aead.Aead``).

    Nothing that it returned is kept in memory for long, so that a key that the customer takes away
    opens nothing more.
    """

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        """Return `plaintext` encrypted under the customer's key, bound to `associated_data`."""

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        """Return what `encrypt` was given."""


@dataclasses.dataclass(frozen=True)
class Store:
    """A store.

    Attributes:
        id: of a customer's; None: the installation's own.
        objects: what lies there.
        key_service: wraps their keys; None: the tenant's key, which always does, is enough.
    """

    id: str | None
    objects: storage.Storage
    key_service: KeyService | None = None

    async def wrap(self, key: storage.ObjectKey, owner_id: str) -> bytes:
        """Return the key of `owner_id`, wrapped under the customer's, to be sealed once more.

        Raises:
            errors.CustomerKeyError: the customer's key cannot be used.
        """
        secret = key.to_bytes()
        if self.key_service is None:
            return secret
        return await asyncio.to_thread(self.key_service.encrypt, secret, _context(owner_id))

    async def unwrap(self, wrapped: bytes, owner_id: str) -> storage.ObjectKey:
        """Return the key that `wrap` wrapped for the same owner.

        Raises:
            errors.CustomerKeyError: the customer's key cannot be used.
        """
        if self.key_service is not None:
            context = _context(owner_id)
            wrapped = await asyncio.to_thread(self.key_service.decrypt, wrapped, context)
        return storage.ObjectKey.from_bytes(wrapped)

    def check(self) -> None:
        """Wrap a key, and write, read and delete an object under it; blocks.

        Raises:
            errors.CustomerStorageError: one of them does not work.
        """
        path, content = f"check/{keys.random_id()}", secrets.token_bytes(64)
        key = storage.ObjectKey.generate()
        if self.key_service is not None:
            wrapped = self.key_service.encrypt(key.to_bytes(), _context(path))
            opened = self.key_service.decrypt(wrapped, _context(path))
            key = storage.ObjectKey.from_bytes(opened)
        self.objects.write(path, BytesIO(content), key)
        try:
            if b"".join(self.objects.chunks(path, key, 0, len(content))) != content:
                raise errors.CustomerStorageError("it returns other bytes than were written")
        finally:
            self.objects.delete(path)


def _context(owner_id: str) -> bytes:
    return f"simulacra/{owner_id}".encode()
