"""Each kind of failure has an exit code, a text for people and a document for programs."""

import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulacra.cli.remote import failing
from tests.cli.remote.conftest import Remote
from tests.client.conftest import Service, ok, problem

PAGE = Path(__file__).parents[3] / "docs" / "remote.md"
pytestmark = pytest.mark.usefixtures("credentials")


def untrusted() -> httpx.ConnectError:
    error = httpx.ConnectError("tls")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    error.__cause__.verify_message = "self-signed certificate"
    return error


def job(status: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - JSON
    progress = {"stage": "fitting", "fraction": 0.5}
    document = {"job_id": "job_1", "operation": "createDataset", "status": status}
    return httpx.Response(
        200, json=document | {"progress": progress} | more, headers={"retry-after": "0"}
    )


def failed() -> httpx.Response:
    error = {"code": "simio_upload_invalid", "detail": "2 rows", "status": 400}
    return job("failed", error=error)


@pytest.mark.parametrize(
    ("words", "answers", "code", "kind", "said"),
    [
        (["usage"], [problem(404, "simio_x")], 4, "refused", "A detail."),
        (["usage"], [problem(401, "simio_gone")], 3, "credentials", "A detail."),
        (["usage"], [problem(403, "simio_forbidden")], 3, "credentials", "A detail."),
        (["usage"], [untrusted()], 5, "unreachable", "not trusted: self-signed certificate"),
        (["usage"], [httpx.Response(404, text="<html>")], 5, "unreachable", "Is the API at"),
        (["watch", "job_1"], [job("processing"), failed()], 6, "job_failed", "2 rows"),
        (["watch", "job_1"], [job("queued"), job("cancelled")], 6, "job_failed", "was cancelled"),
        (["watch", "job_1"], [job("queued"), job("expired")], 6, "job_failed", "has expired"),
        (
            ["watch", "job_1", "--timeout", "0"],
            [job("queued"), job("processing")],
            8,
            "not_ended",
            "simulacra remote watch job_1",
        ),
    ],
)
def test_the_exit_code_tells_the_kind(
    remote: Remote,
    service: Service,
    words: list[str],
    answers: list[Any],
    code: int,
    kind: str,
    said: str,
) -> None:
    for options in ([], ["--json"]):
        service.will(*answers)
        ended = remote(*words, *options)
        assert ended.code == code
        assert said in ended.err
        assert "Traceback" not in ended.err
        if options:
            error = json.loads(ended.out)["error"]
            assert error["kind"] == kind
            assert said in error["detail"] or said in json.dumps(error)
        else:
            assert ended.out == ""


def test_a_token_that_is_refused_is_a_matter_of_credentials(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = httpx.Client
    body = {"error": "invalid_client", "error_description": "Unknown client or secret."}
    transport = httpx.MockTransport(lambda _: httpx.Response(401, json=body))
    monkeypatch.setattr("httpx.Client", lambda **about: client(**about | {"transport": transport}))
    ended = remote("usage")
    assert (ended.code, "Unknown client or secret." in ended.err) == (3, True)


def test_without_credentials_the_way_to_them_is_said(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SIMIO_API_BASE")
    monkeypatch.delenv("SIMIO_CLIENT_ID")
    monkeypatch.delenv("SIMIO_CLIENT_SECRET")
    ended = remote("usage", "--json")
    assert ended.code == 3
    assert "simulacra remote login" in ended.err
    assert "simulacra remote signup" in json.loads(ended.out)["error"]["detail"]


def test_where_certificates_are_at_fault_they_are_what_is_spoken_of(
    remote: Remote, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.will(untrusted())
    assert "simulacra remote login ADDRESS --ca-file FILE" in remote("usage").err
    monkeypatch.setenv("SIMIO_CA_FILE", "nowhere.pem")
    ended = remote("usage")
    assert (ended.code, ended.err) == (3, "simulacra: ca_file: there is no file nowhere.pem.\n")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["nonsense"],
        ["watch", "job_1/../../x"],
        ["schema", "gen_1"],
        ["generate", "ds_1"],
        ["preview", "ds_1", "--rows", "5", "--share", "a=b:0.5", "a=b:0.5"],
        ["delete", "ds_1"],
        ["login", "http://api.example"],
        ["login", "https://user:a-claim-token@api.example"],
    ],
)
def test_what_cannot_be_asked_is_not_asked(
    remote: Remote, service: Service, words: list[str]
) -> None:
    if words[:1] == ["delete"]:  # whose question has the name of the study
        service.will(ok(dataset_id="ds_1", status="ready"))
    ended = remote(*words)
    assert ended.code == 2
    assert ended.out == ""


def test_a_file_that_cannot_be_read_is_none_of_the_services_faults(
    remote: Remote, tmp_path: Path
) -> None:
    (tmp_path / "study.csv").touch()
    (tmp_path / "profiles.toml").write_text("no profile")
    ended = remote("upload", "study.csv", "--profile", "acme")
    assert ended.code == 3
    assert "chmod 600" in ended.err
    ended = remote("upload", "nowhere.csv")
    assert ended.code == 2
    assert "there is no file 'nowhere.csv'" in ended.err


def test_a_request_that_got_no_answer_can_be_asked_again_with_its_key(
    remote: Remote, service: Service, tmp_path: Path
) -> None:
    (tmp_path / "study.csv").write_text("a,b\n1,2\n")
    service.will(httpx.LocalProtocolError("broken"))
    ended = remote("upload", "study.csv", "--json")
    assert ended.code == 5
    (key,) = service.headers("idempotency-key")
    assert f"--idempotency-key {key}" in ended.err
    assert json.loads(ended.out)["error"]["idempotency_key"] == key


def test_a_fault_of_our_own_keeps_its_traceback(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_down(_: object) -> Callable[[], None]:
        raise ZeroDivisionError

    monkeypatch.setattr("simulacra.cli.remote.connection.open_client", break_down)
    with pytest.raises(ZeroDivisionError):
        remote("usage")


def test_help_and_the_page_have_every_exit_code(remote: Remote) -> None:
    shown = remote("--help").out
    for code, meaning in failing.MEANINGS.items():
        assert f"{code}  {meaning}" in shown
        kind = f" `{failing.KINDS[code]}` " if code in failing.KINDS else " "
        assert f"| {code} | {meaning} |{kind}|\n" in PAGE.read_text()
    assert {*failing.KINDS} == {*failing.MEANINGS} - {0, failing.PARTIAL, 130}
