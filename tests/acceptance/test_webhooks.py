"""Webhooks of a real server: its own API and worker, and receivers of this machine."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from simulacra.client import SignatureError, Simulacra
from tests.acceptance import harness, secrecy
from tests.service.webhooks import receiver
from tests.service.webhooks.receiver import Message, Receiver

ALL = ["job.completed", "job.failed", "job.cancelled", "job.expired", "dataset.expiring"]
SECONDS = 90
TOO_SMALL = b"a,b\n1,2\n"
CELL = "Zanzibar-4711"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def own(
    tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA
) -> Iterator[harness.ServerProcess]:
    """A server that may reach receivers of this machine, and trusts their authority."""
    folder = tmp_path_factory.mktemp("webhooks")
    folder.mkdir(exist_ok=True)
    trusted = folder / "receivers.pem"
    authority.cert_pem.write_to_path(str(trusted))
    with harness.running_server(
        folder,
        SIMULACRA_WEBHOOK_NETWORKS="127.0.0.0/8, ::1/128",
        SSL_CERT_FILE=str(trusted),
        **harness.UNHURRIED,
    ) as it:
        yield it
        assert secrecy.leaks(it, it.secrets) == []


@pytest.fixture
def acme(own: harness.ServerProcess) -> Iterator[harness.ApiClient]:
    """A client of a new tenant."""
    with contextlib.closing(own.client(own.create_tenant())) as client:
        yield client


def make(api: harness.ApiClient, url: str, events: list[str] = ALL) -> tuple[str, str]:
    """Make a webhook and return its path and its secret."""
    answer = api.post("/v1/webhooks", json={"url": url, "events": events}).raise_for_status()
    document = answer.json()
    api.server.secrets.add(document["secret"])
    return f"/v1/webhooks/{document['webhook_id']}", document["secret"]


def until(seen: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is seen
    """Return what is seen, once there is something."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := seen():
            return found
        time.sleep(0.05)
    raise AssertionError("nothing came")


def arrived(it: Receiver, number: int = 1) -> list[Message]:
    until(lambda: len(it.messages) >= number)
    return it.messages


def body(message: Message) -> dict[str, Any]:
    document: dict[str, Any] = httpx.Response(200, content=message.body).json()
    return document


def test_a_completed_job_is_told_of_once_with_a_signature(
    acme: harness.ApiClient, authority: trustme.CA, study_csv: bytes
) -> None:
    with receiver.receiving(authority, "localhost") as it:
        path, secret = make(acme, it.url("localhost", "/hook?for=acme"))
        started = acme.upload(study_csv, display_name=CELL).json()
        (message,) = arrived(it)
        assert message.path == "/hook?for=acme"
        assert message.is_signed_by(secret)
        assert not message.is_signed_by("whsec_" + "A" * 43 + "=")
        told = body(message)
        assert told["type"] == "job.completed"
        job = acme.get(told["data"]["links"]["job"]).raise_for_status().json()
        assert job["job_id"] == started["job_id"] == told["data"]["job_id"]
        assert job["status"] == told["data"]["status"] == "completed"
        dataset = acme.get(told["data"]["links"]["dataset"]).raise_for_status().json()
        assert dataset["status"] == "ready"

        made = acme.generate(dataset["dataset_id"], row_count=50).json()
        second = arrived(it, 2)[1]
        assert body(second)["data"]["generation_id"] == made["generation_id"]
        rows = acme.get(body(second)["data"]["links"]["generation"]).json()
        assert rows["artifact_url"].encode() not in second.body
        for name in (CELL, "segment", "Premium", acme.headers["Authorization"], "artifact"):
            assert name.encode() not in message.body + second.body

        deliveries = until(lambda: _ended(acme, path, 2))
        assert [(each["status"], each["attempts"]) for each in deliveries] == [("delivered", 1)] * 2
        assert [each["delivery_id"] for each in deliveries] == [second.id, message.id]
        assert len(it.messages) == 2


def _ended(api: harness.ApiClient, path: str, number: int) -> list[dict[str, Any]]:
    """Return the deliveries if so many have ended."""
    page = api.get(f"{path}/deliveries").raise_for_status().json()["deliveries"]
    is_over = [each["status"] != "waiting" for each in page]
    return page if is_over.count(True) == number else []


def test_a_failed_and_a_cancelled_job_are_told_of(
    acme: harness.ApiClient, authority: trustme.CA, study_csv: bytes
) -> None:
    with receiver.receiving(authority, "localhost") as it:
        make(acme, it.url("localhost"), ["job.failed", "job.cancelled"])
        failed = acme.upload(TOO_SMALL).json()
        (message,) = arrived(it)
        data = body(message)["data"]
        assert (data["job_id"], data["code"]) == (failed["job_id"], "simio_upload_invalid")
        started = acme.upload(study_csv).json()
        cancelled = acme.post(f"/v1/jobs/{started['job_id']}/cancel").json()
        if cancelled["status"] == "cancelled":  # unless it was faster
            told = body(arrived(it, 2)[1])
            assert (told["type"], told["data"]["job_id"]) == ("job.cancelled", started["job_id"])


def test_a_receiver_that_was_down_gets_the_event_when_it_is_up(
    acme: harness.ApiClient, authority: trustme.CA
) -> None:
    with receiver.receiving(authority, "localhost") as it:
        path, secret = make(acme, it.url("localhost"))
        it.answer = receiver.answering(503)
        delivery = acme.post(f"{path}/test").raise_for_status().json()
        arrived(it)
        waiting = until(lambda: acme.get(f"{path}/deliveries?status=waiting").json()["deliveries"])
        assert waiting[0]["delivery_id"] == delivery["delivery_id"]
        it.answer = receiver.answering(200)
        (ended,) = until(lambda: _ended(acme, path, 1))
        assert (ended["status"], ended["response_status"]) == ("delivered", 200)
        assert ended["attempts"] == len(it.messages) >= 2
        assert {message.id for message in it.messages} == {delivery["delivery_id"]}
        assert it.messages[-1].is_signed_by(secret)


def test_after_a_rotation_both_secrets_verify(
    acme: harness.ApiClient, authority: trustme.CA
) -> None:
    with receiver.receiving(authority, "localhost") as it:
        path, old = make(acme, it.url("localhost"))
        rotated = acme.post(f"{path}/secret-rotations", json={}).raise_for_status().json()
        acme.server.secrets.add(rotated["secret"])
        acme.post(f"{path}/test").raise_for_status()
        (message,) = arrived(it)
        assert message.is_signed_by(old)
        assert message.is_signed_by(rotated["secret"])


def test_a_worker_that_is_killed_loses_no_event(
    own: harness.ServerProcess, acme: harness.ApiClient, authority: trustme.CA
) -> None:
    with receiver.receiving(authority, "localhost") as it:
        path, secret = make(acme, it.url("localhost"))
        own.named("simulacra", "worker").kill()
        delivery = acme.post(f"{path}/test").raise_for_status().json()
        assert arrived(it)[0].id == delivery["delivery_id"]
        assert it.messages[0].is_signed_by(secret)


def test_only_the_tenant_of_a_job_is_told_of_it(
    own: harness.ServerProcess, acme: harness.ApiClient, authority: trustme.CA
) -> None:
    with (
        contextlib.closing(own.client(own.create_tenant("Other"))) as other,
        receiver.receiving(authority, "localhost") as ours,
        receiver.receiving(authority, "localhost") as theirs,
    ):
        make(acme, ours.url("localhost"))
        path, _ = make(other, theirs.url("localhost"))
        acme.upload(TOO_SMALL)
        arrived(ours)
        other.post(f"{path}/test").raise_for_status()
        (message,) = arrived(theirs)
        assert body(message)["type"] == "webhook.test"


def test_a_receiver_without_the_right_certificate_gets_nothing(
    acme: harness.ApiClient,
) -> None:
    with receiver.receiving(trustme.CA(), "localhost") as it:
        path, _ = make(acme, it.url("localhost"))
        acme.post(f"{path}/test").raise_for_status()

        def failed() -> Any:  # noqa: ANN401
            (delivery,) = acme.get(f"{path}/deliveries").json()["deliveries"]
            return delivery.get("failure")

        assert until(failed) == "tls"
        assert it.messages == []


def test_without_the_setting_nothing_of_this_machine_is_reached(api: harness.ApiClient) -> None:
    for url in ("http://127.0.0.1:9/x", "https://127.0.0.1/x", "https://localhost/x"):
        refused = api.post("/v1/webhooks", json={"url": url, "events": ALL})
        assert refused.status_code == 400, url


def test_a_server_that_stops_ends_its_deliveries(tmp_path: Path) -> None:
    with (
        harness.running_server(
            tmp_path / "server", SIMULACRA_WEBHOOK_NETWORKS="127.0.0.0/8", **harness.UNHURRIED
        ) as server,
        contextlib.closing(server.client(server.create_tenant())) as client,
        receiver.receiving() as it,
    ):
        it.answer = lambda _: time.sleep(3)
        path, _ = make(client, it.url())
        client.post(f"{path}/test").raise_for_status()
        arrived(it)
        assert server.stop() == 0


def test_webhooks_as_the_page_of_the_client_has_them(
    own: harness.ServerProcess, authority: trustme.CA
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "client.md").read_text()
    section = page.partition("## Have events posted")[2].partition("\n## ")[0]
    block, receiving = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    made = own.create_tenant()
    names: dict[str, Any] = {}
    with (
        receiver.receiving(authority, "localhost") as it,
        Simulacra(
            own.url,
            client_id=made["client_id"],
            client_secret=made["client_secret"],
            ca_file=str(own.data_dir / "ca.pem"),
        ) as api,
    ):
        before, test, after = block.partition("hook.test()")
        address = it.url("localhost")
        names["api"] = api
        exec(before.replace("https://hooks.acme.example/simulacra", address), names)  # noqa: S102 - it is our own page
        exec(receiving, names)  # noqa: S102 - likewise
        exec(test, names)  # noqa: S102 - likewise
        (message,) = arrived(it)
        first = names["secret"]
        assert names["receive"](message.headers, message.body) == "webhook.test"
        with pytest.raises(SignatureError):
            names["receive"](message.headers, message.body + b" ")
        exec(after.removeprefix("  # has an event posted\n"), names)  # noqa: S102 - likewise
        assert names["delivery"].event == "webhook.test"
        assert names["each"].events == ("job.completed",)
        assert names["each"].disabled_reason == "requested"
        assert names["secret"] != first
        assert [*api.webhooks()] == []
        own.secrets |= {first, names["secret"], made["client_secret"]}
