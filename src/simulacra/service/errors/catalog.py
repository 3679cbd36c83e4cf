"""The error codes: what each means, why it happens, what to do, and whether to retry.

A code is part of the contract. It is written here once; problems, the `/errors` pages and the
OpenAPI document read it from here, and a code that is not here cannot be raised.
"""

import datetime as dt
from dataclasses import dataclass

from simulacra.service import policy


@dataclass(frozen=True)
class Entry:
    """One error code."""

    code: str
    title: str
    meaning: str
    cause: str
    fix: str
    retryable: bool = False


_ENTRIES = (
    Entry(
        "simio_invalid_field",
        "A field is invalid",
        "At least one field of the request does not have the form the operation asks for.",
        "A missing or misspelt field, a wrong type, or a value outside its limits.",
        "Correct each field that `errors` points to, and send the request again.",
    ),
    Entry(
        "simio_malformed_body",
        "The body cannot be parsed",
        "The body is empty, or is not what its Content-Type says.",
        "Truncated or mistyped JSON, a multipart body without its boundary, or no body at all.",
        "Send JSON as `application/json`, and a seed file as `multipart/form-data`.",
    ),
    Entry(
        "simio_malformed_request",
        "The request is not HTTP, or not HTTPS",
        "What came in cannot be read as an HTTP/1.1 request, or came as plain HTTP where HTTPS is "
        "spoken.",
        "A method, a header or a length that HTTP does not allow, another protocol, or an address "
        "that begins with http:// in place of https://.",
        "Use an HTTP library, and an address that begins with https://.",
    ),
    Entry(
        "simio_upload_invalid",
        "The seed file cannot be used",
        "The file cannot be read as a table, or too little of it is left to model.",
        "An empty or damaged file, another format, a wrong delimiter, or too few rows or columns.",
        "Do what the detail says, or export the study as CSV, .xlsx, .sav or Parquet.",
    ),
    Entry(
        "simio_invalid_idempotency_key",
        "The Idempotency-Key is malformed",
        "The key has characters or a length that keys may not have.",
        f"Keys are 1 to {policy.MAX_IDEMPOTENCY_KEY_LENGTH} "
        "characters of A-Z a-z 0-9 . _ : - and may stand in double quotes.",
        "Use such a key, a UUID for instance. The request was not carried out.",
    ),
    Entry(
        "simio_unknown_condition_column",
        "A condition or table names a column that the schema does not have",
        "Conditions and tables use the names of the cleaned schema.",
        "The column was renamed or left out while the file was cleaned, or is misspelt.",
        "Read the dataset's schema and its cleaning report, and use the names given there.",
    ),
    Entry(
        "simio_unknown_condition_level",
        "A condition names a level that the column does not have",
        "Share maps use the levels of the cleaned schema.",
        "The level was pooled into another because it was rare, or is misspelt.",
        "Read the levels of the column in the dataset's schema.",
    ),
    Entry(
        "simio_condition_out_of_range",
        "A range holds no value of its column",
        "The range asked for and the range of the column do not meet.",
        "A range in other units than the data, or a typing mistake.",
        "Choose a range that overlaps `min` to `max` of the column in the schema.",
    ),
    Entry(
        "simio_condition_share_sum",
        "The shares of a column do not add up",
        "Shares are fractions: they sum to at most 1, and to 1 when every level is named.",
        "Percentages instead of fractions, or a level too many or too few.",
        "Correct the shares. Levels left out share what remains in the model's proportions.",
    ),
    Entry(
        "simio_scenario_infeasible",
        "The model cannot produce a single row of this scenario",
        "The conditions are valid one by one, but the model makes no row that meets them together.",
        "Conditions that exclude each other, or reach beyond what the study shows.",
        "Relax the conditions that the detail names, or upload a study that covers them.",
    ),
    Entry(
        "simio_unauthorized",
        "A valid access token is needed",
        "The request carries no bearer token, or one that is expired, altered or not for this API.",
        "No Authorization header, an old token, another audience, or a secret in a token's place.",
        "Mint a token with the client credentials and send it as `Authorization: Bearer`.",
    ),
    Entry(
        "simio_fresh_token_required",
        "A token that was minted just now is needed",
        "A new secret is given to a token younger than "
        f"{policy.FRESH_TOKEN // dt.timedelta(minutes=1)} minutes, since an older one may have "
        "been stolen.",
        "A token that was kept, as is right for every other call.",
        "Mint a token with the client credentials and repeat the rotation with it, with the same "
        "Idempotency-Key.",
    ),
    Entry(
        "simio_row_cap_exceeded",
        "The generation asks for more rows than one request may",
        "`row_count` is above the cap of the tenant.",
        "A very large `row_count`.",
        "Ask for fewer rows, split the work, or have the cap raised.",
    ),
    Entry(
        "simio_quota_exceeded",
        "The subscription has too few rows left",
        "`row_count` is more than the subscription leaves until its next window begins.",
        "Generations of this window have used up the rows of the subscription, or most of them.",
        "Ask for the rows that `quota` shows as left, wait for the next window, or have the "
        "subscription raised.",
    ),
    Entry(
        "simio_storage_quota_exceeded",
        "The tenant stores as many bytes as it may",
        "Seed files and artifacts are kept until they expire, and count until then.",
        "Many large studies or artifacts within the retention.",
        "Delete datasets that are not needed, wait until some expire, or have the limit raised.",
    ),
    Entry(
        "simio_forbidden",
        "The token does not grant this operation",
        "The token is valid, but lacks the scope that the operation needs.",
        "A token minted for a narrower purpose.",
        "Mint a token with the scope that the detail names.",
    ),
    Entry(
        "simio_artifact_link_invalid",
        "The artifact link is not valid any more",
        "Links are signed for one generation and live a few minutes.",
        "An old, copied or altered link.",
        "Fetch the generation again: each answer holds a fresh `artifact_url`.",
    ),
    Entry(
        "simio_not_found",
        "There is nothing at this path",
        "No operation of the API has this path.",
        "A misspelt path, or an address of another version.",
        "Look the operation up in /openapi.json.",
    ),
    Entry(
        "simio_dataset_not_found",
        "There is no such dataset",
        "No dataset of this tenant has this id, or it expired or was deleted.",
        "A mistyped id, credentials of another tenant, or a dataset past its retention.",
        "List the datasets, or upload the seed file again.",
    ),
    Entry(
        "simio_generation_not_found",
        "There is no such generation",
        "No generation of this tenant has this id, or it expired.",
        "A mistyped id, credentials of another tenant, or a generation past its retention.",
        "Generate the rows again: the same seed gives the same rows.",
    ),
    Entry(
        "simio_job_not_found",
        "There is no such job",
        "No job of this tenant has this id.",
        "A mistyped id, or credentials of another tenant.",
        "Take the `job_id` from the response that started the work.",
    ),
    Entry(
        "simio_webhook_not_found",
        "There is no such webhook",
        "No webhook of yours has this id.",
        "A wrong id, a webhook that was deleted, or one of another tenant.",
        "List your webhooks, and use an id from there.",
    ),
    Entry(
        "simio_webhook_address_refused",
        "The address of the webhook is not allowed",
        "Webhooks go to public addresses, and to those of a private network that the operator "
        "allows.",
        "A host name that is not known, or one of an address inside a private network.",
        "Give the address of a public receiver, or ask the operator to allow your network.",
    ),
    Entry(
        "simio_webhook_exists",
        "There is a webhook with this address",
        "An address has one webhook, so that no event comes twice.",
        "A creation that is repeated, perhaps since its answer was lost.",
        "Change the events of the webhook that the detail names. If its secret was lost with the "
        "answer, rotate it.",
    ),
    Entry(
        "simio_webhook_limit_exceeded",
        "There are as many webhooks as there may be",
        "A tenant may have a fixed number of webhooks.",
        "A webhook for each dataset or run, where one takes the events of all.",
        "Delete a webhook, or use one that you have.",
    ),
    Entry(
        "simio_webhook_disabled",
        "The webhook is disabled",
        "Nothing is sent to a webhook that is disabled.",
        "Its receiver failed for days or answered 410, its client was revoked, or somebody "
        "disabled it; `disabled_reason` says which.",
        "Set its `status` to enabled once the receiver is ready.",
    ),
    Entry(
        "simio_signup_not_found",
        "There is no such request for access",
        "No request for access has this id.",
        "A mistyped or cut `request_id`.",
        "Use the `request_id` that POST /v1/signup answered, verbatim.",
    ),
    Entry(
        "simio_credential_claim_not_found",
        "There is no such claim",
        "No secret waits under this claim token.",
        "A mistyped or cut token.",
        "Copy the `credential_claim_token` whole, or read it again where it was shown.",
    ),
    Entry(
        "simio_rotation_request_not_found",
        "There is no such rotation",
        "The calling client has no rotation of this id.",
        "A mistyped id, or the id of another client's rotation.",
        "Use the `rotation_id` that POST /v1/credential-rotations answered.",
    ),
    Entry(
        "simio_method_not_allowed",
        "The path does not take this method",
        "The path exists, but not with this HTTP method.",
        "GET in place of POST, or the other way round.",
        "Use a method that the Allow header lists.",
    ),
    Entry(
        "simio_request_timeout",
        "The request did not arrive in time",
        "The connection was open, but the request did not arrive whole in time.",
        "A stalled network, or a client that begins requests and does not end them.",
        "Send the request again.",
        retryable=True,
    ),
    Entry(
        "simio_dataset_not_ready",
        "The dataset has no model yet",
        "The dataset is still being trained.",
        "A generation or schema was requested before the training job was completed.",
        "Poll the dataset's job until it is completed, then ask again.",
        retryable=True,
    ),
    Entry(
        "simio_dataset_failed",
        "The dataset has no model and will get none",
        "The training of the dataset failed; a dataset is trained once.",
        "A file that cannot be used, a limit of the job, or a fault of the service.",
        "Do what the `error` of the dataset says, and upload the study as a new dataset.",
    ),
    Entry(
        "simio_idempotency_conflict",
        "The key belongs to another request",
        "This Idempotency-Key was used before, for a request with other fields or another file.",
        "A key that is made of too little, such as the date, or a request changed between tries.",
        "Send exactly what was sent first, or use a new key for the new request.",
    ),
    Entry(
        "simio_job_cancelled",
        "The job was cancelled",
        "What the job was to make will not come; nothing is billed for it.",
        "POST /v1/jobs/{job_id}/cancel.",
        "Start the work again, with a new Idempotency-Key, if it is wanted after all.",
    ),
    Entry(
        "simio_idempotency_in_flight",
        "The first request with this key has not ended yet",
        "Another request is doing what this one asks for.",
        "A retry that was sent before the first try was answered.",
        "Wait as long as Retry-After says, and retry with the same key.",
        retryable=True,
    ),
    Entry(
        "simio_quota_reservation_conflict",
        "Other generations hold the rows that this one needs",
        "The rows would do if those reserved for generations under way were given back, or "
        "another request was reserving at this moment.",
        "Several generations at once near the end of the subscription.",
        "Wait as long as Retry-After says, and retry with the same key; rows that a generation "
        "does not use are given back when it ends.",
        retryable=True,
    ),
    Entry(
        "simio_credential_claim_consumed",
        "The claim was redeemed",
        "The secret behind this claim token was delivered before, and is not kept.",
        "A token is used twice, or somebody else had it.",
        "If it was not you, tell the operator of the service at once: whoever redeemed it has the "
        "secret. If you redeemed it and lost the secret, write to support.",
    ),
    Entry(
        "simio_credential_claim_expired",
        "The claim has expired",
        "The secret behind this claim token was destroyed before anyone fetched it.",
        "Too much time has passed, or a newer claim of the client has taken its place.",
        "Rotate again with a new key. Without a working secret, write to support.",
    ),
    Entry(
        "simio_rotation_claim_already_consumed",
        "The claim of this rotation was redeemed",
        "The Idempotency-Key belongs to a rotation whose secret was delivered.",
        "A retry after the claim token was redeemed.",
        "Use the secret that was delivered, or rotate again with a new key. Do not retry.",
    ),
    Entry(
        "simio_file_too_large",
        "The upload is too large",
        "The body is larger than the service reads.",
        "A seed file over the limit that the detail names.",
        "Drop columns or rows that are not needed, or upload Parquet, which is smaller.",
    ),
    Entry(
        "simio_body_too_large",
        "The body is too large",
        "The body is longer than what the operation reads; it is no upload.",
        "A very long list or text in JSON or a form, or a file sent to another operation.",
        "Send less; a seed file goes to POST /v1/datasets as `multipart/form-data`.",
    ),
    Entry(
        "simio_unsupported_content_type",
        "The body has a Content-Type that the operation does not take",
        "JSON operations take `application/json`, uploads take `multipart/form-data`.",
        "A missing or wrong Content-Type header.",
        "Set the Content-Type that the detail names.",
    ),
    Entry(
        "simio_range_not_satisfiable",
        "The requested range lies outside the artifact",
        "The Range header starts behind the last byte.",
        "A resumed download of an artifact that is already complete.",
        "Compare the size with `size_bytes` of the generation.",
    ),
    Entry(
        "simio_rate_limited",
        "Too many calls",
        "More calls came than the operation takes in that time, or more are under way than may be "
        "at a time.",
        "A loop without a pause, many clients behind one address, or many transfers or trainings "
        "at once.",
        "Wait as long as Retry-After says; RateLimit-Policy or the detail shows the limit.",
        retryable=True,
    ),
    Entry(
        "simio_rotation_rate_limited",
        "Too many rotations",
        f"A client's secret may be rotated {policy.MAX_ROTATIONS} times in "
        f"{policy.ROTATION_WINDOW // policy.HOUR} hours.",
        "A script that rotates again and again.",
        "Wait as long as Retry-After says, or use the claim of the last rotation.",
        retryable=True,
    ),
    Entry(
        "simio_head_too_large",
        "The head of the request is too large",
        "Request line and headers, or chunk extensions and trailers, are larger than the service "
        "reads.",
        "A very long address or header, such as cookies of another service.",
        "Leave out what the operation does not ask for.",
    ),
    Entry(
        "simio_training_failed",
        "Training failed",
        "The model could not be fitted, for a reason that is not in the request.",
        "A fault of the service while reading, cleaning or fitting.",
        "Upload the file once more; if it fails again, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_generation_failed",
        "Generation failed",
        "The rows could not be produced, for a reason that is not in the request.",
        "A fault of the service while sampling or writing.",
        "Ask once more; if it fails again, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_preview_failed",
        "Preview failed",
        "The preview could not be made, for a reason that is not in the request.",
        "A fault of the service while fitting or sampling.",
        "Ask once more; if it fails again, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_validation_failed",
        "Validation failed",
        "The study could not be validated, for a reason that is not in the request.",
        "A fault of the service while fitting or sampling.",
        "Ask once more; if it fails again, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_tabulation_failed",
        "Table or comparison failed",
        "The figures could not be computed, for a reason that is not in the request.",
        "A fault of the service while reading or counting rows.",
        "Ask once more; if it fails again, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_job_limit_exceeded",
        "The job needed more than a job may use",
        "A job has limits of memory, time and processor time; this one went over one of them.",
        "A very large or wide file, or a file made to exhaust its reader.",
        "Drop columns or rows that are not needed, or have the limits raised.",
    ),
    Entry(
        "simio_internal",
        "Something went wrong on our side",
        "The request met a fault of the service.",
        "A fault of the service.",
        "Retry with the same Idempotency-Key; if it persists, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_customer_storage_unavailable",
        "The bucket of your organisation cannot be used",
        "Your organisation keeps its data in a bucket of its own, and the service cannot read or "
        "write there. Nothing is lost and nothing is billed for rows that were not delivered.",
        "The bucket is gone, access to it was taken back, or its host does not answer.",
        "Have whoever looks after the bucket give the service access again; then repeat the "
        "request, with the same Idempotency-Key, or generate again if the job has failed.",
        retryable=True,
    ),
    Entry(
        "simio_customer_key_unavailable",
        "The key of your organisation cannot be used",
        "Your organisation's data are encrypted under a key of its own, without which the service "
        "can read none of them.",
        "The key was disabled or deleted, its use was taken back, or the key service does not "
        "answer.",
        "Have whoever looks after the key allow its use again; then repeat the request, with the "
        "same Idempotency-Key, or generate again if the job has failed.",
        retryable=True,
    ),
    Entry(
        "simio_unavailable",
        "The service is not available for a moment",
        "A part that the request needs, such as the database, does not answer.",
        "A restart or an outage.",
        "Retry with the same Idempotency-Key after the time in Retry-After.",
        retryable=True,
    ),
)

CATALOG = {entry.code: entry for entry in _ENTRIES}
