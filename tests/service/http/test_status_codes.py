from simulacra.service.errors.catalog import CATALOG
from simulacra.service.http.status_codes import STATUS_CODES

KEPT_EXACTLY = {
    "simio_invalid_field": 400,
    "simio_upload_invalid": 400,
    "simio_invalid_idempotency_key": 400,
    "simio_unknown_condition_column": 400,
    "simio_unsupported_content_type": 415,
    "simio_file_too_large": 413,
    "simio_body_too_large": 413,
    "simio_dataset_not_found": 404,
    "simio_generation_not_found": 404,
    "simio_job_not_found": 404,
}


def test_contract_codes_have_their_status() -> None:
    assert {code: STATUS_CODES[code] for code in KEPT_EXACTLY} == KEPT_EXACTLY


def test_every_code_of_the_catalog_has_a_status() -> None:
    assert set(STATUS_CODES) == set(CATALOG)
    assert all(400 <= status < 600 for status in STATUS_CODES.values())
