"""What secrets sign, their holders can verify."""

import base64
import datetime as dt
import hashlib
import hmac

import hypothesis
import pytest
from hypothesis import strategies as st

from simulacra.service import keys
from simulacra.service.database import tables
from simulacra.service.webhooks import signing
from tests.service.webhooks.receiver import Message


def message(secrets: list[str], body: str, message_id: str = "msg_1") -> Message:
    signed = signing.headers(secrets, message_id, dt.datetime.now(dt.UTC), body)
    return Message("/", dict(signed), body.encode())


@hypothesis.given(body=st.text(st.characters(exclude_categories=["Cs"])), number=st.integers(1, 4))
def test_whoever_has_one_of_the_secrets_can_verify(body: str, number: int) -> None:
    secrets = [signing.new_secret() for _ in range(number)]
    sent = message(secrets, body or "{}")
    signature = sent.headers["webhook-signature"].split(" ")
    assert len(signature) == number
    for secret, word in zip(secrets, signature, strict=True):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"msg_1.{sent.headers['webhook-timestamp']}.{body or '{}'}".encode()
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert word == f"v1,{expected}"


@pytest.mark.parametrize("changed", ["body", "id", "timestamp", "secret"])
def test_what_was_changed_is_not_verified(changed: str) -> None:
    secret = signing.new_secret()
    sent = message([secret], '{"type":"job.completed"}')
    assert sent.is_signed_by(secret)
    match changed:
        case "body":
            sent.body += b" "
        case "id":
            sent.headers["webhook-id"] = "msg_2"
        case "timestamp":
            later = int(sent.headers["webhook-timestamp"]) + 1
            sent.headers["webhook-timestamp"] = str(later)
        case "secret":
            secret = signing.new_secret()
    assert not sent.is_signed_by(secret)


def test_a_secret_has_the_form_that_libraries_take() -> None:
    secret = signing.new_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32


def test_a_sealed_secret_opens_in_its_own_row_alone() -> None:
    sealer, secret = keys.Keyring.generate().sealer, signing.new_secret()
    sealed = signing.seal(sealer, "whs_1", secret)
    assert secret.encode() not in sealed
    row = tables.WebhookSecret(id="whs_1", sealed_secret=sealed)
    assert signing.unseal(sealer, row) == secret
    row.id = "whs_2"
    with pytest.raises(keys.OtherKeyError):
        signing.unseal(sealer, row)
