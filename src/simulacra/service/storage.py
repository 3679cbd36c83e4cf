"""Encrypted objects in a store: a directory, S3, Google Cloud Storage or Azure.

Bytes are encrypted before they leave the machine, under a key of their own (tink's streaming
AEAD, AES-256-GCM in 1 MiB segments), bound to the object's path. Destroying the
key shreds every copy of the bytes, backups included.
"""

import contextlib
import dataclasses
import datetime as dt
import glob
import hashlib
import io
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, cast
from urllib.parse import unquote, urlsplit

import obstore
import tink
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store, from_url
from tink import secret_key_access, streaming_aead

from simulacra.service import errors, scratch

if TYPE_CHECKING:
    from obstore.store import RetryConfig

CHUNK_BYTES = 1024**2
BLOCK_BYTES = 4 * 1024**2
"""What one request reads; a reader that is slow, such as a customer's line, holds none open."""

RETRY: "RetryConfig" = {
    "max_retries": 10,
    "retry_timeout": dt.timedelta(seconds=10),
    "backoff": {
        "init_backoff": dt.timedelta(milliseconds=100),
        "max_backoff": dt.timedelta(seconds=2),
        "base": 2,
    },
}
"""A restart of the store goes unnoticed, an outage shows within 15 s. A store that stalls shows in
30 s, the client's own limit for one request: 5 MiB of an upload, or one block of a read."""

logger = logging.getLogger(__name__)

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


@dataclasses.dataclass(frozen=True)
class Digest:
    """Length in bytes and hex SHA-256 of an object's plain bytes."""

    size_bytes: int
    sha256: str


Fault = Callable[[BaseError | FileNotFoundError], errors.StorageUnavailableError]
"""Makes the error that callers see of what the client of a store raised."""


class Storage:
    """Objects by path; all methods but `check` block, so servers call them in a thread."""

    def __init__(
        self, client: ObjectStore, *, folder: Path | None = None, fault: Fault | None = None
    ) -> None:
        """Keep objects where `client` does.

        Args:
            client: of the store.
            folder: of a store that is one.
            fault: tells of a store of somebody else's, who may have removed what was there: then
                an object that is missing is a fault too.
        """
        self._store = client
        self._folder = folder
        self._fault = fault or _fault
        self._is_ours = fault is None

    @classmethod
    def at(cls, url: str) -> Self:
        """Return the store of a URL."""
        return cls(_open_store(url), folder=_folder_of(url))

    def write(self, path: str, source: IO[bytes], key: ObjectKey) -> Digest:
        """Encrypt `source` from its present position to `path`; an existing object is replaced.

        The ciphertext is finished in a temporary file first: a producer that fails half-way must
        not leave a shorter object that would still authenticate.

        Raises:
            errors.StorageUnavailableError: the store does not take it.
        """
        with scratch.folder() as folder:
            sealed = folder / "sealed"
            digest = _encrypt(source, sealed, key, path)
            self._put(path, sealed)
        return digest

    @contextlib.contextmanager
    def read(self, path: str, key: ObjectKey) -> Iterator[IO[bytes]]:
        """Open the plain bytes of the object at `path`.

        Raises:
            FileNotFoundError: there is no such object.
            errors.StorageUnavailableError: the store does not answer, now or later while the bytes
                are read.
            tink.TinkError: the bytes are not what `write` sealed under this key and path.
        """
        source = _Source(self, path)
        plain = key.cipher.new_decrypting_stream(cast("IO[bytes]", source), path.encode())
        with contextlib.closing(plain) as stream:
            try:
                yield stream
            except tink.TinkError:
                if source.failure is not None:  # tink takes whatever it meets for a wrong key
                    raise source.failure from None
                raise

    def upload(self, path: str, source: Path, key: ObjectKey) -> Digest:
        """Encrypt the file `source` to `path`."""
        with source.open("rb") as file:
            return self.write(path, file, key)

    def download(self, path: str, key: ObjectKey, target: Path) -> None:
        """Decrypt the object at `path` into the new file `target`.

        Raises:
            FileExistsError: there is something already. A child may be able to write to the folder,
                and a link of its making is not followed.
        """
        with self.read(path, key) as stream, target.open("xb") as file:
            shutil.copyfileobj(stream, file, CHUNK_BYTES)

    def chunks(self, path: str, key: ObjectKey, start: int, stop: int) -> Iterator[bytes]:
        """Yield the plain bytes from offset `start` up to `stop`."""
        with self.read(path, key) as stream:
            position = 0
            while position < stop and (chunk := stream.read(CHUNK_BYTES)):
                part = chunk[max(0, start - position) : stop - position]
                position += len(chunk)
                if part:
                    yield part

    def open_sealed(self, path: str) -> tuple[int, IO[bytes]]:
        """Return the length of the object at `path` as it lies in the store, and its bytes.

        Raises:
            FileNotFoundError: there is no such object.
            errors.StorageUnavailableError: the store does not answer, now or while it is read.
        """
        source = _Source(self, path)
        return source.size_bytes, io.BufferedReader(cast("io.RawIOBase", source), CHUNK_BYTES)

    def write_sealed(self, path: str, source: IO[bytes]) -> None:
        """Put bytes to `path` that `open_sealed` returned for the same path.

        Raises:
            errors.StorageUnavailableError: the store does not take it.
        """
        with scratch.folder() as folder:
            sealed = folder / "sealed"
            with sealed.open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK_BYTES)
            self._put(path, sealed)

    def is_empty(self) -> bool:
        """Tell whether there is no object.

        Raises:
            errors.StorageUnavailableError: the store does not answer.
        """
        with self._translated():
            return not any(batch for batch in obstore.list(self._store))

    async def check(self) -> None:
        """Ask the store for what is below a path where nothing is.

        Raises:
            Exception: whatever the store says when it does not answer, or not to us.
        """
        async for _ in obstore.list(self._store, prefix="ready"):
            break

    def delete(self, path: str) -> None:
        """Remove the object at `path`, if it is there, whole or in part."""
        if self._folder is not None:
            _adopt_part(self._folder / path)
        with contextlib.suppress(FileNotFoundError), self._translated():
            obstore.delete(self._store, path)

    def length(self, path: str) -> int:
        """Return the length in bytes of the object at `path` as it lies in the store."""
        with self._told_if_missing(), self._translated():
            return obstore.head(self._store, path)["size"]

    def fetch(self, path: str, start: int, stop: int) -> memoryview:
        """Return bytes of the object at `path` as they lie in the store."""
        with self._told_if_missing(), self._translated():
            return memoryview(obstore.get_range(self._store, path, start=start, end=stop))

    def _put(self, path: str, sealed: Path) -> None:
        try:
            with self._translated():
                obstore.put(self._store, path, sealed)
        except FileNotFoundError as error:  # the bucket is what is missing
            raise self._fault(error) from None

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what the client of the store raises into our error; the log says why."""
        try:
            yield
        except BaseError as error:
            reason = str(error).partition("\n")[0]
            logger.warning("object store: %s", reason)
            raise self._fault(error) from None

    @contextlib.contextmanager
    def _told_if_missing(self) -> Iterator[None]:
        """Tell that an object is missing: of a store of ours as such, of another as its fault."""
        try:
            yield
        except FileNotFoundError as error:
            if self._is_ours:
                raise
            raise self._fault(error) from None


class _Source(io.RawIOBase):
    """An object as the raw stream that tink reads ciphertext from, a block at a time."""

    def __init__(self, storage: Storage, path: str) -> None:
        self._storage, self._path, self._position = storage, path, 0
        self._block = memoryview(b"")
        self.failure: Exception | None = None
        self.size_bytes = storage.length(path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # typeshed: Buffer
        if not self._block and self._position < self.size_bytes:
            end = min(self._position + BLOCK_BYTES, self.size_bytes)
            try:
                self._block = self._storage.fetch(self._path, self._position, end)
            except (errors.StorageUnavailableError, FileNotFoundError) as error:
                self.failure = error
                raise
            self._position += len(self._block)
        data, self._block = self._block[: len(buffer)], self._block[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def _fault(error: BaseError | FileNotFoundError) -> errors.StorageUnavailableError:
    name = type(error).__name__
    return errors.StorageUnavailableError(f"the object store does not answer ({name})")


def _folder_of(url: str) -> Path | None:
    """Return the folder of a store that is one."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def _adopt_part(path: Path) -> None:
    """Put what a killed writer left of a file in its place; the client writes to ``{name}#1``."""
    for part in path.parent.glob(f"{glob.escape(path.name)}#*"):
        part.replace(path)


def _open_store(url: str) -> ObjectStore:
    folder = _folder_of(url)
    if folder is not None:
        return LocalStore(folder, mkdir=True, automatic_cleanup=True)
    parts = urlsplit(url)
    if parts.scheme == "s3":  # one DELETE for one object: every compatible store knows that
        return S3Store.from_url(url, retry_config=RETRY, disable_bulk_delete=True)
    return from_url(url, retry_config=RETRY)


def _encrypt(source: IO[bytes], target: Path, key: ObjectKey, path: str) -> Digest:
    hasher, size = hashlib.sha256(), 0
    sink = key.cipher.new_encrypting_stream(target.open("wb"), path.encode())
    while chunk := source.read(CHUNK_BYTES):
        hasher.update(chunk)
        size += len(chunk)
        sink.write(chunk)
    sink.close()
    return Digest(size, hasher.hexdigest())
