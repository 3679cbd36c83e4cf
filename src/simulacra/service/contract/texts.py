"""The texts of the OpenAPI document that belong to no single operation."""

DESCRIPTION = """\
Upload a study, let the service learn it, and ask for synthetic rows with the mix of outcomes
that you want to look at. The report of every generation says what was achieved and how many
respondents support it.

**Order.** `createDataset`, then `getJob` until the training is completed, `getDatasetSchema`
for the names and levels that conditions use, `createGeneration`, `getJob` again,
`getGeneration` for the report, and `downloadArtifact`. The links of each response name the next
operation. `/arazzo.json` describes the whole way as an Arazzo workflow.

**Access.** `issueToken` exchanges client credentials for an access token of about a day. Send
it as `Authorization: Bearer ...`.

**Waiting.** A 202 means that a job is under way: read it at its `Location`, not before the
seconds in `Retry-After`. `wait_seconds` holds the answer until the work is done.

**Retries.** Give each POST that makes something an `Idempotency-Key`. The same request with the
same key never makes anything twice.

**Errors** are problem documents (RFC 9457). Each response lists the codes that it may carry in
`x-problem-codes`; `getError` explains a code.

**HEAD.** Whatever answers GET answers HEAD with the same headers and no body.
"""

TAGS = {
    "signup": "Asking for access, and reading the decision.",
    "credentials": "Client secrets on their way to you: claims and rotations.",
    "identity": "Access tokens, and the keys that verify them.",
    "datasets": "Studies and the models that were fitted to them.",
    "generations": "Synthetic rows under a scenario: the request, the report and the file.",
    "tables": "Cross tables and comparisons, tested on the respondents behind the rows.",
    "jobs": "Work that goes on after the request was answered.",
    "webhooks": "Events that are posted to an address of yours.",
    "usage": "Rows used and left of the subscription.",
    "service": "The state of the service, where data lie, and what its errors mean.",
}

SCOPES = {
    "read:datasets": "Read datasets, their schemas and their jobs.",
    "write:datasets": "Upload, keep and delete datasets, and cancel their jobs.",
    "read:generations": "Read generations, their reports and their rows.",
    "write:generations": "Generate rows, and cancel the jobs that do.",
}

PARAMETERS = {
    "request_id": "What asking for access answered, verbatim.",
    "rotation_id": "What asking for a new secret answered.",
    "dataset_id": "What the upload answered.",
    "generation_id": "What asking for rows answered.",
    "job_id": "What the request that started the work answered.",
    "webhook_id": "What making the webhook answered.",
    "code": "The `code` of a problem.",
    "limit": "How many of them to a page.",
}
"""Of parameters that say nothing themselves, by their name."""

HEADERS = {
    "X-Request-Id": "The id of the request, yours if you sent one; quote it to support.",
    "RateLimit-Policy": (
        'The limit of a class of calls: `q` of them in `w` seconds, such as `"reads";q=1200;w=60`.'
    ),
    "RateLimit": (
        'What is left of it: `r` calls now, all of them again in `t` seconds, such as `"reads";'
        "r=1199;t=1`. On a 429, `t` is the time until the next one."
    ),
    "Retry-After": "Seconds to wait before the next call.",
    "Location": "The path of what was begun: read it to follow what becomes of it.",
    "Idempotent-Replayed": "`true` if this answers an earlier request with the same key.",
    "WWW-Authenticate": "How to authenticate, and what is wrong with the token (RFC 6750).",
    "ETag": "A strong tag of the bytes; send it as `If-None-Match` or `If-Range`.",
    "Accept-Ranges": "`bytes`: a part of the file can be asked for.",
    "Content-Range": "Which bytes these are, and of how many.",
    "Content-Disposition": "A name for the file.",
    "Repr-Digest": "SHA-256 of the whole file, base64 between colons (RFC 9530).",
    "Content-Length": "Bytes of the body that comes, or would come.",
    "Cache-Control": "Whether the answer may be kept.",
}
