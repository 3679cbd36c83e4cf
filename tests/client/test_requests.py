"""What is sent, and what is remembered of it."""

import datetime as dt
import json
import pickle

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra import client
from simulacra.client import Simulacra, requests
from tests.client.conftest import BASE, SECRET, Service, ok, problem
from tests.client.test_session import usage

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(TEXT.filter(lambda it: set(it) != {"."}))
def test_an_id_is_one_segment_of_a_path(name: str) -> None:
    url = httpx.URL(BASE).join(f"/v1/datasets/{requests.segment(name)}")
    assert url.host == "api.example"
    assert url.path == f"/v1/datasets/{name}"
    assert url.raw_path.count(b"/") == 3
    assert not url.query
    assert not url.fragment


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_would_be_another_path_is_no_id(api: Simulacra, name: str) -> None:
    with pytest.raises(ValueError, match="is no id"):
        api.dataset(name)


@pytest.mark.parametrize("path", ["https://other.example/v1/usage", "//other.example", "v1/usage"])
def test_a_token_goes_to_no_other_address(api: Simulacra, service: Service, path: str) -> None:
    with pytest.raises(ValueError, match=r"such as /v1/custody"):
        api.call("GET", path)
    assert service.minted == 0


def test_numbers_of_numpy_dates_and_times_are_sent_as_json() -> None:
    sent = requests.encoded(
        {
            "share": np.float64(0.5),
            "min": np.int64(25),
            "options": np.array([1, 2]),
            "from": dt.date(2026, 1, 31),
            "at": dt.datetime(2026, 1, 31, 12, 30),  # noqa: DTZ001 - as studies have them
        }
    )
    assert json.loads(sent) == {
        "share": 0.5,
        "min": 25,
        "options": [1, 2],
        "from": "2026-01-31",
        "at": "2026-01-31T12:30:00",
    }
    with pytest.raises(TypeError, match="a set cannot be sent"):
        requests.encoded({"levels": {"a"}})
    with pytest.raises(ValueError, match="JSON compliant"):
        requests.encoded({"share": float("nan")})


def test_an_answer_that_is_kept_does_not_hold_what_was_sent(
    api: Simulacra, service: Service
) -> None:
    service.will(problem(404, "simio_dataset_not_found"), usage())
    with pytest.raises(client.ProblemError) as caught:
        api.dataset("ds_1")
    response = api.call("GET", "/v1/usage", parameters={"token": "of-a-link"})
    assert response.request.method == "GET"
    kept = pickle.dumps([caught.value, caught.value.response, response])
    for secret in (SECRET, "token-1", "of-a-link"):
        assert secret.encode() not in kept


def test_what_the_issuer_was_told_is_not_kept() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        return httpx.Response(401, json={"error": "invalid_client"})

    with (
        Simulacra(
            BASE, client_id="a", client_secret=SECRET, transport=httpx.MockTransport(refuse)
        ) as api,
        pytest.raises(client.TokenError) as caught,
    ):
        api.usage()
    assert SECRET.encode() not in pickle.dumps(caught.value)
    assert not caught.value.response.request.content


def test_a_client_is_neither_pickled_nor_copied(api: Simulacra, service: Service) -> None:
    service.will(ok(dataset_id="ds_1", job_id="job_1", status="ready"))
    for kept in (api, api.dataset("ds_1"), api.configuration):
        with pytest.raises(TypeError, match="pickled"):
            pickle.dumps(kept)
    assert SECRET not in repr([api, api.configuration])
