"""The file of a backup: a tar archive, encrypted, with a manifest at its end.

    magic line
    2 bytes            length of what follows
    sealed key         the key of this file, sealed under a key derived from the master key
    ciphertext         of the archive, by the same cipher as objects (tink's streaming AEAD)

The archive can be written and read as a stream, so nothing of it lies anywhere in plain.
"""

import contextlib
import datetime as dt
import hashlib
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pydantic
import tink

from simulacra.service import errors, keys, storage

MAGIC = b"simulacra backup 1\n"
CONTEXT = "backup"
MANIFEST = "manifest.json"


class Manifest(pydantic.BaseModel):
    """What a backup holds.

    Attributes:
        made_at: the moment at which the database was as it is here.
        version: of the package that made the backup.
        revision: of the database.
        trail_head: of the audit trail at that moment, as ``NUMBER:HASH``; None: it had no entry.
        missing: paths of objects that the database knew and the store did not have.
        members: length and SHA-256 of everything else in the archive.
    """

    made_at: dt.datetime
    version: str
    revision: str
    trail_head: str | None
    missing: list[str]
    members: dict[str, storage.Digest]

    @property
    def size_bytes(self) -> int:
        """Length of all members together."""
        return sum(it.size_bytes for it in self.members.values())


class Writer:
    """Adds members to an archive, and keeps count of them."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.members: dict[str, storage.Digest] = {}

    def add(self, name: str, size_bytes: int, source: IO[bytes]) -> None:
        """Add what `source` has.

        Raises:
            OSError: it has less than `size_bytes`.
        """
        info = tarfile.TarInfo(name)
        info.size, info.mode = size_bytes, 0o600
        counted = _Counted(source)
        self._tar.addfile(info, cast("IO[bytes]", counted))
        self.members[name] = counted.digest


class _Counted:
    """Reads from a source, and tells the digest of what was read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._hasher, self._size = source, hashlib.sha256(), 0

    def read(self, size: int = storage.CHUNK_BYTES) -> bytes:
        """Return up to `size` bytes."""
        data = self._source.read(size)
        self._hasher.update(data)
        self._size += len(data)
        return data

    @property
    def digest(self) -> storage.Digest:
        """Of what was read so far."""
        return storage.Digest(self._size, self._hasher.hexdigest())


@contextlib.contextmanager
def writing(path: Path, keyring: keys.Keyring) -> Iterator[Writer]:
    """Write a file at `path`, mode 0600, whole or not at all.

    Raises:
        errors.BackupError: there is such a file already.
        OSError: it cannot be written.
    """
    if path.exists():
        raise errors.BackupError(f"There is a file {path} already; a backup replaces none.")
    key = storage.ObjectKey.generate()
    sealed = _sealer(keyring).seal(key.to_bytes(), CONTEXT)
    draft = path.with_name(f".{path.name}.{keys.random_id()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(MAGIC + len(sealed).to_bytes(2) + sealed)
            stream = key.cipher.new_encrypting_stream(file, MAGIC)
            with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="w|") as tar:
                yield Writer(tar)
            stream.close()
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextlib.contextmanager
def reading(path: Path, keyring: keys.Keyring) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """Yield names and contents of the members, each of which must be read before the next.

    Raises:
        errors.BackupError: this is no backup, or it is damaged or cut off.
        keys.OtherKeyError: it was made under another master key.
    """
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise errors.BackupError(f"{path} is no backup that this version can read.")
        sealed = file.read(int.from_bytes(file.read(2)))
        try:
            key = storage.ObjectKey.from_bytes(_sealer(keyring).open(sealed, CONTEXT))
        except keys.OtherKeyError:
            raise keys.OtherKeyError(
                f"{path} does not open: it was made under another master key, or altered."
            ) from None
        stream = key.cipher.new_decrypting_stream(file, MAGIC)
        try:
            with tarfile.open(fileobj=cast("IO[bytes]", stream), mode="r|") as tar:
                yield _members(tar)
        except (tink.TinkError, tarfile.TarError, EOFError):
            raise errors.BackupError(f"{path} is damaged, or was cut off.") from None


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for info in tar:
        content = tar.extractfile(info)
        if content is not None:
            yield info.name, content


def verify(path: Path, keyring: keys.Keyring) -> Manifest:
    """Read a backup to its end, compare it with its manifest, and return that.

    Raises:
        errors.BackupError: this is no backup, or it is damaged or not whole.
        keys.OtherKeyError: it was made under another master key.
    """
    manifest, seen = None, {}
    with reading(path, keyring) as members:
        for name, content in members:
            if name == MANIFEST:
                manifest = Manifest.model_validate_json(content.read())
                continue
            counted = _Counted(content)
            while counted.read():
                pass
            seen[name] = counted.digest
    if manifest is None or manifest.members != seen:
        raise errors.BackupError(f"{path} is not whole: it does not hold what its manifest says.")
    return manifest


def _sealer(keyring: keys.Keyring) -> keys.Sealer:
    return keys.Sealer(keyring.derive("backup"))
