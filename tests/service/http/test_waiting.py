"""What is said of work that failed while its request was held."""

import pytest

from simulacra.service.errors import documents
from simulacra.service.http import problems, waiting

ERROR = {
    "code": "simio_upload_invalid",
    "detail": "Too few rows are left.",
    "errors": [{"pointer": "/seed_file", "detail": "Too few rows.", "code": "too_few"}],
}


def test_work_that_did_not_fail_is_not_refused() -> None:
    waiting.refuse_failure(None, job_id="job_1")


def test_a_problem_names_the_job_and_what_it_was_to_make() -> None:
    with pytest.raises(problems.Problem) as raised:
        waiting.refuse_failure(ERROR, job_id="job_1", dataset_id="ds_1")
    told = documents.ProblemDocument(**raised.value.document("https://api.example"))
    assert (told.code, told.job_id, told.dataset_id) == ("simio_upload_invalid", "job_1", "ds_1")
    assert told.errors is not None
    assert told.errors[0].pointer == "/seed_file"


def test_a_field_of_a_form_keeps_its_name_and_its_pointer() -> None:
    fault = {
        "parameter": "column_types",
        "pointer": "/column_types/zip",
        "detail": "The file has no such column.",
        "code": "simio_invalid_field",
    }
    with pytest.raises(problems.Problem) as raised:
        waiting.refuse_failure(ERROR | {"errors": [fault]}, job_id="job_1")
    assert raised.value.document("https://api.example")["errors"] == [fault]
