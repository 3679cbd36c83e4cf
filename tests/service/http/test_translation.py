import datetime as dt

import psycopg
import pytest

from simulacra.engine import errors as engine_errors
from simulacra.service import errors
from simulacra.service.http import problems, translation

MOMENT = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("error", "status", "headers"),
    [
        (errors.DatasetNotFoundError("x"), 404, {}),
        (errors.DatasetNotReadyError("x"), 409, {"Retry-After": "2"}),
        (errors.IdempotencyInFlightError("x", retry_after=5), 409, {"Retry-After": "5"}),
        (errors.StorageUnavailableError("x"), 503, {"Retry-After": "2"}),
        (errors.ProviderUnavailableError("x", 7), 503, {"Retry-After": "7"}),
        (errors.ProviderRefusedError("x"), 503, {"Retry-After": "300"}),
        (psycopg.OperationalError("x"), 503, {"Retry-After": "2"}),
        (errors.UnauthenticatedError("x"), 401, {}),
        (errors.TokenRefusedError("x"), 401, {"WWW-Authenticate": 'Bearer realm="simulacra"'}),
        (
            errors.TokenRefusedError("x", is_invalid=True),
            401,
            {"WWW-Authenticate": 'Bearer realm="simulacra", error="invalid_token"'},
        ),
        (errors.ForbiddenError("x"), 403, {}),
        (engine_errors.StudyError("x"), 400, {}),
    ],
)
def test_an_error_has_its_status_and_headers(
    error: Exception, status: int, headers: dict[str, str]
) -> None:
    problem = translation.problem_of(error)
    assert (problem.status, problem.headers) == (status, headers)


def test_the_reason_of_an_outage_is_not_for_the_caller() -> None:
    refused = errors.ProviderRefusedError("Auth0 did not create a client: 403")
    assert translation.problem_of(refused).detail == (
        "The identity provider does not answer at the moment."
    )


def test_the_figures_of_a_quota_are_a_member_of_the_document() -> None:
    quota = errors.Quota(row_count=5, rows_used=3, window_ends_at=MOMENT)
    document = translation.document(errors.QuotaExceededError("x", quota), "https://a.example")
    assert document["quota"] == {
        "row_count": 5,
        "rows_used": 3,
        "window_ends_at": "2026-03-01T00:00:00Z",
    }


def test_fields_at_fault_are_listed() -> None:
    faults = [errors.Fault("", "is a list"), errors.Fault("limit", "is 0", is_parameter=True)]
    document = translation.document(errors.InvalidFieldsError(faults), "https://a.example")
    assert document["detail"] == "body: is a list; limit: is 0"
    assert document["errors"] == [
        {"pointer": "", "detail": "is a list", "code": "simio_invalid_field"},
        {"parameter": "limit", "detail": "is 0", "code": "simio_invalid_field"},
    ]


def test_a_problem_stays_as_it_is_and_nothing_else_is_told() -> None:
    problem = problems.Problem("simio_not_found", "x")
    assert translation.problem_of(problem) is problem
    with pytest.raises(TypeError, match="ValueError"):
        translation.problem_of(ValueError("a cell"))
