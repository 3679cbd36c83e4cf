"""What an operator asked for and cannot have; the texts are for the person to read."""

from collections.abc import Sequence


class OperatorError(Exception):
    """What an operator asked for cannot be done; the text says why."""


class TenantNotFoundError(OperatorError):
    """There is no tenant of this id or name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no tenant {name!r}.")


class AmbiguousTenantError(OperatorError):
    """Several tenants have this company name or contact address."""

    def __init__(self, name: str, ids: Sequence[str]) -> None:
        super().__init__(f"{name!r} may be {' or '.join(ids)}; give the id.")


class ClientNotFoundError(OperatorError):
    """There is no client of this id, or none that is active."""


class StorageError(OperatorError):
    """A tenant's own storage cannot be set up, or does not work."""


class LimitError(OperatorError):
    """A limit of a tenant is out of range.

    Attributes:
        field: which limit.
    """

    def __init__(self, field: str, seen: object, lowest: int, highest: int) -> None:
        super().__init__(f"{field} is {seen!r}; give a number from {lowest:,} to {highest:,}.")
        self.field = field


class JobError(OperatorError):
    """There is no job of this id, or its state does not allow what was asked for."""


class WebhookError(OperatorError):
    """There is no webhook of this id, or it is disabled already."""


class BackupError(OperatorError):
    """A backup cannot be made, read or restored."""


class AccountError(OperatorError):
    """An account of the operators' page cannot be made or changed."""


class PersonError(OperatorError):
    """Somebody cannot be invited, removed, or let in; the text says why."""


class DecisionError(OperatorError):
    """A request for access cannot be decided on."""


class AlreadyDecidedError(DecisionError):
    """The request was decided on before."""


class UnknownSignupError(DecisionError):
    """There is no request of this id."""
