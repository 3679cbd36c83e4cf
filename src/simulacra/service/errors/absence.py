"""Things that are not there, or are another tenant's, which is the same to the caller."""

from simulacra.service.errors.base import ServiceError


class NotFoundError(ServiceError):
    """Nothing of the caller's has this id."""

    code = "simio_not_found"


class DatasetNotFoundError(NotFoundError):
    """The dataset was never there, has expired or was deleted."""

    code = "simio_dataset_not_found"


class GenerationNotFoundError(NotFoundError):
    """The generation was never there, has expired, or has no artifact."""

    code = "simio_generation_not_found"


class JobNotFoundError(NotFoundError):
    """There is no such job."""

    code = "simio_job_not_found"


class WebhookNotFoundError(NotFoundError):
    """There is no such webhook."""

    code = "simio_webhook_not_found"


class SignupNotFoundError(NotFoundError):
    """There is no such request for access."""

    code = "simio_signup_not_found"


class ClaimNotFoundError(NotFoundError):
    """No secret was ever behind this claim token."""

    code = "simio_credential_claim_not_found"


class RotationNotFoundError(NotFoundError):
    """The client of the caller has no such rotation."""

    code = "simio_rotation_request_not_found"
