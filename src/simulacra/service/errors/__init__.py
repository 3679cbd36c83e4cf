"""What can go wrong in the service, without HTTP.

    ServiceError                          carries a code of the catalog and a text for the caller
    ├── requests
    │   ├── InvalidFieldsError            fields that are wrong, or wrong together
    │   ├── StudyInvalidError             the uploaded file cannot be used
    │   ├── ConditionsInvalidError        conditions that do not fit the schema of the dataset
    │   ├── TooManyAtOnceError            as much is under way as may be at a time
    │   ├── ScenarioInfeasibleError       the model cannot produce a single row of the scenario
    │   ├── IdempotencyConflictError      the key belongs to another request
    │   └── IdempotencyInFlightError      the first request with the key has not ended yet
    ├── access
    │   ├── UnauthenticatedError          the client is not active any more
    │   │   ├── CredentialsRefusedError   the client is unknown, or its secret wrong
    │   │   └── TokenRefusedError         the request has no access token, or one not accepted
    │   │       └── StaleTokenError       since what it asks for takes a new one
    │   ├── ForbiddenError                the caller may not do this
    │   │   └── InsufficientScopeError    since its token lacks a scope
    │   ├── ArtifactLinkInvalidError      the link has expired, or is another generation's
    │   ├── ClaimConsumedError            the secret of the claim was delivered before
    │   ├── ClaimExpiredError             the secret of the claim was destroyed
    │   ├── RotationConsumedError         the claim of a repeated rotation was redeemed
    │   └── RotationLimitError            too many rotations within a day
    ├── absence
    │   └── NotFoundError                 nothing of the caller's has this id
    │       ├── DatasetNotFoundError
    │       ├── GenerationNotFoundError
    │       ├── JobNotFoundError
    │       ├── WebhookNotFoundError
    │       ├── SignupNotFoundError
    │       ├── ClaimNotFoundError
    │       └── RotationNotFoundError
    ├── work
    │   ├── DatasetNotReadyError          the dataset is still being trained
    │   ├── DatasetFailedError            its training failed, so it will never have a model
    │   ├── ModelInvalidError             its model cannot be loaded
    │   ├── JobCancelledError             somebody cancelled the job
    │   └── JobFailedError                the job cannot succeed
    ├── webhooks
    │   ├── WebhookAddressError           its address is none that webhooks may go to
    │   ├── WebhookExistsError            the tenant has one with this address
    │   ├── WebhookLimitError             the tenant has as many as it may
    │   └── WebhookDisabledError          nothing is sent to it
    ├── quotas
    │   ├── RowCapExceededError           more rows than one request may ask for
    │   ├── QuotaExceededError            more rows than the subscription has left
    │   ├── StorageQuotaError             more bytes than the tenant may keep
    │   └── ReservationConflictError      other generations hold the rows at the moment
    └── outages
        └── OutageError                   something that the service needs does not answer
            ├── DatabaseUnavailableError
            ├── StorageUnavailableError
            │   └── CustomerStorageError  so does a customer's own bucket
            │       └── CustomerKeyError  or a customer's own key
            ├── ScratchFullError          the temporary folder has no room for a file
            ├── NotReadyError             the process cannot serve requests
            └── ProviderError             the identity provider does not do what it was asked
                ├── ProviderUnavailableError
                └── ProviderRefusedError
    OperatorError                         for the person who runs the service; it has no code
    ├── TenantNotFoundError
    ├── AmbiguousTenantError              several have the name
    ├── ClientNotFoundError
    ├── StorageError                      a tenant's own storage cannot be used
    ├── LimitError                        a limit of a tenant is out of range
    ├── JobError                          there is no such job, or its state does not allow it
    ├── WebhookError                      there is no such webhook, or it is disabled already
    ├── BackupError                       a backup cannot be made, read or restored
    ├── AccountError                      an account cannot be made or changed
    ├── PersonError                       somebody cannot be invited, removed, or let in
    └── DecisionError                     a request for access cannot be decided on
        ├── AlreadyDecidedError
        └── UnknownSignupError

`http.translation` renders a `ServiceError` as a problem (RFC 9457), and `operators.rendering` an
`OperatorError` as a page. `study` translates the errors of the engine into the first kind.
"""

from simulacra.service.errors.absence import (
    ClaimNotFoundError,
    DatasetNotFoundError,
    GenerationNotFoundError,
    JobNotFoundError,
    NotFoundError,
    RotationNotFoundError,
    SignupNotFoundError,
    WebhookNotFoundError,
)
from simulacra.service.errors.access import (
    ArtifactLinkInvalidError,
    ClaimConsumedError,
    ClaimExpiredError,
    CredentialsRefusedError,
    ForbiddenError,
    InsufficientScopeError,
    RotationConsumedError,
    RotationLimitError,
    StaleTokenError,
    TokenRefusedError,
    UnauthenticatedError,
)
from simulacra.service.errors.base import Fault, ServiceError, pointer
from simulacra.service.errors.operators import (
    AccountError,
    AlreadyDecidedError,
    AmbiguousTenantError,
    BackupError,
    ClientNotFoundError,
    DecisionError,
    JobError,
    LimitError,
    OperatorError,
    PersonError,
    StorageError,
    TenantNotFoundError,
    UnknownSignupError,
    WebhookError,
)
from simulacra.service.errors.outages import (
    CustomerKeyError,
    CustomerStorageError,
    DatabaseUnavailableError,
    NotReadyError,
    OutageError,
    ProviderError,
    ProviderRefusedError,
    ProviderUnavailableError,
    ScratchFullError,
    StorageUnavailableError,
)
from simulacra.service.errors.quotas import (
    Quota,
    QuotaExceededError,
    ReservationConflictError,
    RowCapExceededError,
    StorageQuotaError,
)
from simulacra.service.errors.requests import (
    ConditionsInvalidError,
    IdempotencyConflictError,
    IdempotencyInFlightError,
    InvalidFieldsError,
    ScenarioInfeasibleError,
    StudyInvalidError,
    TooManyAtOnceError,
)
from simulacra.service.errors.webhooks import (
    WebhookAddressError,
    WebhookDisabledError,
    WebhookExistsError,
    WebhookLimitError,
)
from simulacra.service.errors.work import (
    DatasetFailedError,
    DatasetNotReadyError,
    JobCancelledError,
    JobFailedError,
    ModelInvalidError,
)

__all__ = [
    "AccountError",
    "AlreadyDecidedError",
    "AmbiguousTenantError",
    "ArtifactLinkInvalidError",
    "BackupError",
    "ClaimConsumedError",
    "ClaimExpiredError",
    "ClaimNotFoundError",
    "ClientNotFoundError",
    "ConditionsInvalidError",
    "CredentialsRefusedError",
    "CustomerKeyError",
    "CustomerStorageError",
    "DatabaseUnavailableError",
    "DatasetFailedError",
    "DatasetNotFoundError",
    "DatasetNotReadyError",
    "DecisionError",
    "Fault",
    "ForbiddenError",
    "GenerationNotFoundError",
    "IdempotencyConflictError",
    "IdempotencyInFlightError",
    "InsufficientScopeError",
    "InvalidFieldsError",
    "JobCancelledError",
    "JobError",
    "JobFailedError",
    "JobNotFoundError",
    "LimitError",
    "ModelInvalidError",
    "NotFoundError",
    "NotReadyError",
    "OperatorError",
    "OutageError",
    "PersonError",
    "ProviderError",
    "ProviderRefusedError",
    "ProviderUnavailableError",
    "Quota",
    "QuotaExceededError",
    "ReservationConflictError",
    "RotationConsumedError",
    "RotationLimitError",
    "RotationNotFoundError",
    "RowCapExceededError",
    "ScenarioInfeasibleError",
    "ScratchFullError",
    "ServiceError",
    "SignupNotFoundError",
    "StaleTokenError",
    "StorageError",
    "StorageQuotaError",
    "StorageUnavailableError",
    "StudyInvalidError",
    "TenantNotFoundError",
    "TokenRefusedError",
    "TooManyAtOnceError",
    "UnauthenticatedError",
    "UnknownSignupError",
    "WebhookAddressError",
    "WebhookDisabledError",
    "WebhookError",
    "WebhookExistsError",
    "WebhookLimitError",
    "WebhookNotFoundError",
    "pointer",
]
