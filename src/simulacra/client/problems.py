"""A class for each code of the catalog; written by `make client`."""

from typing import ClassVar

from simulacra.client.errors import ProblemError


class InvalidFieldError(ProblemError):
    """A field is invalid (400).

    At least one field of the request does not have the form the operation asks for. Correct each
    field that `errors` points to, and send the request again.
    """

    CODE: ClassVar[str | None] = "simio_invalid_field"


class MalformedBodyError(ProblemError):
    """The body cannot be parsed (400).

    The body is empty, or is not what its Content-Type says. Send JSON as `application/json`, and
    a seed file as `multipart/form-data`.
    """

    CODE: ClassVar[str | None] = "simio_malformed_body"


class MalformedRequestError(ProblemError):
    """The request is not HTTP, or not HTTPS (400).

    What came in cannot be read as an HTTP/1.1 request, or came as plain HTTP where HTTPS is
    spoken. Use an HTTP library, and an address that begins with https://.
    """

    CODE: ClassVar[str | None] = "simio_malformed_request"


class UploadInvalidError(ProblemError):
    """The seed file cannot be used (400).

    The file cannot be read as a table, or too little of it is left to model. Do what the detail
    says, or export the study as CSV, .xlsx, .sav or Parquet.
    """

    CODE: ClassVar[str | None] = "simio_upload_invalid"


class InvalidIdempotencyKeyError(ProblemError):
    """The Idempotency-Key is malformed (400).

    The key has characters or a length that keys may not have. Use such a key, a UUID for
    instance. The request was not carried out.
    """

    CODE: ClassVar[str | None] = "simio_invalid_idempotency_key"


class UnknownConditionColumnError(ProblemError):
    """A condition or table names a column that the schema does not have (400).

    Conditions and tables use the names of the cleaned schema. Read the dataset's schema and its
    cleaning report, and use the names given there.
    """

    CODE: ClassVar[str | None] = "simio_unknown_condition_column"


class UnknownConditionLevelError(ProblemError):
    """A condition names a level that the column does not have (400).

    Share maps use the levels of the cleaned schema. Read the levels of the column in the
    dataset's schema.
    """

    CODE: ClassVar[str | None] = "simio_unknown_condition_level"


class ConditionOutOfRangeError(ProblemError):
    """A range holds no value of its column (400).

    The range asked for and the range of the column do not meet. Choose a range that overlaps
    `min` to `max` of the column in the schema.
    """

    CODE: ClassVar[str | None] = "simio_condition_out_of_range"


class ConditionShareSumError(ProblemError):
    """The shares of a column do not add up (400).

    Shares are fractions: they sum to at most 1, and to 1 when every level is named. Correct the
    shares. Levels left out share what remains in the model's proportions.
    """

    CODE: ClassVar[str | None] = "simio_condition_share_sum"


class ScenarioInfeasibleError(ProblemError):
    """The model cannot produce a single row of this scenario (400).

    The conditions are valid one by one, but the model makes no row that meets them together.
    Relax the conditions that the detail names, or upload a study that covers them.
    """

    CODE: ClassVar[str | None] = "simio_scenario_infeasible"


class UnauthorizedError(ProblemError):
    """A valid access token is needed (401).

    The request carries no bearer token, or one that is expired, altered or not for this API. Mint
    a token with the client credentials and send it as `Authorization: Bearer`.
    """

    CODE: ClassVar[str | None] = "simio_unauthorized"


class FreshTokenRequiredError(ProblemError):
    """A token that was minted just now is needed (401).

    A new secret is given to a token younger than 10 minutes, since an older one may have been
    stolen. Mint a token with the client credentials and repeat the rotation with it, with the
    same Idempotency-Key.
    """

    CODE: ClassVar[str | None] = "simio_fresh_token_required"


class RowCapExceededError(ProblemError):
    """The generation asks for more rows than one request may (402).

    `row_count` is above the cap of the tenant. Ask for fewer rows, split the work, or have the
    cap raised.
    """

    CODE: ClassVar[str | None] = "simio_row_cap_exceeded"


class QuotaExceededError(ProblemError):
    """The subscription has too few rows left (402).

    `row_count` is more than the subscription leaves until its next window begins. Ask for the
    rows that `quota` shows as left, wait for the next window, or have the subscription raised.
    """

    CODE: ClassVar[str | None] = "simio_quota_exceeded"


class StorageQuotaExceededError(ProblemError):
    """The tenant stores as many bytes as it may (402).

    Seed files and artifacts are kept until they expire, and count until then. Delete datasets
    that are not needed, wait until some expire, or have the limit raised.
    """

    CODE: ClassVar[str | None] = "simio_storage_quota_exceeded"


class ForbiddenError(ProblemError):
    """The token does not grant this operation (403).

    The token is valid, but lacks the scope that the operation needs. Mint a token with the scope
    that the detail names.
    """

    CODE: ClassVar[str | None] = "simio_forbidden"


class ArtifactLinkInvalidError(ProblemError):
    """The artifact link is not valid any more (403).

    Links are signed for one generation and live a few minutes. Fetch the generation again: each
    answer holds a fresh `artifact_url`.
    """

    CODE: ClassVar[str | None] = "simio_artifact_link_invalid"


class NotFoundError(ProblemError):
    """There is nothing at this path (404).

    No operation of the API has this path. Look the operation up in /openapi.json.
    """

    CODE: ClassVar[str | None] = "simio_not_found"


class DatasetNotFoundError(ProblemError):
    """There is no such dataset (404).

    No dataset of this tenant has this id, or it expired or was deleted. List the datasets, or
    upload the seed file again.
    """

    CODE: ClassVar[str | None] = "simio_dataset_not_found"


class GenerationNotFoundError(ProblemError):
    """There is no such generation (404).

    No generation of this tenant has this id, or it expired. Generate the rows again: the same
    seed gives the same rows.
    """

    CODE: ClassVar[str | None] = "simio_generation_not_found"


class JobNotFoundError(ProblemError):
    """There is no such job (404).

    No job of this tenant has this id. Take the `job_id` from the response that started the work.
    """

    CODE: ClassVar[str | None] = "simio_job_not_found"


class WebhookNotFoundError(ProblemError):
    """There is no such webhook (404).

    No webhook of yours has this id. List your webhooks, and use an id from there.
    """

    CODE: ClassVar[str | None] = "simio_webhook_not_found"


class WebhookAddressRefusedError(ProblemError):
    """The address of the webhook is not allowed (400).

    Webhooks go to public addresses, and to those of a private network that the operator allows.
    Give the address of a public receiver, or ask the operator to allow your network.
    """

    CODE: ClassVar[str | None] = "simio_webhook_address_refused"


class WebhookExistsError(ProblemError):
    """There is a webhook with this address (409).

    An address has one webhook, so that no event comes twice. Change the events of the webhook
    that the detail names. If its secret was lost with the answer, rotate it.
    """

    CODE: ClassVar[str | None] = "simio_webhook_exists"


class WebhookLimitExceededError(ProblemError):
    """There are as many webhooks as there may be (409).

    A tenant may have a fixed number of webhooks. Delete a webhook, or use one that you have.
    """

    CODE: ClassVar[str | None] = "simio_webhook_limit_exceeded"


class WebhookDisabledError(ProblemError):
    """The webhook is disabled (409).

    Nothing is sent to a webhook that is disabled. Set its `status` to enabled once the receiver
    is ready.
    """

    CODE: ClassVar[str | None] = "simio_webhook_disabled"


class SignupNotFoundError(ProblemError):
    """There is no such request for access (404).

    No request for access has this id. Use the `request_id` that POST /v1/signup answered,
    verbatim.
    """

    CODE: ClassVar[str | None] = "simio_signup_not_found"


class CredentialClaimNotFoundError(ProblemError):
    """There is no such claim (404).

    No secret waits under this claim token. Copy the `credential_claim_token` whole, or read it
    again where it was shown.
    """

    CODE: ClassVar[str | None] = "simio_credential_claim_not_found"


class RotationRequestNotFoundError(ProblemError):
    """There is no such rotation (404).

    The calling client has no rotation of this id. Use the `rotation_id` that POST /v1/credential-
    rotations answered.
    """

    CODE: ClassVar[str | None] = "simio_rotation_request_not_found"


class MethodNotAllowedError(ProblemError):
    """The path does not take this method (405).

    The path exists, but not with this HTTP method. Use a method that the Allow header lists.
    """

    CODE: ClassVar[str | None] = "simio_method_not_allowed"


class RequestTimeoutError(ProblemError):
    """The request did not arrive in time (408).

    The connection was open, but the request did not arrive whole in time. Send the request again.
    """

    CODE: ClassVar[str | None] = "simio_request_timeout"


class DatasetNotReadyError(ProblemError):
    """The dataset has no model yet (409).

    The dataset is still being trained. Poll the dataset's job until it is completed, then ask
    again.
    """

    CODE: ClassVar[str | None] = "simio_dataset_not_ready"


class DatasetFailedError(ProblemError):
    """The dataset has no model and will get none (409).

    The training of the dataset failed; a dataset is trained once. Do what the `error` of the
    dataset says, and upload the study as a new dataset.
    """

    CODE: ClassVar[str | None] = "simio_dataset_failed"


class IdempotencyConflictError(ProblemError):
    """The key belongs to another request (409).

    This Idempotency-Key was used before, for a request with other fields or another file. Send
    exactly what was sent first, or use a new key for the new request.
    """

    CODE: ClassVar[str | None] = "simio_idempotency_conflict"


class JobCancelledError(ProblemError):
    """The job was cancelled (409).

    What the job was to make will not come; nothing is billed for it. Start the work again, with a
    new Idempotency-Key, if it is wanted after all.
    """

    CODE: ClassVar[str | None] = "simio_job_cancelled"


class IdempotencyInFlightError(ProblemError):
    """The first request with this key has not ended yet (409).

    Another request is doing what this one asks for. Wait as long as Retry-After says, and retry
    with the same key.
    """

    CODE: ClassVar[str | None] = "simio_idempotency_in_flight"


class QuotaReservationConflictError(ProblemError):
    """Other generations hold the rows that this one needs (409).

    The rows would do if those reserved for generations under way were given back, or another
    request was reserving at this moment. Wait as long as Retry-After says, and retry with the
    same key; rows that a generation does not use are given back when it ends.
    """

    CODE: ClassVar[str | None] = "simio_quota_reservation_conflict"


class CredentialClaimConsumedError(ProblemError):
    """The claim was redeemed (410).

    The secret behind this claim token was delivered before, and is not kept. If it was not you,
    tell the operator of the service at once: whoever redeemed it has the secret. If you redeemed
    it and lost the secret, write to support.
    """

    CODE: ClassVar[str | None] = "simio_credential_claim_consumed"


class CredentialClaimExpiredError(ProblemError):
    """The claim has expired (410).

    The secret behind this claim token was destroyed before anyone fetched it. Rotate again with a
    new key. Without a working secret, write to support.
    """

    CODE: ClassVar[str | None] = "simio_credential_claim_expired"


class RotationClaimAlreadyConsumedError(ProblemError):
    """The claim of this rotation was redeemed (410).

    The Idempotency-Key belongs to a rotation whose secret was delivered. Use the secret that was
    delivered, or rotate again with a new key. Do not retry.
    """

    CODE: ClassVar[str | None] = "simio_rotation_claim_already_consumed"


class FileTooLargeError(ProblemError):
    """The upload is too large (413).

    The body is larger than the service reads. Drop columns or rows that are not needed, or upload
    Parquet, which is smaller.
    """

    CODE: ClassVar[str | None] = "simio_file_too_large"


class BodyTooLargeError(ProblemError):
    """The body is too large (413).

    The body is longer than what the operation reads; it is no upload. Send less; a seed file goes
    to POST /v1/datasets as `multipart/form-data`.
    """

    CODE: ClassVar[str | None] = "simio_body_too_large"


class UnsupportedContentTypeError(ProblemError):
    """The body has a Content-Type that the operation does not take (415).

    JSON operations take `application/json`, uploads take `multipart/form-data`. Set the Content-
    Type that the detail names.
    """

    CODE: ClassVar[str | None] = "simio_unsupported_content_type"


class RangeNotSatisfiableError(ProblemError):
    """The requested range lies outside the artifact (416).

    The Range header starts behind the last byte. Compare the size with `size_bytes` of the
    generation.
    """

    CODE: ClassVar[str | None] = "simio_range_not_satisfiable"


class RateLimitedError(ProblemError):
    """Too many calls (429).

    More calls came than the operation takes in that time, or more are under way than may be at a
    time. Wait as long as Retry-After says; RateLimit-Policy or the detail shows the limit.
    """

    CODE: ClassVar[str | None] = "simio_rate_limited"


class RotationRateLimitedError(ProblemError):
    """Too many rotations (429).

    A client's secret may be rotated 3 times in 24 hours. Wait as long as Retry-After says, or use
    the claim of the last rotation.
    """

    CODE: ClassVar[str | None] = "simio_rotation_rate_limited"


class HeadTooLargeError(ProblemError):
    """The head of the request is too large (431).

    Request line and headers, or chunk extensions and trailers, are larger than the service reads.
    Leave out what the operation does not ask for.
    """

    CODE: ClassVar[str | None] = "simio_head_too_large"


class TrainingFailedError(ProblemError):
    """Training failed (500).

    The model could not be fitted, for a reason that is not in the request. Upload the file once
    more; if it fails again, quote the request id to support.
    """

    CODE: ClassVar[str | None] = "simio_training_failed"


class GenerationFailedError(ProblemError):
    """Generation failed (500).

    The rows could not be produced, for a reason that is not in the request. Ask once more; if it
    fails again, quote the request id to support.
    """

    CODE: ClassVar[str | None] = "simio_generation_failed"


class PreviewFailedError(ProblemError):
    """Preview failed (500).

    The preview could not be made, for a reason that is not in the request. Ask once more; if it
    fails again, quote the request id to support.
    """

    CODE: ClassVar[str | None] = "simio_preview_failed"


class ValidationFailedError(ProblemError):
    """Validation failed (500).

    The study could not be validated, for a reason that is not in the request. Ask once more; if
    it fails again, quote the request id to support.
    """

    CODE: ClassVar[str | None] = "simio_validation_failed"


class TabulationFailedError(ProblemError):
    """Table or comparison failed (500).

    The figures could not be computed, for a reason that is not in the request. Ask once more; if
    it fails again, quote the request id to support.
    """

    CODE: ClassVar[str | None] = "simio_tabulation_failed"


class JobLimitExceededError(ProblemError):
    """The job needed more than a job may use (500).

    A job has limits of memory, time and processor time; this one went over one of them. Drop
    columns or rows that are not needed, or have the limits raised.
    """

    CODE: ClassVar[str | None] = "simio_job_limit_exceeded"


class InternalError(ProblemError):
    """Something went wrong on our side (500).

    The request met a fault of the service. Retry with the same Idempotency-Key; if it persists,
    quote the request id to support.
    """

    CODE: ClassVar[str | None] = "simio_internal"


class CustomerStorageUnavailableError(ProblemError):
    """The bucket of your organisation cannot be used (503).

    Your organisation keeps its data in a bucket of its own, and the service cannot read or write
    there. Nothing is lost and nothing is billed for rows that were not delivered. Have whoever
    looks after the bucket give the service access again; then repeat the request, with the same
    Idempotency-Key, or generate again if the job has failed.
    """

    CODE: ClassVar[str | None] = "simio_customer_storage_unavailable"


class CustomerKeyUnavailableError(ProblemError):
    """The key of your organisation cannot be used (503).

    Your organisation's data are encrypted under a key of its own, without which the service can
    read none of them. Have whoever looks after the key allow its use again; then repeat the
    request, with the same Idempotency-Key, or generate again if the job has failed.
    """

    CODE: ClassVar[str | None] = "simio_customer_key_unavailable"


class UnavailableError(ProblemError):
    """The service is not available for a moment (503).

    A part that the request needs, such as the database, does not answer. Retry with the same
    Idempotency-Key after the time in Retry-After.
    """

    CODE: ClassVar[str | None] = "simio_unavailable"


BY_CODE: dict[str | None, type[ProblemError]] = {
    kind.CODE: kind
    for kind in (
        InvalidFieldError,
        MalformedBodyError,
        MalformedRequestError,
        UploadInvalidError,
        InvalidIdempotencyKeyError,
        UnknownConditionColumnError,
        UnknownConditionLevelError,
        ConditionOutOfRangeError,
        ConditionShareSumError,
        ScenarioInfeasibleError,
        UnauthorizedError,
        FreshTokenRequiredError,
        RowCapExceededError,
        QuotaExceededError,
        StorageQuotaExceededError,
        ForbiddenError,
        ArtifactLinkInvalidError,
        NotFoundError,
        DatasetNotFoundError,
        GenerationNotFoundError,
        JobNotFoundError,
        WebhookNotFoundError,
        WebhookAddressRefusedError,
        WebhookExistsError,
        WebhookLimitExceededError,
        WebhookDisabledError,
        SignupNotFoundError,
        CredentialClaimNotFoundError,
        RotationRequestNotFoundError,
        MethodNotAllowedError,
        RequestTimeoutError,
        DatasetNotReadyError,
        DatasetFailedError,
        IdempotencyConflictError,
        JobCancelledError,
        IdempotencyInFlightError,
        QuotaReservationConflictError,
        CredentialClaimConsumedError,
        CredentialClaimExpiredError,
        RotationClaimAlreadyConsumedError,
        FileTooLargeError,
        BodyTooLargeError,
        UnsupportedContentTypeError,
        RangeNotSatisfiableError,
        RateLimitedError,
        RotationRateLimitedError,
        HeadTooLargeError,
        TrainingFailedError,
        GenerationFailedError,
        PreviewFailedError,
        ValidationFailedError,
        TabulationFailedError,
        JobLimitExceededError,
        InternalError,
        CustomerStorageUnavailableError,
        CustomerKeyUnavailableError,
        UnavailableError,
    )
}
