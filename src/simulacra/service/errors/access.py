"""Callers who may not do what they ask for, and secrets that are not to be had any more."""

from collections.abc import Iterable

from simulacra.service.errors.base import ServiceError


class UnauthenticatedError(ServiceError):
    """The request does not speak for an active client."""

    code = "simio_unauthorized"


class TokenRefusedError(UnauthenticatedError):
    """The request carries no access token, or one that is not accepted.

    Attributes:
        is_invalid: whether there was a token.
    """

    def __init__(self, detail: str, *, is_invalid: bool = False) -> None:
        super().__init__(detail)
        self.is_invalid = is_invalid


class CredentialsRefusedError(UnauthenticatedError):
    """The client is unknown or not active, or its secret is wrong."""

    def __init__(self) -> None:
        super().__init__(
            "Unknown client or wrong secret. Copy both from the answer of the claim, without "
            "blanks; after a rotation the new secret counts."
        )


class StaleTokenError(TokenRefusedError):
    """What was asked for takes a token that was minted just now."""

    code = "simio_fresh_token_required"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, is_invalid=True)


class ForbiddenError(ServiceError):
    """The caller is known, and may not do this."""

    code = "simio_forbidden"


class InsufficientScopeError(ForbiddenError):
    """The token of the caller lacks a scope.

    Attributes:
        scopes: what would have been needed.
    """

    def __init__(self, detail: str, scopes: Iterable[str]) -> None:
        super().__init__(detail)
        self.scopes = tuple(scopes)


class ArtifactLinkInvalidError(ServiceError):
    """The link has expired, or is for another generation or another tenant."""

    code = "simio_artifact_link_invalid"


class ClaimConsumedError(ServiceError):
    """The secret behind a claim was delivered before."""

    code = "simio_credential_claim_consumed"


class ClaimExpiredError(ServiceError):
    """The secret behind a claim was destroyed before anyone fetched it."""

    code = "simio_credential_claim_expired"


class RotationConsumedError(ServiceError):
    """A rotation was requested again after its claim had been redeemed."""

    code = "simio_rotation_claim_already_consumed"


class RotationLimitError(ServiceError):
    """The client has been given too many new secrets within a day."""

    code = "simio_rotation_rate_limited"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
