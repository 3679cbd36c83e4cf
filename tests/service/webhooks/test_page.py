"""What the page on webhooks says is true."""

import datetime as dt
import http.client
import http.server
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from simulacra.service import documentation, policy
from simulacra.service.database.statuses import DisabledReason
from simulacra.service.webhooks import delivery, events, schedule, schemas, service, signing, upkeep

TEXTS = Path(documentation.__file__).parent / "texts"
PAGE = (TEXTS / "webhooks.md").read_text()


def test_the_receiver_of_the_page_takes_what_is_signed_once_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    secret = signing.new_secret()
    monkeypatch.setenv("SIMULACRA_WEBHOOK_SECRET", secret)
    defined: dict[str, Any] = {}
    exec(compile(program, "webhooks.md", "exec"), defined)  # noqa: S102 - the page is ours
    defined["Receiver"].log_message = lambda *_: None
    server = http.server.HTTPServer(("127.0.0.1", 0), defined["Receiver"])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()

    def post(body: str, signed_by: str, sent: str | None = None) -> int:
        headers = dict(signing.headers([signed_by], "msg_1", dt.datetime.now(dt.UTC), body))
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
        try:
            connection.request("POST", "/", (sent or body).encode(), headers)
            return connection.getresponse().status
        finally:
            connection.close()

    body = '{"type":"job.completed","data":{"job_id":"job_1"}}'
    try:
        assert post(body, signing.new_secret()) == 400
        assert post(body, secret, body.replace("job_1", "job_2")) == 400
        assert post(body, secret) == 204
        assert post(body, secret) == 204
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert capsys.readouterr().out == "job.completed job_1\n"


def test_every_event_and_every_reason_is_on_the_page() -> None:
    listed = set(re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", PAGE, re.MULTILINE))
    assert listed == {*events.EventType, events.TEST}
    assert [reason for reason in DisabledReason if f"`{reason}`" not in PAGE] == []


def test_the_figures_of_the_page_are_those_of_the_code() -> None:
    assert dt.timedelta(hours=2) == events.EXPIRY_NOTICE
    assert schedule.MAX_ATTEMPTS == 12
    assert dt.timedelta(days=5) == schedule.PATIENCE
    assert (upkeep.MAX_WAITING, service.MAX_WEBHOOKS, service.MAX_SECRETS) == (10_000, 10, 4)
    assert (schemas.DEFAULT_OVERLAP_HOURS, schemas.MAX_OVERLAP_HOURS) == (24, 168)
    assert dt.timedelta(days=7) == policy.DELIVERY_HISTORY
    assert delivery.AT_ONCE_PER_TENANT == 4
