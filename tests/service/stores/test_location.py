"""What is accepted as the place of a customer's data."""

import pydantic
import pytest

from simulacra.service.stores import wrapping
from simulacra.service.stores.location import Location

KEY = "aws-kms://arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = "s3://acme-research/simulacra"


def test_a_bucket_has_a_name_and_a_prefix() -> None:
    location = Location(bucket=f"{BUCKET}/wave-3/", key=KEY)
    assert (location.bucket_name, location.prefix) == ("acme-research", "simulacra/wave-3")
    assert Location(bucket="s3://acme-research", key=KEY).prefix == ""


@pytest.mark.parametrize(
    "bucket",
    ["acme-research", "s3://", "s3://a", "s3://acme/../other", "s3://a b/c"],
)
def test_what_is_no_bucket_is_refused(bucket: str) -> None:
    with pytest.raises(pydantic.ValidationError, match="s3://bucket/prefix"):
        Location(bucket=bucket, key=KEY)


@pytest.mark.parametrize("endpoint", ["https://s3.example.com", "http://127.0.0.1:9000/"])
def test_secrets_travel_encrypted_or_stay_on_the_machine(endpoint: str) -> None:
    assert Location(bucket=BUCKET, key=KEY, kms_endpoint=endpoint).kms_endpoint
    for name in ("s3_endpoint", "kms_endpoint", "sts_endpoint"):
        with pytest.raises(pydantic.ValidationError, match="https"):
            Location.model_validate({"bucket": BUCKET, "key": KEY, name: "http://10.0.0.8:9000"})


@pytest.mark.parametrize(
    "endpoint", ["s3.example.com", "https://u:p@x", "https://x/path", "ftp://x"]
)
def test_what_is_no_address_is_refused(endpoint: str) -> None:
    with pytest.raises(pydantic.ValidationError):
        Location(bucket=BUCKET, key=KEY, s3_endpoint=endpoint)


def test_an_external_id_belongs_to_a_role() -> None:
    with pytest.raises(pydantic.ValidationError, match="role"):
        Location(bucket=BUCKET, key=KEY, external_id="of-acme")
    with pytest.raises(pydantic.ValidationError):
        Location(bucket=BUCKET, key=KEY, role="arn:aws:iam::1:user/x")


@pytest.mark.parametrize(
    "key",
    [
        "gcp-kms://projects/x",
        "aws-kms://alias/x",
        "arn:aws:kms:eu-central-1:111122223333:key/1234",
        "file://host/etc/key",
        "file:relative",
    ],
)
def test_a_key_that_no_service_has_is_refused_and_one_that_would_do_is_named(key: str) -> None:
    with pytest.raises(ValueError, match=r"^key: give .*://"):
        wrapping.check(Location(bucket=BUCKET, key=key))


@pytest.mark.parametrize("key", [KEY, "file:///etc/keys/acme.key"])
def test_every_kind_of_key_is_accepted_without_asking_for_it(key: str) -> None:
    wrapping.check(Location(bucket=BUCKET, key=key))
