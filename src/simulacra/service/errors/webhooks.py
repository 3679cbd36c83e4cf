"""What cannot be done with a webhook."""

from simulacra.service.errors.base import ServiceError


class WebhookAddressError(ServiceError):
    """The host of a webhook is not known, or has an address that webhooks may not go to."""

    code = "simio_webhook_address_refused"


class WebhookExistsError(ServiceError):
    """The tenant has a webhook with this address."""

    code = "simio_webhook_exists"


class WebhookLimitError(ServiceError):
    """The tenant has as many webhooks as it may."""

    code = "simio_webhook_limit_exceeded"


class WebhookDisabledError(ServiceError):
    """Nothing is sent to a webhook that is disabled."""

    code = "simio_webhook_disabled"
