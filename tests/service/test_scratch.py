"""Folders that outlive their process are removed; those of living ones are not."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from simulacra.service import scratch

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
        assert scratch.sweep(min_age=0) == 0
    assert not folder.exists()


def test_the_folder_of_a_killed_process_is_swept_and_that_of_a_living_one_is_not() -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as it:
        assert it.stdout is not None
        folder = Path(it.stdout.readline().strip())
        assert scratch.sweep(min_age=0) == 0
        it.send_signal(signal.SIGKILL)
    assert (folder / "rows").exists()
    assert scratch.sweep(min_age=60) == 0  # it might be one that is being made
    assert scratch.sweep(min_age=0) == 1
    assert not folder.exists()


def test_what_is_not_ours_is_left_alone(own_place: Path) -> None:
    stranger = own_place / "simulacra-notes"
    stranger.mkdir()
    os.utime(stranger, (0, 0))
    assert scratch.sweep(min_age=0) == 0
    assert stranger.is_dir()
