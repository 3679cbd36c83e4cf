"""Tokens, retries and waiting."""

import dataclasses
import hashlib
import io
import json
import logging
import sys
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from simulacra import client
from simulacra.client import Simulacra, configuration, problems
from simulacra.client.retrying import Patience
from tests.client.conftest import BASE, SECRET, Service, ok, problem

if TYPE_CHECKING:
    from simulacra.engine.progress import Progress

LOST = httpx.ReadError("lost")
UNREACHED = httpx.ConnectError("refused")


def usage(**more: object) -> httpx.Response:
    names = ("subscription_rows", "rows_used", "rows_reserved", "rows_remaining")
    counts = dict.fromkeys((*names, "max_rows_per_request", "generations"), 7)
    window = {"window_starts_at": "2026-11-01T00:00:00Z", "window_ends_at": "2026-12-01T00:00:00Z"}
    return ok(**window, **counts, **more)


def dataset(status: str = "ready") -> dict[str, Any]:
    return {"dataset_id": "ds_1", "job_id": "job_1", "status": status}


def job(status: str, fraction: float = 0.5, **more: object) -> httpx.Response:
    progress = {"stage": "fitting", "fraction": fraction, "step": 1, "steps": 2}
    document = {"job_id": "job_1", "operation": "createDataset", "progress": progress}
    return httpx.Response(
        200, json=document | {"status": status} | more, headers={"retry-after": "0"}
    )


def test_one_token_serves_all_calls(api: Simulacra, service: Service) -> None:
    service.will(usage(), usage())
    assert api.usage() == api.usage()
    assert service.minted == 1
    assert service.headers("authorization") == ["Bearer token-1"] * 2


def test_a_token_is_renewed_before_it_ends(api: Simulacra, service: Service) -> None:
    service.lifetime = 0
    service.will(usage(), usage())
    api.usage()
    api.usage()
    assert service.headers("authorization") == ["Bearer token-1", "Bearer token-2"]


def test_a_token_that_is_refused_is_renewed_once(api: Simulacra, service: Service) -> None:
    service.will(problem(401, "simio_unauthorized"), usage())
    api.usage()
    assert service.headers("authorization") == ["Bearer token-1", "Bearer token-2"]
    service.will(*(problem(401, "simio_unauthorized") for _ in range(2)))
    with pytest.raises(problems.UnauthorizedError):
        api.usage()
    assert service.minted == 3


def test_a_token_that_was_minted_elsewhere_is_used_and_never_replaced(service: Service) -> None:
    service.will(usage(), problem(401, "simio_unauthorized"))
    with Simulacra(
        BASE,
        client_id="client",
        client_secret=SECRET,
        access_token="theirs",
        transport=httpx.MockTransport(service),
    ) as api:
        api.usage()
        with pytest.raises(problems.UnauthorizedError):
            api.usage()
    assert service.headers("authorization") == ["Bearer theirs"] * 2
    assert service.minted == 0


def test_a_rotation_takes_a_token_that_was_minted_just_now(
    api: Simulacra, service: Service
) -> None:
    service.will(
        usage(),
        problem(401, "simio_fresh_token_required"),
        ok(credential_claim_token="claim"),
        ok(client_id="client", client_secret="new", token_url=f"{BASE}/oauth/token", audience=BASE),
    )
    api.usage()
    credential = api.rotate()
    assert credential.client_secret == "new"
    assert "new" not in repr(credential)
    first, second = service.headers("idempotency-key")[1:3]
    assert first == second
    assert api.configuration.client_secret == "new"


def test_what_an_issuer_says_when_it_refuses() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        body = {"error": "invalid_client", "error_description": "Unknown client or secret."}
        return httpx.Response(401, json=body)

    with (
        Simulacra(
            BASE, client_id="a", client_secret=SECRET, transport=httpx.MockTransport(refuse)
        ) as api,
        pytest.raises(client.TokenError, match="invalid_client: Unknown client") as caught,
    ):
        api.usage()
    assert SECRET not in str(caught.value)
    assert caught.value.response.status_code == 401


def test_without_credentials_only_what_is_open_can_be_called(service: Service) -> None:
    document = {"request_id": "req_1", "status": "pending", "created_at": "2026-11-01T00:00:00Z"}
    service.will(LOST, ok(**document))
    with Simulacra(BASE, transport=httpx.MockTransport(service)) as api:
        assert api.signup("Acme", "a@acme.example").request_id == "req_1"
        with pytest.raises(client.ConfigurationError, match="SIMIO_CLIENT_SECRET"):
            api.usage()
    assert service.headers("authorization") == [None, None]


def test_all_attempts_of_an_intent_have_one_key_and_another_intent_has_another(
    api: Simulacra, service: Service, tmp_path: Path
) -> None:
    study = tmp_path / "study.csv"
    study.write_bytes(b"a,b\n1,2\n")
    in_flight = problem(409, "simio_idempotency_in_flight", {"retry-after": "0"})
    service.will(
        LOST, UNREACHED, problem(503, "simio_unavailable"), httpx.Response(502), in_flight,
        ok(**dataset()), ok(**dataset()),
    )  # fmt: skip
    api.upload(study, types={"a": "nominal"}, drop=["b"], weight="w", header_rows=1)
    api.upload(study)
    *first, second = service.headers("idempotency-key")
    assert len(first) == 6
    assert len(set(first)) == 1
    assert second not in first
    for request in service.requests[:6]:
        assert b"a,b\n1,2\n" in request.content  # from its beginning, each time
        assert b'name="column_types"\r\n\r\n{"a": "nominal"}' in request.content
        assert b'name="drop_columns"\r\n\r\n["b"]' in request.content
        assert b'name="weight_column"\r\n\r\nw\r\n' in request.content
        assert b'name="header_rows"\r\n\r\n1\r\n' in request.content
    assert b"header_rows" not in service.requests[6].content


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "simio_invalid_field"),
        (402, "simio_quota_exceeded"),
        (403, "simio_forbidden"),
        (404, "simio_dataset_not_found"),
        (409, "simio_idempotency_conflict"),
    ],
)
def test_what_would_be_refused_again_is_not_sent_again(
    api: Simulacra, service: Service, status: int, code: str
) -> None:
    service.will(problem(status, code))
    with pytest.raises(client.ProblemError) as caught:
        api.dataset("ds_1")
    assert caught.value.code == type(caught.value).CODE == code


def test_a_code_that_is_newer_than_the_client(api: Simulacra, service: Service) -> None:
    fault = {"pointer": "/a", "detail": "Wrong.", "code": "simio_new"}
    service.will(problem(418, "simio_new", errors=[fault]))
    with pytest.raises(client.ProblemError, match=r"(?s)simio_new: .*req_1.*/a: Wrong\.") as caught:
        api.dataset("ds_1")
    assert type(caught.value) is client.ProblemError
    assert caught.value.errors[0].detail == "Wrong."


def test_a_job_that_failed_while_its_request_was_held_is_not_sent_again(
    api: Simulacra, service: Service
) -> None:
    service.will(ok(**dataset()), problem(500, "simio_preview_failed", job_id="job_2"))
    study = api.dataset("ds_1")
    with pytest.raises(problems.PreviewFailedError):
        study.preview(5)


@pytest.mark.parametrize(
    "call", [lambda api: api.claim("t"), lambda api: api.create_webhook("u", [])]
)
def test_what_may_not_arrive_twice_is_not_sent_again_once_it_may_have_arrived(
    api: Simulacra, service: Service, call: Callable[[Simulacra], object]
) -> None:
    service.will(UNREACHED, LOST)
    with pytest.raises(client.UnreachableError, match="may have arrived") as caught:
        call(api)
    assert caught.value.may_have_arrived


def test_what_the_first_of_two_attempts_has_deleted_is_deleted(
    api: Simulacra, service: Service
) -> None:
    gone = problem(404, "simio_dataset_not_found")
    service.will(ok(**dataset()), LOST, gone, UNREACHED, gone)
    study = api.dataset("ds_1")
    study.delete()
    with pytest.raises(problems.DatasetNotFoundError):
        study.delete()  # which the attempt that was not sent cannot have deleted


def test_a_body_that_cannot_be_decoded_is_asked_for_again(api: Simulacra, service: Service) -> None:
    service.will(httpx.DecodingError("gzip"), usage())
    assert api.usage().rows_used == 7


def test_a_rotation_whose_claim_did_not_arrive_is_found_again(service: Service) -> None:
    service.will(ok(credential_claim_token="claim"), UNREACHED)
    with Simulacra(
        BASE,
        client_id="a",
        client_secret=SECRET,
        retry_seconds=0,
        transport=httpx.MockTransport(service),
    ) as api:
        with pytest.raises(client.UnreachableError) as caught:
            api.rotate()
        assert api.configuration.client_secret == SECRET
    assert not caught.value.may_have_arrived
    assert caught.value.idempotency_key == service.headers("idempotency-key")[0]


def test_a_claim_that_fails_leaves_the_profile_of_this_name_as_it_was(
    api: Simulacra, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMIO_PROFILES_FILE", str(tmp_path / "profiles.toml"))
    kept = dataclasses.replace(api.configuration, client_id="acme", client_secret="kept")
    client.save_profile("acme", kept)
    service.will(problem(410, "simio_credential_claim_consumed"))
    with pytest.raises(problems.CredentialClaimConsumedError):
        api.claim("used", profile="acme")
    with Simulacra(profile="acme") as again:
        assert again.configuration.client_secret == "kept"
    with pytest.raises(client.ConfigurationError, match="cannot be named so"):
        api.claim("unused", profile="a b")  # before anything is asked for


def test_a_secret_that_cannot_be_saved_is_not_lost(
    api: Simulacra, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMIO_PROFILES_FILE", str(tmp_path / "profiles.toml"))

    def fail(*_: object) -> Path:
        raise OSError("no space")

    monkeypatch.setattr(configuration, "save_profile", fail)
    where = {"token_url": f"{BASE}/oauth/token", "audience": BASE}
    service.will(ok(client_id="client", client_secret="shown-once", **where))
    with pytest.raises(OSError, match="no space"):
        api.claim("claim", profile="acme")
    assert api.configuration.client_secret == "shown-once"


def artifact(url: str, body: bytes) -> httpx.Response:
    digest = hashlib.sha256(body).hexdigest()
    counts = {"row_count": 1, "rows_generated": 1, "size_bytes": len(body)}
    names = {"generation_id": "gen_1", "dataset_id": "ds_1", "job_id": "job_1"}
    links = {"artifact_url": url, "sha256": digest, "output_format": "csv", "status": "ready"}
    return ok(**counts, **names, **links)


def test_a_token_goes_to_the_api_alone(api: Simulacra, service: Service, tmp_path: Path) -> None:
    found = [artifact("https://other.example/delivery?token=t", b"rows") for _ in range(2)]
    elsewhere = httpx.Response(302, headers={"location": "https://bucket.example/rows?X-Sig=1"})
    service.will(*found, elsewhere, httpx.Response(200, stream=httpx.ByteStream(b"rows")))
    api.generation("gen_1").download(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_bytes() == b"rows"
    sent = {str(it.url.host): it.headers.get("authorization") for it in service.requests}
    assert sent == {
        "api.example": "Bearer token-1",
        "other.example": None,
        "bucket.example": None,
    }


def test_a_link_that_has_expired_is_asked_for_again(
    api: Simulacra, service: Service, tmp_path: Path
) -> None:
    path = "/v1/generations/gen_1/artifact"
    refused = problem(403, "simio_artifact_link_invalid")
    old, new = (artifact(f"{path}?token={it}", b"rows") for it in ("old", "new"))
    service.will(old, old, refused, new, httpx.Response(200, stream=httpx.ByteStream(b"rows")))
    api.generation("gen_1").download(tmp_path / "rows.csv")
    asked = [it.url.params["token"] for it in service.requests if it.url.path == path]
    assert asked == ["old", "new"]
    service.will(old, refused, old, refused)
    with pytest.raises(problems.ArtifactLinkInvalidError):
        api._session.download("gen_1", tmp_path / "other.csv", None)


def test_csv_has_no_types_and_rows_that_are_not_there_are_not_read(
    api: Simulacra, service: Service
) -> None:
    found = artifact("/v1/generations/gen_1/artifact", b"rows")
    begun = ok(**(found.json() | {"status": "processing", "artifact_url": None}))
    service.will(found, begun)
    with pytest.raises(ValueError, match="not read with their types"):
        _ = api.generation("gen_1").table
    made = api.generation("gen_1")
    for read in (lambda: made.report, lambda: made.table, lambda: made.rows_generated):
        with pytest.raises(client.NotReadyError, match="gen_1 is processing"):
            read()


def test_a_name_says_the_format_and_gets_a_suffix(
    api: Simulacra, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = artifact("https://other.example/rows", b"rows")
    made = _made(api, service, found)

    def coming() -> None:
        service.will(found, httpx.Response(200, stream=httpx.ByteStream(b"rows")))

    for path, name in [("a.csv", "a.csv"), ("A.CSV", "A.CSV"), ("b", "b.csv"), (".", "gen_1.csv")]:
        coming()
        assert made.download(path).name == name
        assert (tmp_path / name).read_bytes() == b"rows"
    coming()
    made.write("c")
    coming()
    made.write("d.txt", "csv")
    assert {"c.csv", "d.txt"} < {it.name for it in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("name", "form"), [("rows.sav", "sav"), ("rows.ZIP", "triple-s"), ("rows.parquet", "parquet")]
)
def test_rows_in_another_format_are_those_of_a_copy(
    api: Simulacra, service: Service, tmp_path: Path, name: str, form: str
) -> None:
    made = _made(api, service, artifact("/x", b"rows"))
    of_copy = artifact("https://other.example/rows", b"copied")
    copy = of_copy.json() | {"generation_id": "gen_2", "output_format": form, "copy_of": "gen_1"}
    begun = copy | {"status": "processing", "artifact_url": None}

    def coming() -> None:
        service.will(ok(**begun), job("completed"), ok(**copy), ok(**copy))
        service.will(httpx.Response(200, stream=httpx.ByteStream(b"copied")))

    coming()
    assert made.download(tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes() == b"copied"
    asked = [it for it in service.requests if it.url.path.endswith("/gen_1/copies")]
    assert json.loads(asked[0].content) == {"output_format": form, "output_layout": "schema"}
    coming()
    made.write(tmp_path / "other", form)
    assert (tmp_path / "other").read_bytes() == b"copied"
    service.will(ok(**copy))
    found = made.copy(form, values="codes", wait=False)
    assert (found.id, found.copy_of, made.copy_of) == ("gen_2", "gen_1", None)
    assert json.loads(service.requests[-1].content)["output_values"] == "codes"


def test_a_suffix_that_the_service_does_not_know_is_its_answer(
    api: Simulacra, service: Service, tmp_path: Path
) -> None:
    made = _made(api, service, artifact("/x", b"rows"))
    service.will(problem(400, "simio_invalid_field"))
    with pytest.raises(client.ProblemError):
        made.download(tmp_path / "rows.v2")
    assert not [*tmp_path.iterdir()]


def test_without_the_library_the_service_converts_rows(
    api: Simulacra, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = artifact("/x", b"rows").json() | {"output_format": "parquet"}
    made = _made(api, service, ok(**parquet))
    monkeypatch.setattr("simulacra.client.synchronous.generations.find_spec", lambda _: None)
    copy = artifact("https://other.example/rows", b"copied").json() | {"generation_id": "gen_2"}
    service.will(ok(**copy), ok(**copy))
    service.will(httpx.Response(200, stream=httpx.ByteStream(b"copied")))
    made.write(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_bytes() == b"copied"


def _made(api: Simulacra, service: Service, found: httpx.Response) -> client.Generation:
    service.will(found)
    return api.generation("gen_1")


def test_the_key_of_what_got_no_answer_is_in_the_error(service: Service) -> None:
    service.will(ok(**dataset()), LOST)
    with Simulacra(
        BASE,
        client_id="a",
        client_secret=SECRET,
        retry_seconds=0,
        transport=httpx.MockTransport(service),
    ) as api:
        study = api.dataset("ds_1")
        with pytest.raises(client.UnreachableError) as caught:
            study.generate(5)
        assert caught.value.idempotency_key == service.headers("idempotency-key")[-1]
        assert caught.value.may_have_arrived
        begun = {"generation_id": "gen_1", "job_id": "job_1", "status": "processing"}
        service.will(ok(**begun), LOST)
        with pytest.raises(client.UnreachableError) as while_waiting:
            study.generate(5, idempotency_key="mine")
        assert while_waiting.value.idempotency_key == "mine"


def test_what_cannot_be_tabulated_or_compared_is_not_asked_for(
    api: Simulacra, service: Service
) -> None:
    found = artifact("/x", b"rows")
    service.will(found, ok(**(found.json() | {"status": "processing"})), ok(**dataset()))
    made, begun = api.generation("gen_1"), api.generation("gen_1")
    with pytest.raises(ValueError, match="give columns or banner"):
        made.crosstab("a", "b", banner="c")
    for read in (lambda: begun.crosstab("a"), begun.compare):
        with pytest.raises(client.NotReadyError, match="gen_1 is processing"):
            read()
    other = api.dataset("ds_1")
    other.id = "ds_2"
    with pytest.raises(ValueError, match=r"first is a Dataset that .* the dataset ds_1, or"):
        made.compare(other)


def test_a_table_that_takes_long_is_waited_for(api: Simulacra, service: Service) -> None:
    table = {"columns": [], "blocks": [], "level": 0.95, "compared": 0, "unit": "respondents"}
    service.will(
        ok(**dataset()),
        httpx.Response(202, json=job("queued").json()),
        job("completed", 1.0, crosstab=table | {"notes": ["A note."]}),
    )
    assert api.dataset("ds_1").crosstab("a", "b").notes == ("A note.",)
    asked = json.loads(service.requests[1].content)
    assert asked == {"rows": ["a"], "banner": ["b"], "weight": None}


def test_another_server_is_told_from_the_api(api: Simulacra, service: Service) -> None:
    service.will(httpx.Response(404, text="<html>"), httpx.Response(200, text="<html>"))
    with pytest.raises(client.UnexpectedAnswerError, match="answered 404"):
        api.usage()
    with pytest.raises(client.UnexpectedAnswerError, match="without a JSON object"):
        api.usage()


def test_a_job_is_waited_for_and_shown(api: Simulacra, service: Service, tmp_path: Path) -> None:
    (tmp_path / "study.csv").write_bytes(b"a\n1\n")
    service.will(
        httpx.Response(202, json=dataset("processing")),
        job("queued", 0.0),
        LOST,
        job("processing", 0.5),
        job("completed", 1.0),
        ok(**dataset()),
    )
    told: list[Progress] = []
    study = api.upload(tmp_path / "study.csv", progress=told.append)
    assert study.status == "ready"
    assert [it.fraction for it in told if it.stage == "fitting"] == [0.0, 0.5, 1.0]
    assert told[0].stage == "uploading"
    assert dict(service.requests[1].url.params) == {"wait_seconds": "2"}


def test_who_shows_nothing_is_held_longer(api: Simulacra, service: Service) -> None:
    service.will(job("processing"), job("completed"))
    assert api.job("job_1").wait(progress=False).status == "completed"
    assert dict(service.requests[1].url.params) == {"wait_seconds": "20"}


def test_the_failure_of_a_job_is_the_exception_of_its_code(
    api: Simulacra, service: Service
) -> None:
    error = problem(500, "simio_training_failed").json()
    service.will(job("processing"), job("failed", error=error), job("cancelled"))
    waiting = api.job("job_1")
    with pytest.raises(problems.TrainingFailedError) as caught:
        waiting.wait()
    assert caught.value.response.json()["status"] == "failed"
    with pytest.raises(client.JobEndedError, match="cancelled"):
        waiting.wait()


def test_a_job_that_ended_in_a_way_that_is_newer_than_the_client_is_not_waited_for(
    api: Simulacra, service: Service
) -> None:
    service.will(job("thinking"), job("processing"), job("archived", ended_at="2026-11-01T00:00Z"))
    with pytest.raises(client.JobEndedError, match="archived"):
        api.job("job_1").wait()


def test_who_waits_no_longer_than_this_puts_up_with_failures_no_longer(service: Service) -> None:
    allowed: list[float] = []

    def impatience(seconds: float) -> Patience:
        allowed.append(seconds)
        return Patience(0)

    service.will(ok(job_id="job_1", operation="createDataset"), UNREACHED)
    with Simulacra(
        BASE,
        client_id="a",
        client_secret=SECRET,
        transport=httpx.MockTransport(service),
        new_patience=impatience,
    ) as api:
        waiting = api.job("job_1")
        assert allowed[-1] == 120
        with pytest.raises(client.UnreachableError):
            waiting.wait(2)
    assert 0 <= allowed[-1] <= 2


def test_one_client_serves_many_threads_with_one_token(service: Service) -> None:
    service.will(*(usage() for _ in range(40)))
    with (
        Simulacra(
            BASE, client_id="a", client_secret=SECRET, transport=httpx.MockTransport(service)
        ) as api,
        futures.ThreadPoolExecutor(8) as pool,
    ):
        found = [*pool.map(lambda _: api.usage(), range(40))]
    assert found == [found[0]] * 40
    assert service.minted == 1
    assert set(service.headers("authorization")) == {"Bearer token-1"}


def test_waiting_ends_while_the_job_goes_on(api: Simulacra, service: Service) -> None:
    service.will(job("processing"), job("processing"))
    with pytest.raises(client.WaitingError, match=r"api\.job") as caught:
        api.job("job_1").wait(0)
    assert caught.value.job_id == "job_1"
    service.will(ok(**dataset("processing")), job("processing"))
    with pytest.raises(client.WaitingError, match=r"with api\.dataset\('ds_1'\)\.wait\(\)"):
        api.dataset("ds_1").wait(0)


@pytest.mark.parametrize(("typed", "is_cancelled"), [("y\n", True), ("\n", False)])
def test_who_interrupts_is_asked_whether_the_job_is_to_end(
    service: Service, monkeypatch: pytest.MonkeyPatch, typed: str, *, is_cancelled: bool
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        if request.url.params.get("wait_seconds"):
            raise KeyboardInterrupt
        return service(request)

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", Terminal())
    service.will(job("processing"), *([job("cancelled")] if is_cancelled else []))
    with Simulacra(
        BASE, client_id="a", client_secret=SECRET, transport=httpx.MockTransport(answer)
    ) as api:
        waiting = api.job("job_1")
        with pytest.raises(KeyboardInterrupt) as caught:
            waiting.wait(progress=False)
    told = [] if is_cancelled else ["The job job_1 goes on: api.job('job_1').cancel() ends it."]
    assert getattr(caught.value, "__notes__", []) == told
    assert ("/v1/jobs/job_1/cancel" in asked) is is_cancelled


def test_lists_are_read_page_by_page(api: Simulacra, service: Service) -> None:
    first, second = dataset(), dataset() | {"dataset_id": "ds_2"}
    service.will(ok(datasets=[first], next_after="ds_1"), ok(datasets=[second]))
    assert [it.id for it in api.datasets()] == ["ds_1", "ds_2"]
    assert [dict(it.url.params) for it in service.requests] == [{}, {"after": "ds_1"}]


def test_any_operation_can_be_called(api: Simulacra, service: Service) -> None:
    service.will(problem(503, "simio_unavailable"), ok(steps=[]))
    assert api.call("GET", "/v1/custody").json() == {"steps": []}


def test_no_secret_is_in_a_log_or_a_text(
    api: Simulacra, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.will(LOST, problem(503, "simio_unavailable"), usage())
    api.usage()
    assert "GET /v1/usage: no answer (ReadError); again in" in caplog.text
    assert "answered 503" in caplog.text
    assert SECRET not in caplog.text + repr(api.configuration)
    assert "token-1" not in caplog.text
