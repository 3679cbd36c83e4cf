"""Real process trees, found again by the data directory each of their processes mentions."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

Census = Callable[[], list[psutil.Process]]
Wait = Callable[[Callable[[], object]], None]
Serve = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def census(data_dir: Path) -> Census:
    """List the living processes that mention the data directory, this one excepted."""

    def count() -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = [*process.cmdline(), process.cwd()]
                alive = process.status() != psutil.STATUS_ZOMBIE
                if alive and any(str(data_dir) in word for word in words):
                    found.append(process)
        return [process for process in found if process.pid != os.getpid()]

    return count


@pytest.fixture(scope="session")
def wait() -> Wait:
    def until(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, "this never came about"
            time.sleep(0.02)

    return until


@pytest.fixture
def serve(data_dir: Path, census: Census, wait: Wait) -> Iterator[Serve]:
    """Start `serve.py` on the data directory, and see that nothing of it outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        script = Path(__file__).with_name("serve.py")
        process = subprocess.Popen(
            [sys.executable, str(script), str(data_dir)], stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    wait(lambda: not census())
