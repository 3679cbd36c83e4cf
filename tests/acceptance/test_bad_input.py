"""Bad input gets a clear problem, says which field, and loses nothing."""

import asyncio
import json
import socket
import ssl
from typing import Any

import httpx
import pytest

from tests.acceptance.harness import ApiClient, ServerProcess

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
GOOD_ROWS = b"age,segment\n" + b"".join(
    f"{20 + n % 50},{'ABC'[n % 3]}\n".encode() for n in range(300)
)


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Return the problem document of a refusal, checked for its form."""
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), answer.text
    document: dict[str, Any] = answer.json()
    assert document["code"] == code, document
    assert document["status"] == status
    assert document["type"].endswith(f"/errors/{code}")
    assert document["request_id"] == answer.headers["x-request-id"]
    assert document["detail"]
    assert document["title"]
    assert isinstance(document["retryable"], bool)
    return document


def faults(document: dict[str, Any]) -> dict[str, str]:
    """Map each field at fault to its code."""
    return {
        fault.get("pointer", fault.get("parameter")): fault["code"] for fault in document["errors"]
    }


@pytest.mark.parametrize(
    ("name", "content"), [("empty.csv", b""), ("photo.csv", PNG), ("book.csv", b"PK\x03\x04 zip")]
)
def test_what_is_no_table_is_refused_at_once(api: ApiClient, name: str, content: bytes) -> None:
    before = api.get("/v1/datasets").json()
    refused = problem(api.upload(content, name), 400, "simio_upload_invalid")
    assert faults(refused) == {"seed_file": "simio_upload_invalid"}
    assert api.get("/v1/datasets").json() == before


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"age\n" + b"31\n" * 500, "column"),
        (b"age,segment\n", "row"),
        (b"age,segment\n31,A\n32,B\n33,A\n", "row"),
        (
            b",".join(b"c%d" % n for n in range(100_000)) + b"\n" + b"1," * 99_999 + b"1\n",
            "columns",
        ),
    ],
    ids=["one column", "no rows", "three rows", "100,000 columns"],
)
def test_what_cannot_be_modelled_fails_its_job_with_the_reason(
    api: ApiClient, content: bytes, word: str
) -> None:
    answer = api.upload(content, wait_seconds="20")
    job = api.wait(answer.json()["job_id"])
    assert job["status"] == "failed"
    assert job["error"]["code"] == "simio_upload_invalid"
    assert word in job["error"]["detail"]
    if answer.status_code != 202:  # it has failed within the time
        assert problem(answer, 400, "simio_upload_invalid")["detail"] == job["error"]["detail"]
    listed = api.get("/v1/datasets").json()["datasets"]
    (dataset_id,) = [it["dataset_id"] for it in listed if it["job_id"] == job["job_id"]]
    dataset = api.get(f"/v1/datasets/{dataset_id}").json()
    assert dataset["status"] == "failed"
    assert job["error"] == {**dataset["error"], "dataset_id": dataset_id}
    for answer in (
        api.get(f"/v1/datasets/{dataset_id}/schema"),
        api.generate(dataset_id, row_count=5),
    ):
        refused = problem(answer, 409, "simio_dataset_failed")
        assert not refused["retryable"]
        assert job["error"]["detail"] in refused["detail"]


def test_the_form_of_an_upload(api: ApiClient) -> None:
    csv = ("seed.csv", GOOD_ROWS, "text/csv")
    refused = problem(
        api.post("/v1/datasets", data={"x": "y"}), 415, "simio_unsupported_content_type"
    )
    assert "multipart/form-data" in refused["detail"]
    no_file = problem(
        api.post("/v1/datasets", files={"x": (None, "y")}), 400, "simio_invalid_field"
    )
    assert "seed_file" in faults(no_file)
    two = [("seed_file", csv), ("file", csv)]
    assert (
        "2 files"
        in problem(api.post("/v1/datasets", files=two), 400, "simio_invalid_field")["detail"]
    )
    for fields, field in (
        ({"wait_seconds": "soon"}, "wait_seconds"),
        ({"wait_seconds": "31"}, "wait_seconds"),
        ({"display_name": "x" * 201}, "display_name"),
        ({"dispaly_name": "x"}, "dispaly_name"),
    ):
        assert list(
            faults(problem(api.upload(GOOD_ROWS, **fields), 400, "simio_invalid_field"))
        ) == [field]


def test_malformed_multipart(api: ApiClient) -> None:
    answer = api.post(
        "/v1/datasets",
        content=b"--other\r\nnot a part",
        headers={"content-type": "multipart/form-data; boundary=frontier"},
    )
    assert problem(answer, 400, answer.json()["code"])["code"] in (
        "simio_malformed_body",
        "simio_invalid_field",
    )
    answer = api.post("/v1/datasets", content=b"x", headers={"content-type": "multipart/form-data"})
    problem(answer, 400, "simio_malformed_body")


def test_the_alias_of_the_file_field_is_accepted(api: ApiClient) -> None:
    answer = api.post("/v1/datasets", files={"file": ("s.csv", GOOD_ROWS, "text/csv")})
    assert answer.status_code == 202
    assert api.delete(f"/v1/datasets/{answer.json()['dataset_id']}").status_code == 200


@pytest.mark.parametrize("framing", ["Content-Length: 9000000000", "Transfer-Encoding: chunked"])
def test_a_body_over_the_limit_is_not_read_to_its_end(
    server: ServerProcess, api: ApiClient, framing: str
) -> None:
    """The refusal is there to be read long before the client has sent everything."""
    head = (
        "POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {api.headers['Authorization']}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\n{framing}\r\n\r\n"
    )
    part = b'--b\r\nContent-Disposition: form-data; name="seed_file"; filename="s.csv"\r\n\r\n'
    block = part + b"1,2,3\n" * 20_000
    chunk = b"%x\r\n%s\r\n" % (len(block), block) if "chunked" in framing else block

    async def flood(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(chunk)
            await writer.drain()

    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("localhost", server.port, ssl=server.tls)
        writer.write(head.encode())
        flooding = asyncio.create_task(flood(writer))
        try:
            async with asyncio.timeout(20):
                answer = await reader.readuntil(b"\r\n\r\n")
                return answer + await reader.readuntil(b"}")
        finally:
            flooding.cancel()
            writer.transport.abort()

    headers, _, body = asyncio.run(ask()).partition(b"\r\n\r\n")
    assert headers.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in headers.lower()
    document = json.loads(body)
    assert document["code"] == "simio_file_too_large"
    assert "20,065,536 bytes" in document["detail"]


def test_a_request_cut_in_mid_upload_leaves_nothing(server: ServerProcess, api: ApiClient) -> None:
    before = api.get("/v1/datasets").json()
    for _ in range(3):
        with _tls_socket(server) as connection:
            connection.sendall(
                b"POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\n"
                b"Authorization: " + api.headers["Authorization"].encode() + b"\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n"
                b'--b\r\nContent-Disposition: form-data; name="seed_file"; filename="s.csv"\r\n\r\n'
                b"age,segment\n31,A\n"
            )
    assert api.get("/v1/datasets").json() == before
    assert api.get("/healthz").json()["status"] == "ok"


def _tls_socket(server: ServerProcess) -> ssl.SSLSocket:
    plain = socket.create_connection(("localhost", server.port), timeout=20)
    return server.tls.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.parametrize(
    ("kind", "condition", "where", "code"),
    [
        ("categorical", {"sgment": {"A": 1}}, "/sgment", "simio_unknown_condition_column"),
        (
            *("categorical", {"segment": {"Premum": 0.5}}, "/segment/Premum"),
            "simio_unknown_condition_level",
        ),
        (
            *("categorical", {"segment": {"Premium": 0.8, "Value": 0.5}}, "/segment"),
            "simio_condition_share_sum",
        ),
        ("categorical", {"segment": {"Value": 55}}, "/segment/Value", "simio_invalid_field"),
        ("categorical", {"segment": {"Value": -0.1}}, "/segment/Value", "simio_invalid_field"),
        ("numeric", {"age": {"min": 44, "max": 25}}, "/age", "simio_invalid_field"),
        ("numeric", {"age": {"min": 25}}, "/age/max", "simio_invalid_field"),
        ("numeric", {"age": {"min": 200, "max": 300}}, "/age", "simio_condition_out_of_range"),
        ("numeric", {"age": {"min": "young", "max": 30}}, "/age/min", "simio_invalid_field"),
        ("numeric", {"segment": {"min": 1, "max": 2}}, "/segment", "simio_invalid_field"),
    ],
)
def test_conditions_that_do_not_fit(
    api: ApiClient, dataset_id: str, kind: str, condition: dict[str, Any], where: str, code: str
) -> None:
    answer = api.generate(dataset_id, row_count=10, conditions={kind: condition})
    assert faults(problem(answer, 400, code)) == {f"/conditions/{kind}{where}": code}


def test_all_faults_are_named_at_once(api: ApiClient, dataset_id: str) -> None:
    conditions = {
        "categorical": {"sgment": {"Premium": 1}, "channel": {"Online": 1.3}},
        "numeric": {"age": {"min": 5}},
    }
    refused = api.generate(dataset_id, row_count=10, conditions=conditions).json()
    assert len(refused["errors"]) == 3
    assert "segment" in refused["detail"]  # the nearest valid name
    assert refused["detail"].count("age") >= 1


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none(api: ApiClient, dataset_id: str, value: str) -> None:
    for conditions in (
        f'{{"categorical": {{"segment": {{"Premium": {value}}}}}}}',
        f'{{"numeric": {{"age": {{"min": {value}, "max": 44}}}}}}',
    ):
        answer = api.post(
            f"/v1/datasets/{dataset_id}/generations",
            content=f'{{"row_count": 10, "conditions": {conditions}}}',
            headers={"content-type": "application/json"},
        )
        problem(answer, 400, "simio_invalid_field")


@pytest.mark.parametrize(
    ("row_count", "status", "code"),
    [
        (0, 400, "simio_invalid_field"),
        (-1, 400, "simio_invalid_field"),
        (1.5, 400, "simio_invalid_field"),
        ("many", 400, "simio_invalid_field"),
        ("10", 400, "simio_invalid_field"),
        (True, 400, "simio_invalid_field"),
        (None, 400, "simio_invalid_field"),
        (10**12, 402, "simio_row_cap_exceeded"),
        (1e12, 402, "simio_row_cap_exceeded"),
        (10**30, 402, "simio_row_cap_exceeded"),
    ],
)
def test_row_counts(
    api: ApiClient, dataset_id: str, row_count: object, status: int, code: str
) -> None:
    refused = problem(api.generate(dataset_id, row_count=row_count), status, code)
    assert list(faults(refused)) == ["/row_count"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"output_format": "docx"}, "/output_format"),
        ({"seed": -1}, "/seed"),
        ({"seed": 2**63}, "/seed"),
        ({"wait_seconds": 31}, "/wait_seconds"),
        ({"rows": 5}, "/rows"),
        ({"conditions": {"ordinal": {}}}, "/conditions/ordinal"),
        ({"conditions": []}, "/conditions"),
    ],
)
def test_other_fields(
    api: ApiClient, dataset_id: str, fields: dict[str, Any], pointer: str
) -> None:
    answer = api.generate(dataset_id, **{"row_count": 10, **fields})
    assert list(faults(problem(answer, 400, "simio_invalid_field"))) == [pointer]


def test_bodies_that_are_no_json(api: ApiClient, dataset_id: str) -> None:
    path, json_type = f"/v1/datasets/{dataset_id}/generations", {"content-type": "application/json"}
    problem(
        api.post(path, content=b'{"row_count": ', headers=json_type), 400, "simio_malformed_body"
    )
    problem(api.post(path, content=b"", headers=json_type), 400, "simio_malformed_body")
    problem(api.post(path), 400, "simio_malformed_body")
    problem(api.post(path, content=b"\xff\xfe\x00", headers=json_type), 400, "simio_malformed_body")
    problem(api.post(path, json=[1]), 400, "simio_invalid_field")
    form = api.post(path, data={"row_count": "10"})
    problem(form, 415, "simio_unsupported_content_type")
    large = api.post(path, content=b" " * 1_100_000, headers=json_type)
    problem(large, 413, "simio_body_too_large")


def test_paths_and_methods_that_are_not_there(api: ApiClient) -> None:
    problem(api.get("/v1/nothing"), 404, "simio_not_found")
    problem(api.get("/v1"), 404, "simio_not_found")
    wrong = api.put("/v1/datasets")
    problem(wrong, 405, "simio_method_not_allowed")
    assert set(wrong.headers["allow"].replace(" ", "").split(",")) >= {"GET"}


def test_idempotency_keys_are_checked(api: ApiClient, dataset_id: str) -> None:
    for key in ("a b", "x" * 129, "", '"'):
        answer = api.post(
            f"/v1/datasets/{dataset_id}/generations",
            json={"row_count": 10},
            headers={"Idempotency-Key": key},
        )
        problem(answer, 400, "simio_invalid_idempotency_key")


def test_request_ids_are_kept_when_sane(api: ApiClient) -> None:
    echoed = api.get("/healthz", headers={"X-Request-Id": "trace-0123456789"})
    assert echoed.headers["x-request-id"] == "trace-0123456789"
    for odd in ("short", "a" * 200, "no spaces here", "<script>alert(1)</script>"):
        generated = api.get("/healthz", headers={"X-Request-Id": odd}).headers["x-request-id"]
        assert generated.startswith("req_")


def test_every_error_code_has_its_page(api: ApiClient) -> None:
    entries = api.get("/errors").json()["errors"]
    assert len(entries) > 20
    for entry in entries:
        assert api.get(f"/errors/{entry['code']}").json() == entry
    problem(api.get("/errors/simio_nonsense"), 404, "simio_not_found")


def test_nothing_of_a_refused_file_is_echoed(api: ApiClient) -> None:
    secret = "4111-1111-1111-1111"
    content = b"name,card\n" + f"Ann,{secret}\n".encode() * 3 + b'"broken,\n'
    started = api.upload(content, wait_seconds="10")
    body = json.dumps([started.json(), api.wait(started.json()["job_id"])])
    assert "failed" in body
    assert secret not in body
    assert "Ann" not in body
