"""The HTTP status of every code of the catalog."""

from collections.abc import Mapping

_CODES: Mapping[int, tuple[str, ...]] = {
    400: (
        "simio_invalid_field",
        "simio_malformed_body",
        "simio_malformed_request",
        "simio_upload_invalid",
        "simio_invalid_idempotency_key",
        "simio_unknown_condition_column",
        "simio_unknown_condition_level",
        "simio_condition_out_of_range",
        "simio_condition_share_sum",
        "simio_scenario_infeasible",
        "simio_webhook_address_refused",
    ),
    401: (
        "simio_unauthorized",
        "simio_fresh_token_required",
    ),
    402: (
        "simio_row_cap_exceeded",
        "simio_quota_exceeded",
        "simio_storage_quota_exceeded",
    ),
    403: (
        "simio_forbidden",
        "simio_artifact_link_invalid",
    ),
    404: (
        "simio_not_found",
        "simio_dataset_not_found",
        "simio_generation_not_found",
        "simio_job_not_found",
        "simio_webhook_not_found",
        "simio_signup_not_found",
        "simio_credential_claim_not_found",
        "simio_rotation_request_not_found",
    ),
    405: ("simio_method_not_allowed",),
    408: ("simio_request_timeout",),
    409: (
        "simio_dataset_not_ready",
        "simio_dataset_failed",
        "simio_idempotency_conflict",
        "simio_job_cancelled",
        "simio_idempotency_in_flight",
        "simio_quota_reservation_conflict",
        "simio_webhook_exists",
        "simio_webhook_limit_exceeded",
        "simio_webhook_disabled",
    ),
    410: (
        "simio_credential_claim_consumed",
        "simio_credential_claim_expired",
        "simio_rotation_claim_already_consumed",
    ),
    413: ("simio_file_too_large", "simio_body_too_large"),
    415: ("simio_unsupported_content_type",),
    416: ("simio_range_not_satisfiable",),
    429: (
        "simio_rate_limited",
        "simio_rotation_rate_limited",
    ),
    431: ("simio_head_too_large",),
    500: (
        "simio_training_failed",
        "simio_generation_failed",
        "simio_preview_failed",
        "simio_validation_failed",
        "simio_tabulation_failed",
        "simio_job_limit_exceeded",
        "simio_internal",
    ),
    503: (
        "simio_customer_key_unavailable",
        "simio_customer_storage_unavailable",
        "simio_unavailable",
    ),
}

STATUS_CODES: Mapping[str, int] = {
    code: status for status, codes in _CODES.items() for code in codes
}
