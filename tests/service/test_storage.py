import hashlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tink
from hypothesis import given
from hypothesis import strategies as st

from simulacra.service.storage import Digest, ObjectKey, Storage

KEY = ObjectKey.generate()
TWO_AND_A_HALF_MIB = 2_600_000
KILLED = """
import sys
import obstore
from obstore.store import LocalStore
obstore.put(LocalStore(sys.argv[1]), "ds_1/seed", open(sys.argv[2], "rb"), use_multipart=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "objects with space"


@pytest.fixture
def storage(folder: Path) -> Storage:
    return Storage.at(folder.as_uri())


@pytest.mark.parametrize("size", [0, 1, TWO_AND_A_HALF_MIB])
def test_round_trip(storage: Storage, tmp_path: Path, size: int) -> None:
    plain = os.urandom(size)
    digest = storage.write("a/b", io.BytesIO(plain), KEY)
    assert digest == Digest(size, hashlib.sha256(plain).hexdigest())
    storage.download("a/b", ObjectKey.from_bytes(KEY.to_bytes()), tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == plain


def test_a_link_in_the_way_is_not_followed(storage: Storage, tmp_path: Path) -> None:
    storage.write("a", io.BytesIO(b"plain"), KEY)
    (tmp_path / "elsewhere").write_text("as it was")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        storage.download("a", KEY, tmp_path / "link")
    assert (tmp_path / "elsewhere").read_text() == "as it was"


def test_the_stored_bytes_do_not_show_the_plain_ones(storage: Storage, folder: Path) -> None:
    storage.write("a", io.BytesIO(b"respondent 17 said yes " * 100), KEY)
    assert b"respondent" not in (folder / "a").read_bytes()


@given(st.data())
def test_chunks_are_the_slice_asked_for(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    storage = Storage.at(tmp_path_factory.mktemp("objects").as_uri())
    size = data.draw(st.sampled_from([1, 1000, 1024**2, TWO_AND_A_HALF_MIB]))
    start = data.draw(st.integers(0, size))
    stop = data.draw(st.integers(start, size))
    plain = os.urandom(size)
    storage.write("a", io.BytesIO(plain), KEY)
    assert b"".join(storage.chunks("a", KEY, start, stop)) == plain[start:stop]


def test_another_key_another_path_or_altered_bytes_do_not_open(
    storage: Storage, folder: Path
) -> None:
    storage.write("a", io.BytesIO(b"x" * 100), KEY)
    sealed = bytearray((folder / "a").read_bytes())
    (folder / "b").write_bytes(sealed)
    sealed[-1] ^= 1
    (folder / "c").write_bytes(sealed)
    for path, key in (("a", ObjectKey.generate()), ("b", KEY), ("c", KEY)):
        with pytest.raises((tink.TinkError, OSError)):
            list(storage.chunks(path, key, 0, 100))


def test_a_producer_that_fails_leaves_no_object(storage: Storage, folder: Path) -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1, /) -> bytes:
            if self.tell() > 0:
                raise OSError("cut")
            return super().read(10)

    with pytest.raises(OSError, match="cut"):
        storage.write("a", Broken(b"x" * 100), KEY)
    assert not (folder / "a").exists()


def test_missing_objects(storage: Storage) -> None:
    storage.delete("never/there")
    with pytest.raises(FileNotFoundError), storage.read("never/there", KEY):
        pass


def test_what_a_killed_writer_left_is_removed_with_its_object(
    storage: Storage, folder: Path, tmp_path: Path
) -> None:
    fifo, source = tmp_path / "fifo", io.BytesIO(b"rows")
    storage.write("ds_1/other", source, KEY)
    os.mkfifo(fifo)
    writer = subprocess.Popen([sys.executable, "-c", KILLED, str(folder), str(fifo)])
    with fifo.open("wb") as feed:
        feed.write(bytes(20_000_000))
        feed.flush()
        while not list(folder.glob("ds_1/seed#*")):
            time.sleep(0.01)
        writer.kill()
        writer.wait()
    storage.delete("ds_1/seed")
    assert [path.name for path in (folder / "ds_1").iterdir()] == ["other"]
    storage.delete("ds_1/other")
    assert not (folder / "ds_1").exists()
