"""Folders that outlive their process are removed; those of living ones are not."""

import asyncio
import concurrent.futures
import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import namedtuple
from pathlib import Path

import pytest

from simulacra.service import errors, main, outages, scratch, tenancy, worker
from simulacra.service.confinement import environment
from simulacra.service.jobs import child
from simulacra.service.settings import Settings

HOLDER = """
import sys, time
from simulacra.service import scratch
with scratch.folder() as folder:
    (folder / "rows").write_text("1,2,3")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_folder_is_gone_with_its_statement() -> None:
    with scratch.folder() as folder:
        (folder / "rows").write_text("1,2,3")
        assert scratch.sweep() == 0
        assert (folder / "rows").exists()
    assert not folder.exists()


def test_the_folder_of_a_killed_process_is_swept_and_that_of_a_living_one_is_not() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        folder = Path(it.stdout.readline().strip())
        assert scratch.sweep() == 0
        it.send_signal(signal.SIGKILL)
    assert (folder / "rows").exists()
    assert scratch.sweep() == 1
    assert not folder.exists()


def test_a_folder_that_is_swept_while_it_is_made_is_made_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sweep comes at the worst moment: the lock is there, and nobody holds it yet."""
    lock, swept = fcntl.flock, []

    def sweep_first(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", lock)
        swept.append(scratch.sweep())
        lock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", sweep_first)
    with scratch.folder() as folder:
        assert swept == [1]
        (folder / "rows").write_text("1,2,3")
        assert scratch.sweep() == 0


def test_no_folder_is_lost_while_others_sweep() -> None:
    is_over = threading.Event()

    def sweep() -> None:
        while not is_over.is_set():
            scratch.sweep()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pool.submit(sweep)
        try:
            for number in range(300):
                with scratch.folder() as folder:
                    (folder / "rows").write_text(str(number))
                    assert (folder / "rows").read_text() == str(number)
        finally:
            is_over.set()


@pytest.mark.parametrize("process", ["api", "worker"])
def test_a_process_that_starts_sweeps_at_once(
    process: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does so before it asks the database anything: that may be away."""

    class HereAlreadyError(Exception):
        pass

    async def stop(_: object) -> None:
        raise HereAlreadyError

    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        folder = Path(it.stdout.readline().strip())
        it.send_signal(signal.SIGKILL)
    monkeypatch.setattr(tenancy.Database, "check_role", stop)
    monkeypatch.setattr(child, "start_server", lambda _: None)
    monkeypatch.setattr(environment, "restrict", lambda _: None)
    with pytest.raises(HereAlreadyError):
        asyncio.run(main.serve(settings) if process == "api" else worker.run(settings))
    assert not folder.exists()


def test_what_is_not_ours_is_left_alone(own_place: Path) -> None:
    stranger = own_place / "simulacra-notes"
    stranger.mkdir()
    os.utime(stranger, (0, 0))
    assert scratch.sweep() == 0
    assert stranger.is_dir()


def test_room_is_set_aside_and_its_lack_is_for_the_one_who_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usage = namedtuple("usage", "free")  # noqa: PYI024 - one field of what is replaced
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(free=100))
    space = scratch.Space()
    with space.reserve("ten_1", 40):
        with pytest.raises(errors.ScratchFullError), space.reserve("ten_1", 11):  # over its share
            pass
        with (
            space.reserve("ten_2", 50),
            space.reserve("ten_3", 10),
            pytest.raises(errors.ScratchFullError),
            space.reserve("ten_4", 1),
        ):
            pass
    with pytest.raises(ZeroDivisionError), space.reserve("ten_1", 50):
        raise ZeroDivisionError
    with space.reserve("ten_1", 50):  # all was given back
        pass
    with pytest.raises(errors.ScratchFullError), scratch.Space(20).reserve("ten_1", 11):
        pass


def test_a_full_disk_is_an_outage_that_passes() -> None:
    with pytest.raises(outages.ANY) as full, scratch.folder():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert isinstance(full.value, errors.ServiceError)
    assert (full.value.code, full.value.retry_after) == ("simio_unavailable", 10)
    with pytest.raises(FileNotFoundError), scratch.folder():
        raise FileNotFoundError(errno.ENOENT, "")
