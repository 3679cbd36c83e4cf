"""Encrypted objects in a store: a directory, S3, Google Cloud Storage or Azure.

Bytes are encrypted before they leave the machine, under a key of their own (tink's streaming
AEAD, AES-256-GCM in 1 MiB segments), bound to the object's path. Whoever destroys the key has
shredded every copy of the bytes, backups included.
"""

import contextlib
import dataclasses
import hashlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, cast
from urllib.parse import unquote, urlsplit

import obstore
import tink
from obstore.store import LocalStore, ObjectStore, from_url
from tink import secret_key_access, streaming_aead

from simulacra.service import scratch

if TYPE_CHECKING:
    from obstore import ReadableFile

CHUNK_BYTES = 1024**2

streaming_aead.register()


class ObjectKey:
    """The key of one object, or of the few objects that live and die together."""

    def __init__(self, handle: tink.KeysetHandle) -> None:
        self._handle = handle
        self.cipher = handle.primitive(streaming_aead.StreamingAead)

    @classmethod
    def generate(cls) -> Self:
        """Return a fresh key."""
        template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
        return cls(tink.new_keyset_handle(template))

    @classmethod
    def from_bytes(cls, secret: bytes) -> Self:
        """Return the key that `to_bytes` wrote."""
        return cls(tink.proto_keyset_format.parse(secret, secret_key_access.TOKEN))

    def to_bytes(self) -> bytes:
        """Return the secret itself, to be sealed before it is stored."""
        return bytes(tink.proto_keyset_format.serialize(self._handle, secret_key_access.TOKEN))


class UnavailableError(Exception):
    """The store does not answer."""


@dataclasses.dataclass(frozen=True)
class Digest:
    """Length in bytes and hex SHA-256 of an object's plain bytes."""

    size_bytes: int
    sha256: str


class Storage:
    """Objects by path; every method blocks, so servers call it in a thread."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = _open_store(url)

    def write(self, path: str, source: IO[bytes], key: ObjectKey) -> Digest:
        """Encrypt `source` from its present position to `path`; an existing object is replaced.

        The ciphertext is finished in a temporary file first: a producer that fails half-way must
        not leave a shorter object that would still authenticate.
        """
        with scratch.folder() as folder:
            sealed = folder / "sealed"
            digest = _encrypt(source, sealed, key, path)
            obstore.put(self._store, path, sealed)
        return digest

    def read(self, path: str, key: ObjectKey) -> contextlib.closing[IO[bytes]]:
        """Return a context manager over the plain bytes of the object at `path`.

        Raises:
            FileNotFoundError: there is no such object.
        """
        source = cast("IO[bytes]", _Source(obstore.open_reader(self._store, path)))
        return contextlib.closing(key.cipher.new_decrypting_stream(source, path.encode()))

    def upload(self, path: str, source: Path, key: ObjectKey) -> Digest:
        """Encrypt the file `source` to `path`."""
        with source.open("rb") as file:
            return self.write(path, file, key)

    def download(self, path: str, key: ObjectKey, target: Path) -> None:
        """Decrypt the object at `path` into the file `target`."""
        with self.read(path, key) as stream, target.open("wb") as file:
            shutil.copyfileobj(stream, file, CHUNK_BYTES)

    def chunks(self, path: str, key: ObjectKey, start: int, stop: int) -> Iterator[bytes]:
        """Yield the plain bytes from offset `start` up to `stop`."""
        with self.read(path, key) as stream:
            position = 0
            while position < stop and (chunk := stream.read(CHUNK_BYTES)):
                wanted = chunk[max(0, start - position) : stop - position]
                position += len(chunk)
                if wanted:
                    yield wanted

    def delete(self, path: str) -> None:
        """Remove the object at `path`, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            obstore.delete(self._store, path)


class _Source(io.RawIOBase):
    """An obstore reader as the raw stream that tink reads ciphertext from."""

    def __init__(self, reader: "ReadableFile") -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # typeshed: Buffer
        data = self._reader.read(len(buffer))
        buffer[: len(data)] = memoryview(data)
        return len(data)


def _open_store(url: str) -> ObjectStore:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(Path(unquote(parts.path)), mkdir=True, automatic_cleanup=True)
    return from_url(url)


def _encrypt(source: IO[bytes], target: Path, key: ObjectKey, path: str) -> Digest:
    hasher, size = hashlib.sha256(), 0
    sink = key.cipher.new_encrypting_stream(target.open("wb"), path.encode())
    while chunk := source.read(CHUNK_BYTES):
        hasher.update(chunk)
        size += len(chunk)
        sink.write(chunk)
    sink.close()
    return Digest(size, hasher.hexdigest())
