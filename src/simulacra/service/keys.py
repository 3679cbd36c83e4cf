"""The one place for key material: derivation, keyed hashes, and sealing of other keys.

Every secret hangs from one root key, which the master key seals. Purposes are separated by HKDF
(RFC 5869), so a key that leaks from one use tells nothing about another. Sealing is AES-256-GCM
with the context as associated data: a sealed key that is moved to another row does not open.
"""

import hashlib
import hmac
import os
import secrets
import string
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
NONCE_BYTES = 12
ROOT = "root"
ALPHANUMERIC = string.ascii_letters + string.digits


class MasterKeyError(Exception):
    """There is no master key, or what is there is none."""


class OtherKeyError(Exception):
    """Something was sealed under another key or for another place, or was altered since."""


def random_id(prefix: str = "", length: int = 24) -> str:
    """Return `prefix` and `length` random letters and digits (24 carry 142 bits)."""
    return prefix + "".join(secrets.choice(ALPHANUMERIC) for _ in range(length))


def read_master_key(path: Path) -> bytes:
    """Return the key in the file at `path`.

    Raises:
        MasterKeyError: there is no such file, or it does not hold a key.
        OSError: it cannot be read.
    """
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        raise MasterKeyError(
            f"There is no master key: SIMULACRA_MASTER_KEY is not set, and {path} is not there. A "
            "key is made only by the first `simulacra serve` of a new installation; use the one "
            "that the database was first used with."
        ) from None
    if len(key) != MASTER_KEY_BYTES:
        raise MasterKeyError(
            f"{path} has {len(key)} bytes; a master key has {MASTER_KEY_BYTES}. Put back the file "
            "that the database was first used with."
        )
    return key


def make_master_key(path: Path) -> None:
    """Make a key in a file at `path`, readable by its owner alone; one that is there is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{random_id()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(MASTER_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)  # atomic: of two processes that start at once, one wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()


class Sealer:
    """Seals and opens short secrets under one 256-bit key."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, context: str) -> bytes:
        """Return `secret` encrypted and bound to `context`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return what `seal` was given.

        Raises:
            OtherKeyError: another key, another context, or altered bytes.
        """
        try:
            return self._cipher.decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode()
            )
        except InvalidTag:
            kind = context.partition("/")[0]
            raise OtherKeyError(
                f"A {kind} of this database does not open: it was sealed under another master key, "
                "or altered. Start with the SIMULACRA_MASTER_KEY, or the keys/master.key, that the "
                "database was first used with."
            ) from None


class Keyring:
    """The keys that derive from one key: from the root key of an installation, or its master key.

    The master key seals the root key and backups, and nothing else; all other keys are the root
    key's. An installation from before there were root keys has its first master key for one.
    """

    def __init__(self, root: bytes) -> None:
        self._root = root
        self.sealer = Sealer(self.derive("seal"))
        self._pepper = self.derive("secret-hash")

    @classmethod
    def generate(cls) -> Self:
        """Return the keys of a fresh random key."""
        return cls(secrets.token_bytes(MASTER_KEY_BYTES))

    def seal_root(self, root: "Keyring") -> bytes:
        """Return the key of `root`, sealed by this master key's."""
        return self._root_sealer().seal(root._root, ROOT)  # noqa: SLF001 - of this class

    def open_root(self, sealed: bytes) -> "Keyring":
        """Return the keys of the root key that `seal_root` sealed.

        Raises:
            OtherKeyError: it was sealed under another master key, or altered.
        """
        return Keyring(self._root_sealer().open(sealed, ROOT))

    def _root_sealer(self) -> Sealer:
        return Sealer(self.derive(ROOT))

    def derive(self, purpose: str) -> bytes:
        """Return the 256-bit key of one purpose."""
        hkdf = HKDF(hashes.SHA256(), 32, salt=None, info=f"simulacra/{purpose}".encode())
        return hkdf.derive(self._root)

    def hash_secret(self, secret: str) -> bytes:
        """Return the keyed hash under which a high-entropy secret is stored."""
        return hmac.digest(self._pepper, secret.encode(), hashlib.sha256)

    def matches(self, secret: str, stored: bytes) -> bool:
        """Tell, in constant time, whether `stored` is the hash of `secret`."""
        return hmac.compare_digest(self.hash_secret(secret), stored)
