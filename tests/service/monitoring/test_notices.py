"""Notices arrive at a real web server and a real mail server of this machine."""

import asyncio
import email.message
import json
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from simulacra.service.monitoring import notices
from simulacra.service.monitoring.alerts import Alert, Severity
from tests.acceptance import harness
from tests.service.monitoring.receiver import receiving

ALERT = Alert("disk/data", Severity.CRITICAL, "The disk is full: nearly, at least.")
HERE = "https://simulacra.example"
HOOK = "/hook/secret"


def test_a_webhook_gets_a_text() -> None:
    with receiving() as (address, posted):
        asyncio.run(notices.Webhook(f"{address}{HOOK}", HERE).send(ALERT))
    ((path, sent),) = posted
    assert path == HOOK
    body = json.loads(sent)
    assert body["text"] == f"{HERE} [critical] The disk is full: nearly, at least."
    assert (body["alert"], body["severity"]) == ("disk/data", "critical")


def test_a_webhook_that_refuses_is_a_fault_without_its_address() -> None:
    with receiving(403) as (address, _), pytest.raises(notices.DeliveryError) as refused:
        asyncio.run(notices.Webhook(f"{address}{HOOK}", HERE).send(ALERT))
    assert str(refused.value) == "the webhook answered 403"
    nobody = f"http://127.0.0.1:{harness.free_port()}{HOOK}"
    with pytest.raises(notices.DeliveryError) as unreachable:
        asyncio.run(notices.Webhook(nobody, HERE).send(ALERT))
    assert "secret" not in str(unreachable.value)


class Inbox(Message):
    def __init__(self) -> None:
        super().__init__()
        self.mails: list[email.message.Message] = []

    def handle_message(self, message: email.message.Message) -> None:
        self.mails.append(message)


def mail(port: int, **changes: object) -> notices.Mail:
    fields: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "login": None,
        "sender": "simulacra@acme.example",
        "recipients": ("ops@acme.example", "night@acme.example"),
        "installation": HERE,
    }
    return notices.Mail(**{**fields, **changes})


def test_a_mail_says_it_in_subject_and_text() -> None:
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=harness.free_port())
    server.start()
    try:
        asyncio.run(mail(server.port).send(ALERT))
    finally:
        server.stop()
    (message,) = inbox.mails
    assert message["subject"] == "[Simulacra critical] disk/data"
    assert message["to"] == "ops@acme.example, night@acme.example"
    text = message.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert text.decode().splitlines() == ["The disk is full: nearly, at least.", "", HERE]


def test_a_mail_server_without_the_encryption_that_is_asked_for_gets_nothing() -> None:
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=harness.free_port())
    server.start()
    try:
        with pytest.raises(notices.DeliveryError):
            asyncio.run(mail(server.port, security="starttls").send(ALERT))
    finally:
        server.stop()
    assert inbox.mails == []
    with pytest.raises(notices.DeliveryError, match="ConnectionRefusedError"):
        asyncio.run(mail(harness.free_port()).send(ALERT))
