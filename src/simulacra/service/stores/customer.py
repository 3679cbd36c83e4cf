"""A customer's store: its clients, and what their errors mean.

Only processes that meet such a store load this module; the clients of AWS's services take half a
second and 40 MB.
"""

import contextlib
import functools
import logging
from collections.abc import Iterator

import botocore.exceptions
import tink
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from simulacra.service import errors, keys, storage
from simulacra.service.stores import key_file, wrapping
from simulacra.service.stores.access import Access
from simulacra.service.stores.location import Credentials, Location
from simulacra.service.stores.store import KeyService, Store

logger = logging.getLogger(__name__)

REFUSALS = frozenset(
    {
        *("400", "403", "AccessDenied", "AccessDeniedException", "DisabledException"),
        *("ExpiredTokenException", "IncorrectKeyException", "InvalidCiphertextException"),
        *("InvalidClientTokenId", "InvalidKeyUsageException", "KMSInvalidStateException"),
        *("NoCredentialsError", "NotFoundException", "SignatureDoesNotMatch"),
        "UnrecognizedClientException",
    }
)
"""What AWS answers where another try meets the same answer (KMS and STS, "Common errors")."""

_FAULTS = (tink.TinkError, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError)


def connect(store_id: str, location: Location, credentials: Credentials | None) -> Store:
    """Return a customer's store; nothing is asked of it yet.

    Raises:
        ValueError: the address of the key is not one.
    """
    access = Access(location, credentials)
    bucket = storage.Storage(access.bucket(), fault=functools.partial(_fault_of_bucket, access))
    return Store(store_id, bucket, _Translating(wrapping.connect(location, access)))


def _fault_of_bucket(
    access: Access, error: BaseError | FileNotFoundError
) -> errors.StorageUnavailableError:
    match error:
        case FileNotFoundError():
            told, is_refusal = "has no such bucket or object", True
        case PermissionDeniedError() | UnauthenticatedError() if not access.is_unreachable:
            told, is_refusal = "refuses access", True
        case _:
            told, is_refusal = "does not answer", False
    return errors.CustomerStorageError(told, is_refusal=is_refusal)


class _Translating:
    """A key service whose errors are ours."""

    def __init__(self, service: KeyService) -> None:
        self._service = service

    def encrypt(self, plaintext: bytes, associated_data: bytes) -> bytes:
        with _translated():
            return self._service.encrypt(plaintext, associated_data)

    def decrypt(self, ciphertext: bytes, associated_data: bytes) -> bytes:
        with _translated():
            return self._service.decrypt(ciphertext, associated_data)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn what a key service raises into our error; the log says why."""
    try:
        yield
    except (key_file.KeyFileError, keys.OtherKeyError) as error:
        logger.warning("key of a customer: %s", error)
        raise errors.CustomerKeyError("cannot be used", is_refusal=True) from None
    except _FAULTS as error:
        code = _code_of(error)
        logger.warning("key service of a customer: %s", code)
        is_refusal = code in REFUSALS
        told = "refuses" if is_refusal else "does not answer"
        raise errors.CustomerKeyError(f"{told} ({code})", is_refusal=is_refusal) from None


def _code_of(error: Exception) -> str:
    """Return the word by which a service says what is wrong, or the name of the error."""
    cause = error.args[0] if isinstance(error, tink.TinkError) and error.args else error
    if isinstance(cause, botocore.exceptions.ClientError):
        return str(cause.response.get("Error", {}).get("Code", "Unknown"))
    return type(cause).__name__
