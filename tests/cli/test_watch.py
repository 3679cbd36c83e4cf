"""`simulacra watch` and what it may meet: refusals, outages, tokens that have run out."""

import ssl
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from simulacra.cli import server
from simulacra.cli.main import main

Answer = httpx.Response | Exception
Serve = Callable[..., list[httpx.Request]]

ENVIRONMENT = {
    "SIMIO_API_BASE": "https://api.example",
    "SIMIO_AUTH0_DOMAIN": "login.example",
    "SIMIO_AUTH0_AUDIENCE": "https://api.example",
    "SIMIO_CLIENT_ID": "client",
    "SIMIO_CLIENT_SECRET": "hunter2",
}
TOKEN = {"access_token": "token"}
CLIENT = httpx.Client


def job(status: str, stage: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    progress = {"stage": stage, "fraction": 0.41, "step": 7, "steps": 15}
    return {"job_id": "job_1", "status": status, "progress": progress, **more}


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Credentials in the environment; nobody waits, and how long one would is kept."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    now, waited = [0.0], []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("simulacra.cli.server.time.sleep", sleep)
    monkeypatch.setattr("simulacra.cli.server.time.monotonic", lambda: now[0])
    return waited


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Answer requests in turn, the last for ever; return what is asked."""

    def answer_with(*answers: Answer, tokens: int = 200) -> list[httpx.Request]:
        asked: list[httpx.Request] = []
        left: Iterator[Answer] = iter((*answers[:-1], *[answers[-1]] * 1000))

        def handle(request: httpx.Request) -> httpx.Response:
            if request.url.host == "login.example":
                return httpx.Response(tokens, json=TOKEN)
            asked.append(request)
            answer = next(left)
            if isinstance(answer, Exception):
                raise answer
            return answer

        client = CLIENT(transport=httpx.MockTransport(handle))
        monkeypatch.setattr("httpx.Client", lambda **_: client)
        return asked

    return answer_with


def ok(document: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=document)


def watch(capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(["watch", "job_1"])
    printed = capsys.readouterr()
    assert "hunter2" not in printed.out + printed.err
    return code, printed.out, printed.err


def test_a_job_is_followed_to_its_end(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    asked = serve(
        ok(job("queued", "queued")),
        ok(job("processing", "fitting")),
        ok(job("processing", "fitting")),
        ok(job("completed", "completed", dataset_id="ds_1")),
    )
    code, out, err = watch(capsys)
    assert (code, err.split()) == (0, ["queued", "fitting"])
    assert out.splitlines() == ["job_1 is completed.", "  dataset_id     ds_1"]
    assert str(asked[0].url) == "https://api.example/v1/jobs/job_1?wait_seconds=1"
    assert asked[0].headers["authorization"] == "Bearer token"


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
def test_another_end_is_exit_code_1(
    serve: Serve, capsys: pytest.CaptureFixture[str], status: str
) -> None:
    error = {"detail": "3 rows; at least 30 are needed", "code": "simio_upload_invalid"}
    serve(ok(job(status, "reading", **({"error": error} if status == "failed" else {}))))
    code, out, err = watch(capsys)
    assert (code, out) == (1, "")
    assert status in err
    assert (("at least 30" in err) and ("simio_upload_invalid" in err)) == (status == "failed")


def test_a_short_outage_is_waited_out_longer_and_longer(
    serve: Serve, capsys: pytest.CaptureFixture[str], pauses: list[float]
) -> None:
    refused = httpx.ConnectError("refused")
    busy = httpx.Response(503, headers={"retry-after": "9"})
    serve(refused, refused, httpx.ReadTimeout("slow"), busy, ok(job("completed", "completed")))
    assert watch(capsys)[0] == 0
    for place, bound in enumerate((0.5, 1, 2)):
        assert bound / 2 <= pauses[place] <= bound
    assert pauses[3:] == [9.0]


def test_a_long_outage_is_given_up(
    serve: Serve, capsys: pytest.CaptureFixture[str], pauses: list[float]
) -> None:
    serve(httpx.ConnectError("refused"))
    code, _, err = watch(capsys)
    assert (code, "does not answer (ConnectError)" in err) == (1, True)
    assert sum(pauses) <= server.MAX_OUTAGE_SECONDS
    assert max(pauses) <= server.MAX_PAUSE_SECONDS


def test_a_token_that_has_run_out_is_minted_anew(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = {"detail": "The token has expired.", "code": "simio_unauthorized"}
    serve(httpx.Response(401, json=refusal), ok(job("completed", "completed")))
    assert watch(capsys)[0] == 0
    serve(httpx.Response(401, json=refusal))
    code, _, err = watch(capsys)
    assert (code, "simio_unauthorized" in err) == (1, True)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            httpx.Response(404, json={"detail": "There is no such job.", "code": "simio_x"}),
            "There is no such job. (simio_x",
        ),
        (httpx.Response(200, text="<html>"), "without a JSON object"),
        (ok({"status": "processing"}), "not a job"),
        (
            ok(job("processing", "fitting") | {"progress": {"stage": "x", "fraction": 7}}),
            "not a job",
        ),
    ],
)
def test_an_answer_that_does_not_help_is_said(
    serve: Serve, capsys: pytest.CaptureFixture[str], answer: httpx.Response, message: str
) -> None:
    serve(answer)
    code, _, err = watch(capsys)
    assert (code, message in err) == (1, True)


def test_wrong_credentials_are_said(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    serve(ok(job("completed", "completed")), tokens=403)
    code, _, err = watch(capsys)
    assert (code, "check SIMIO_CLIENT_ID" in err) == (1, True)


def test_a_certificate_that_nobody_vouches_for_is_not_waited_for(
    serve: Serve, capsys: pytest.CaptureFixture[str], pauses: list[float]
) -> None:
    error = httpx.ConnectError("tls")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed")
    error.__cause__.verify_message = "self-signed certificate"
    serve(error)
    code, _, err = watch(capsys)
    assert (code, "set SSL_CERT_FILE" in err, pauses) == (1, True, [])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("SIMIO_CLIENT_SECRET", "", "SIMIO_CLIENT_SECRET must be set"),
        ("SIMIO_API_BASE", "http://api.example", "SIMIO_API_BASE must be an https address"),
        ("SIMIO_AUTH0_DOMAIN", "https://login.example", "SIMIO_AUTH0_DOMAIN must be a host"),
    ],
)
def test_an_environment_that_cannot_be_is_said(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    message: str,
) -> None:
    monkeypatch.setenv(name, value)
    code, _, err = watch(capsys)
    assert (code, message in err) == (1, True)


def test_what_is_no_job_id_is_not_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["watch", "job_1/../../x"])
    assert ended.value.code == 2
    assert "is not the id of a job" in capsys.readouterr().err
