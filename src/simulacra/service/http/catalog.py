"""The error codes: what each means, why it happens, what to do, and whether to retry.

A code is part of the contract. It is written here once; problems, the `/errors` pages and the
OpenAPI document read it from here, and a code that is not here cannot be raised.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One error code."""

    code: str
    status: int
    title: str
    meaning: str
    cause: str
    fix: str
    retryable: bool = False


_ENTRIES = (
    Entry(
        "simio_invalid_field",
        400,
        "A field is invalid",
        "At least one field of the request does not have the form the operation asks for.",
        "A missing or misspelt field, a wrong type, or a value outside its limits.",
        "Correct each field that `errors` points to, and send the request again.",
    ),
    Entry(
        "simio_malformed_body",
        400,
        "The body cannot be parsed",
        "The body is empty, or is not what its Content-Type says.",
        "Truncated or mistyped JSON, a multipart body without its boundary, or no body at all.",
        "Send JSON as `application/json`, and a seed file as `multipart/form-data`.",
    ),
    Entry(
        "simio_malformed_request",
        400,
        "The request is not HTTP",
        "What came in cannot be read as an HTTP/1.1 request.",
        "A method, a header or a length that HTTP does not allow, or another protocol.",
        "Use an HTTP library, and HTTPS for this address.",
    ),
    Entry(
        "simio_upload_invalid",
        400,
        "The seed file cannot be used",
        "The file cannot be read as a table, or too little of it is left to model.",
        "An empty or damaged file, another format, a wrong delimiter, or too few rows or columns.",
        "Do what the detail says, or export the study as CSV, .xlsx, .sav or Parquet.",
    ),
    Entry(
        "simio_invalid_idempotency_key",
        400,
        "The Idempotency-Key is malformed",
        "The key has characters or a length that keys may not have.",
        "Keys are 1 to 128 characters of A-Z a-z 0-9 . _ : - and may stand in double quotes.",
        "Use such a key, a UUID for instance. The request was not carried out.",
    ),
    Entry(
        "simio_unknown_condition_column",
        400,
        "A condition names a column that the schema does not have",
        "Conditions use the names of the cleaned schema.",
        "The column was renamed or left out while the file was cleaned, or is misspelt.",
        "Read the dataset's schema and its cleaning report, and use the names given there.",
    ),
    Entry(
        "simio_unknown_condition_level",
        400,
        "A condition names a level that the column does not have",
        "Share maps use the levels of the cleaned schema.",
        "The level was pooled into another because it was rare, or is misspelt.",
        "Read the levels of the column in the dataset's schema.",
    ),
    Entry(
        "simio_condition_out_of_range",
        400,
        "A range holds no value of its column",
        "The range asked for and the range of the column do not meet.",
        "A range in other units than the data, or a typing mistake.",
        "Choose a range that overlaps `min` to `max` of the column in the schema.",
    ),
    Entry(
        "simio_condition_share_sum",
        400,
        "The shares of a column do not add up",
        "Shares are fractions: they sum to at most 1, and to 1 when every level is named.",
        "Percentages instead of fractions, or a level too many or too few.",
        "Correct the shares. Levels left out share what remains in the model's proportions.",
    ),
    Entry(
        "simio_scenario_infeasible",
        400,
        "The model cannot produce a single row of this scenario",
        "The conditions are valid one by one, but nothing in the study supports them together.",
        "Conditions that exclude each other, or reach beyond what the seed rows show.",
        "Relax the conditions that the detail names, or upload a study that covers them.",
    ),
    Entry(
        "simio_unauthorized",
        401,
        "A valid access token is needed",
        "The request carries no bearer token, or one that is expired, altered or not for this API.",
        "No Authorization header, an old token, another audience, or a secret in a token's place.",
        "Mint a token with the client credentials and send it as `Authorization: Bearer`.",
    ),
    Entry(
        "simio_row_cap_exceeded",
        402,
        "The generation asks for more rows than one request may",
        "`row_count` is above the cap of the tenant.",
        "A very large `row_count`.",
        "Ask for fewer rows, split the work, or have the cap raised.",
    ),
    Entry(
        "simio_forbidden",
        403,
        "The token does not grant this operation",
        "The token is valid, but lacks the scope that the operation needs.",
        "A token minted for a narrower purpose.",
        "Mint a token with the scope that the detail names.",
    ),
    Entry(
        "simio_artifact_link_invalid",
        403,
        "The artifact link is not valid any more",
        "Links are signed for one generation and live a few minutes.",
        "An old, copied or altered link.",
        "Fetch the generation again: each answer holds a fresh `artifact_url`.",
    ),
    Entry(
        "simio_not_found",
        404,
        "There is nothing at this path",
        "No operation of the API has this path.",
        "A misspelt path, or an address of another version.",
        "Look the operation up in /openapi.json.",
    ),
    Entry(
        "simio_dataset_not_found",
        404,
        "There is no such dataset",
        "No dataset of this tenant has this id, or it expired or was deleted.",
        "A mistyped id, credentials of another tenant, or a dataset past its retention.",
        "List the datasets, or upload the seed file again.",
    ),
    Entry(
        "simio_generation_not_found",
        404,
        "There is no such generation",
        "No generation of this tenant has this id, or it expired.",
        "A mistyped id, credentials of another tenant, or a generation past its retention.",
        "Generate the rows again: the same seed gives the same rows.",
    ),
    Entry(
        "simio_job_not_found",
        404,
        "There is no such job",
        "No job of this tenant has this id.",
        "A mistyped id, or credentials of another tenant.",
        "Take the `job_id` from the response that started the work.",
    ),
    Entry(
        "simio_method_not_allowed",
        405,
        "The path does not take this method",
        "The path exists, but not with this HTTP method.",
        "GET in place of POST, or the other way round.",
        "Use a method that the Allow header lists.",
    ),
    Entry(
        "simio_request_timeout",
        408,
        "The request did not arrive in time",
        "The connection was open, but the request did not arrive whole in time.",
        "A stalled network, or a client that begins requests and does not end them.",
        "Send the request again.",
        retryable=True,
    ),
    Entry(
        "simio_dataset_not_ready",
        409,
        "The dataset has no model yet",
        "The dataset is still being trained.",
        "A generation or schema was asked for before the training job was completed.",
        "Poll the dataset's job until it is completed, then ask again.",
        retryable=True,
    ),
    Entry(
        "simio_dataset_failed",
        409,
        "The dataset has no model and will get none",
        "The training of the dataset failed; a dataset is trained once.",
        "A file that cannot be used, a limit of the job, or a fault of the service.",
        "Do what the `error` of the dataset says, and upload the study as a new dataset.",
    ),
    Entry(
        "simio_file_too_large",
        413,
        "The upload is too large",
        "The body is larger than the service reads.",
        "A seed file over the limit that the detail names.",
        "Drop columns or rows that are not needed, or upload Parquet, which is smaller.",
    ),
    Entry(
        "simio_unsupported_content_type",
        415,
        "The body has a Content-Type that the operation does not take",
        "JSON operations take `application/json`, uploads take `multipart/form-data`.",
        "A missing or wrong Content-Type header.",
        "Set the Content-Type that the detail names.",
    ),
    Entry(
        "simio_range_not_satisfiable",
        416,
        "The requested range lies outside the artifact",
        "The Range header starts behind the last byte.",
        "A resumed download of an artifact that is already complete.",
        "Compare the size with `size_bytes` of the generation.",
    ),
    Entry(
        "simio_head_too_large",
        431,
        "The head of the request is too large",
        "Request line and headers together are larger than the service reads.",
        "A very long address or header, such as cookies of another service.",
        "Leave out what the operation does not ask for.",
    ),
    Entry(
        "simio_training_failed",
        500,
        "Training failed",
        "The model could not be fitted, for a reason that is not in the request.",
        "A fault of the service while reading, cleaning or fitting.",
        "Upload the file once more; if it fails again, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_generation_failed",
        500,
        "Generation failed",
        "The rows could not be produced, for a reason that is not in the request.",
        "A fault of the service while sampling or writing.",
        "Ask once more; if it fails again, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_job_limit_exceeded",
        500,
        "The job needed more than a job may use",
        "A job has limits of memory, time and processor time; this one went over one of them.",
        "A very large or wide file, or a file made to exhaust its reader.",
        "Drop columns or rows that are not needed, or have the limits raised.",
    ),
    Entry(
        "simio_internal",
        500,
        "Something went wrong on our side",
        "The request met a fault of the service.",
        "A fault of the service.",
        "Retry with the same Idempotency-Key; if it persists, quote the request id to support.",
        retryable=True,
    ),
    Entry(
        "simio_unavailable",
        503,
        "The service is not available for a moment",
        "A part that the request needs, such as the database, does not answer.",
        "A restart or an outage.",
        "Retry with the same Idempotency-Key after the time in Retry-After.",
        retryable=True,
    ),
)

CATALOG = {entry.code: entry for entry in _ENTRIES}
