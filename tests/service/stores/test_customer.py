"""Customers' stores on a cloud that enforces its policies, and on the S3 server of the suite."""

import asyncio
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulacra.service import errors, keys, storage
from simulacra.service.stores import customer
from simulacra.service.stores.location import Credentials, Location
from simulacra.service.stores.store import Store
from tests.service.stores import cloud

KEY = storage.ObjectKey.generate()
CONTENT = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def their(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cloud.Cloud]:
    with cloud.running(tmp_path_factory.mktemp("cloud")) as it:
        yield it


@pytest.fixture(autouse=True)
def _elsewhere(their: cloud.Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation's own variables, which must not lead a customer's requests astray."""
    their.allow(*cloud.EVERYTHING)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-the-installation")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "installation")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "installation-secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def place(their: cloud.Cloud, **changes: str) -> Location:
    found = {
        "bucket": f"s3://{cloud.BUCKET}/of/acme",
        "region": cloud.REGION,
        "key": f"aws-kms://{their.key_arn}",
        "s3_endpoint": their.url,
        "kms_endpoint": their.url,
        "sts_endpoint": their.url,
    }
    return Location.model_validate(found | changes)


def with_access_key(their: cloud.Cloud, **changes: str) -> Store:
    secret = {"access_key_id": their.access_key_id, "secret_access_key": their.secret_access_key}
    return customer.connect("sto_1", place(their, **changes), Credentials.model_validate(secret))


@pytest.fixture
def as_role(their: cloud.Cloud, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The service acts in a role, with an identity of its own that may do nothing else."""
    their.allow_the_role_alone(*cloud.EVERYTHING)
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", their.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", their.secret_access_key)
    location = place(their, role=their.role_arn, external_id=cloud.EXTERNAL_ID)
    return customer.connect("sto_2", location, None)


@pytest.fixture(params=["access key", "role"])
def store(request: pytest.FixtureRequest, their: cloud.Cloud) -> Store:
    if request.param == "role":
        found: Store = request.getfixturevalue("as_role")
        return found
    return with_access_key(their)


def wrapped_by(store: Store, owner_id: str = "gen_1") -> bytes:
    return asyncio.run(store.wrap(KEY, owner_id))


def unwrapped_by(store: Store, wrapped: bytes, owner_id: str = "gen_1") -> storage.ObjectKey:
    return asyncio.run(store.unwrap(wrapped, owner_id))


def test_objects_lie_encrypted_below_the_prefix(store: Store, their: cloud.Cloud) -> None:
    store.objects.write("generations/gen_1/a", io.BytesIO(CONTENT), KEY)
    found = their.objects()["of/acme/generations/gen_1/a"]
    assert CONTENT[:64] not in found
    key = unwrapped_by(store, wrapped_by(store))
    assert b"".join(store.objects.chunks("generations/gen_1/a", key, 5, 99)) == CONTENT[5:99]
    store.objects.delete("generations/gen_1/a")
    assert their.objects() == {}


def test_a_check_leaves_nothing_behind(store: Store, their: cloud.Cloud) -> None:
    store.check()
    assert their.objects() == {}


def test_a_wrapped_key_is_bound_to_its_owner(store: Store) -> None:
    wrapped = wrapped_by(store)
    assert KEY.to_bytes() not in wrapped
    assert unwrapped_by(store, wrapped).to_bytes() == KEY.to_bytes()
    with pytest.raises(errors.CustomerKeyError) as raised:
        unwrapped_by(store, wrapped, "gen_2")
    assert raised.value.is_refusal


def test_a_key_that_is_taken_away_opens_nothing_from_that_moment(
    store: Store, their: cloud.Cloud
) -> None:
    wrapped = wrapped_by(store)
    assert unwrapped_by(store, wrapped).to_bytes() == KEY.to_bytes()
    their.allow("s3:*")
    for _ in range(2):
        with pytest.raises(errors.CustomerKeyError) as raised:
            unwrapped_by(store, wrapped)
        assert raised.value.is_refusal
        assert raised.value.code == "simio_customer_key_unavailable"
    with pytest.raises(errors.CustomerKeyError):
        store.check()
    their.allow(*cloud.EVERYTHING)
    assert unwrapped_by(store, wrapped).to_bytes() == KEY.to_bytes()


@pytest.mark.parametrize(
    "use",
    [
        lambda it: it.write("b", io.BytesIO(b"x"), KEY),
        lambda it: b"".join(it.chunks("a", KEY, 0, 1)),
        lambda it: it.delete("a"),
    ],
    ids=["write", "read", "delete"],
)
def test_a_bucket_that_refuses_is_told_as_such(
    store: Store, their: cloud.Cloud, use: Callable[[storage.Storage], object]
) -> None:
    store.objects.write("a", io.BytesIO(b"x"), KEY)
    their.allow("kms:Decrypt")
    with pytest.raises(errors.CustomerStorageError) as raised:
        use(store.objects)
    assert raised.value.is_refusal
    assert raised.value.code == "simio_customer_storage_unavailable"
    assert their.access_key_id not in raised.value.detail + str(raised.value)


def test_what_the_customer_removed_is_their_storages_fault_and_not_a_lost_object(
    store: Store,
) -> None:
    with pytest.raises(errors.CustomerStorageError) as raised:
        b"".join(store.objects.chunks("never/there", KEY, 0, 1))
    assert raised.value.is_refusal
    store.objects.delete("never/there")


def test_a_bucket_that_is_gone_is_told_as_such(their: cloud.Cloud) -> None:
    store = with_access_key(their)
    their.remove_bucket()
    try:
        with pytest.raises(errors.CustomerStorageError) as raised:
            store.objects.write("a", io.BytesIO(b"x"), KEY)
        assert raised.value.is_refusal
        store.objects.delete("a")  # which is not there any more
    finally:
        their.make_bucket()


def test_what_does_not_answer_is_no_refusal(their: cloud.Cloud) -> None:
    nobody = "http://127.0.0.1:9"
    store = with_access_key(their, s3_endpoint=nobody, kms_endpoint=nobody)
    with pytest.raises(errors.CustomerStorageError) as bucket:
        store.objects.write("a", io.BytesIO(b"x"), KEY)
    with pytest.raises(errors.CustomerKeyError) as key:
        wrapped_by(store)
    assert not bucket.value.is_refusal
    assert not key.value.is_refusal


def test_a_role_whose_service_does_not_answer_is_no_refusal(
    their: cloud.Cloud, as_role: Store
) -> None:
    location = place(their, role=their.role_arn, sts_endpoint="http://127.0.0.1:9")
    store = customer.connect("sto_3", location, None)
    with pytest.raises(errors.CustomerStorageError) as raised:
        store.objects.write("a", io.BytesIO(b"x"), KEY)
    assert not raised.value.is_refusal
    as_role.check()


@pytest.mark.usefixtures("as_role")
def test_a_role_that_may_not_be_assumed_is_a_refusal(their: cloud.Cloud) -> None:
    location = place(their, role="arn:aws:iam::123456789012:role/nobodys", region=cloud.REGION)
    their.allow_nothing()
    store = customer.connect("sto_4", location, None)
    with pytest.raises(errors.CustomerStorageError) as raised:
        store.objects.write("a", io.BytesIO(b"x"), KEY)
    assert raised.value.is_refusal
    with pytest.raises(errors.CustomerKeyError) as refused:
        wrapped_by(store)
    assert refused.value.is_refusal


def test_without_any_credentials_it_says_so(
    their: cloud.Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    store = customer.connect("sto_5", place(their), None)
    with pytest.raises(errors.CustomerStorageError) as raised:
        store.objects.write("a", io.BytesIO(b"x"), KEY)
    assert raised.value.is_refusal
    with pytest.raises(errors.CustomerKeyError, match="NoCredentials"):
        wrapped_by(store)


def test_a_key_file_is_read_for_every_use(their: cloud.Cloud, tmp_path: Path) -> None:
    file = tmp_path / "acme key"
    keys.make_master_key(file)
    store = with_access_key(their, key=file.as_uri())
    store.check()
    wrapped = wrapped_by(store)
    file.rename(tmp_path / "aside")
    with pytest.raises(errors.CustomerKeyError) as raised:
        unwrapped_by(store, wrapped)
    assert raised.value.is_refusal
    assert str(tmp_path) not in raised.value.detail
    keys.make_master_key(file)
    with pytest.raises(errors.CustomerKeyError):  # another one
        unwrapped_by(store, wrapped)
    (tmp_path / "aside").rename(file)
    assert unwrapped_by(store, wrapped).to_bytes() == KEY.to_bytes()
    file.chmod(0o640)
    with pytest.raises(errors.CustomerKeyError):
        unwrapped_by(store, wrapped)


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_file_that_holds_no_key_is_refused(
    their: cloud.Cloud, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(errors.CustomerKeyError):
        wrapped_by(with_access_key(their, key=file.as_uri()))
