"""Messages of webhooks are told from those of others."""

import datetime as dt
import json

import pytest

from simulacra.client import SignatureError, verify
from simulacra.service.webhooks import signing

AT = dt.datetime(2026, 11, 27, 9, 0, tzinfo=dt.UTC)
BODY = json.dumps({"type": "generation.ready"})
OLD, NEW = signing.new_secret(), signing.new_secret()


def signed(*secrets: str) -> dict[str, str]:
    """Return the headers that the service sends."""
    return {name.title(): it for name, it in signing.headers(secrets, "evt_1", AT, BODY)}


@pytest.mark.parametrize("secret", [OLD, NEW], ids=["old", "new"])
def test_while_a_secret_is_replaced_either_verifies(secret: str) -> None:
    event = verify(secret, signed(OLD, NEW), BODY.encode(), now=AT.timestamp() + 60)
    assert event == {"type": "generation.ready"}


def test_what_was_changed_or_is_by_another_secret_is_refused() -> None:
    with pytest.raises(SignatureError, match="No signature"):
        verify(NEW, signed(OLD), BODY.encode(), now=AT.timestamp())
    with pytest.raises(SignatureError, match="No signature"):
        verify(OLD, signed(OLD), BODY.encode() + b" ", now=AT.timestamp())
    for name in ("Webhook-Id", "Webhook-Timestamp"):
        with pytest.raises(SignatureError, match="No signature"):
            verify(OLD, signed(OLD) | {name: "1"}, BODY.encode(), now=AT.timestamp())


@pytest.mark.parametrize("seconds", [-400, 400])
def test_what_is_too_old_or_too_early_is_refused(seconds: int) -> None:
    with pytest.raises(SignatureError, match="400 seconds off"):
        verify(OLD, signed(OLD), BODY.encode(), now=AT.timestamp() + seconds)


@pytest.mark.parametrize("name", ["Webhook-Id", "Webhook-Timestamp", "Webhook-Signature"])
def test_a_header_that_is_missing_is_named(name: str) -> None:
    headers = signed(OLD)
    del headers[name]
    with pytest.raises(SignatureError, match=name.lower()):
        verify(OLD, headers, BODY.encode())


def test_a_time_that_is_none_and_a_secret_that_is_none() -> None:
    with pytest.raises(SignatureError, match="no number"):
        verify(OLD, signed(OLD) | {"Webhook-Timestamp": "-1"}, BODY.encode())
    with pytest.raises(ValueError, match="whsec_"):
        verify("whsec_?", signed(OLD), BODY.encode(), now=AT.timestamp())
