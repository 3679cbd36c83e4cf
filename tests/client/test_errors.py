"""Errors, whatever they are made of, and wherever they are carried."""

import pickle

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.client import errors, problems
from simulacra.client.errors import ClientError, ProblemError

ANSWER = httpx.Response(400, json={}, request=httpx.Request("GET", "https://api.example/v1/usage"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
MEMBERS = ("type", "title", "detail", "status", "request_id", "retryable", "errors", "job_id")


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON), st.text())
def test_any_document_with_a_code_is_a_problem(document: dict[str, object], code: str) -> None:
    error = ProblemError(document | {"code": code}, ANSWER)
    assert str(error).startswith(f"{code}: ")
    assert error.document == document | {"code": code}


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("Two are wrong.", "Two are wrong.\n  /row_count: Give a number."),
        ("Give a number.", "Give a number.\n  at /row_count"),
        ("/row_count: Give a number.", "/row_count: Give a number."),
    ],
)
def test_a_fault_is_told_once(detail: str, said: str) -> None:
    fault = {"pointer": "/row_count", "detail": "Give a number.", "code": "simio_x"}
    error = ProblemError({"code": "simio_x", "detail": detail, "errors": [fault]}, ANSWER)
    assert str(error) == f"simio_x: {said}"


@pytest.mark.parametrize(
    "error",
    [
        errors.ConfigurationError("There is none."),
        errors.UnreachableError("lost", may_have_arrived=True, idempotency_key="key"),
        errors.UnexpectedAnswerError("else", ANSWER),
        errors.TokenError("invalid_client", "Unknown.", ANSWER),
        errors.WaitingError("job_1", 5),
        errors.JobEndedError("job_1", "cancelled"),
        problems.DatasetNotFoundError({"code": "simio_dataset_not_found"}, ANSWER, "key"),
    ],
    ids=lambda it: type(it).__name__,
)
def test_an_error_comes_back_from_another_process(error: ClientError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(again) is type(error)
    assert str(again) == str(error)
    own = {name: value for name, value in vars(error).items() if name != "response"}
    assert {name: value for name, value in vars(again).items() if name != "response"} == own
