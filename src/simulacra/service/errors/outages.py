"""Parts that the service needs and that do not answer; the same request may well succeed later."""

from simulacra.service.errors.base import ServiceError


class OutageError(ServiceError):
    """A part does not answer.

    The caller learns from `detail` which part it is. ``str(error)`` is the reason, for the person
    who runs the service; it holds no secret.
    """

    code = "simio_unavailable"
    retry_after = 2
    part = "service"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The {self.part} does not answer at the moment.")
        self.reason = reason

    def __str__(self) -> str:
        return self.reason


class DatabaseUnavailableError(OutageError):
    """The database does not answer."""

    part = "database"


class StorageUnavailableError(OutageError):
    """The object store does not answer, or refuses what was asked; another try may succeed."""

    part = "object store"


class CustomerStorageError(StorageUnavailableError):
    """The bucket that the caller's organisation keeps its data in cannot be used.

    Attributes:
        is_refusal: whether another try will meet the same, until somebody there mends it.
    """

    code = "simio_customer_storage_unavailable"
    retry_after = 60
    part = "bucket that your organisation keeps its data in"

    def __init__(self, reason: str, *, is_refusal: bool = False) -> None:
        super().__init__(f"the {self.part} {reason}")
        self.detail = f"The {self.part} {reason}."
        self.is_refusal = is_refusal


class CustomerKeyError(CustomerStorageError):
    """The key that the caller's organisation encrypts its data under cannot be used."""

    code = "simio_customer_key_unavailable"
    part = "key that your organisation encrypts its data under"


class NotReadyError(OutageError):
    """The process cannot serve requests; the reason names neither address nor secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.detail = reason


class ScratchFullError(OutageError):
    """The temporary folder has no room for what is to be written there."""

    retry_after = 10

    def __init__(self) -> None:
        super().__init__("the temporary folder is full, or what is left of it is set aside")
        self.detail = "There is no room for the file at the moment; others are being received."


class ProviderError(OutageError):
    """The identity provider does not do what it was asked."""

    part = "identity provider"


class ProviderUnavailableError(ProviderError):
    """The identity provider cannot be asked now; `retry_after` is in seconds."""

    def __init__(self, reason: str, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ProviderRefusedError(ProviderError):
    """The identity provider will not do it until a person mends its configuration or ours."""

    retry_after = 300
