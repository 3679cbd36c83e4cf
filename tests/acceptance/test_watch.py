"""`simulacra watch` on a real server, as a customer runs it."""

import contextlib
import os
import pty
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulacra.cli.remote import failing
from tests.acceptance import harness

TOO_SMALL = b"a,b\n1,2\n"
LONG_SECONDS = 5 * harness.SECONDS
COLUMNS, ROWS = 60, (2_000, 8_000, 32_000, 128_000)


@pytest.fixture
def environment(server: harness.ServerProcess, api: harness.ApiClient) -> dict[str, str]:
    """What the guide's scripts read."""
    return harness.clean_environment() | {
        "SIMIO_API_BASE": server.url,
        "SIMIO_AUTH0_DOMAIN": server.url.removeprefix("https://"),
        "SIMIO_AUTH0_AUDIENCE": api.credential["audience"],
        "SIMIO_CLIENT_ID": api.credential["client_id"],
        "SIMIO_CLIENT_SECRET": api.credential["client_secret"],
        "SSL_CERT_FILE": str(server.data_dir / "ca.pem"),
        "TERM": "xterm",
        "COLUMNS": "100",
    }


def watch(job_id: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*harness.SIMULACRA, "watch", job_id],
        env=environment, capture_output=True, text=True, check=False, timeout=LONG_SECONDS,
    )  # fmt: skip


def test_a_completed_job_is_exit_code_0(
    api: harness.ApiClient, environment: dict[str, str], study_csv: bytes
) -> None:
    started = api.upload(study_csv).json()
    ended = watch(started["job_id"], environment)
    assert (ended.returncode, "Traceback" in ended.stderr) == (0, False)
    assert ended.stdout.splitlines() == [
        f"{started['job_id']} is completed.", f"  dataset_id     {started['dataset_id']}",
    ]  # fmt: skip


def test_a_failed_job_has_an_exit_code_of_its_own_and_its_reason(
    api: harness.ApiClient, environment: dict[str, str]
) -> None:
    job_id = api.upload(TOO_SMALL).json()["job_id"]
    ended = watch(job_id, environment)
    assert (ended.returncode, ended.stdout) == (failing.JOB_FAILED, "")
    assert re.search(rf"at least 30.*\n.* simio_upload_invalid, job {job_id}, ", ended.stderr)


def test_a_job_of_another_tenant_is_not_found(
    server: harness.ServerProcess, environment: dict[str, str]
) -> None:
    with contextlib.closing(server.client(server.create_tenant("Other"))) as other:
        ended = watch(other.upload(TOO_SMALL).json()["job_id"], environment)
    assert ended.returncode == failing.REFUSED
    assert "simio_job_not_found" in ended.stderr


def study_of(rows: int) -> bytes:
    """A study of many columns; how long it takes to fit depends on the rows."""
    header = ",".join(f"c{n}" for n in range(COLUMNS))
    lines = (
        ",".join(str((n * k + n) % 97) for k in range(1, COLUMNS + 1)) for n in range(rows)
    )  # fmt: skip
    return "\n".join([header, *lines]).encode()


@contextlib.contextmanager
def terminal() -> Iterator[tuple[int, list[bytes]]]:
    """A terminal, and what is shown on it."""
    ours, theirs = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while part := os.read(ours, 4096):
                shown.append(part)
        except OSError:  # the other end is closed
            return

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield theirs, shown
    finally:
        os.close(theirs)
        reader.join(harness.SECONDS)
        os.close(ours)


def shown_on_terminal(job_id: str, environment: dict[str, str], out: Path) -> str:
    with terminal() as (theirs, shown):
        with out.open("w") as stdout:
            ended = subprocess.run(
                [*harness.SIMULACRA, "watch", job_id],
                env=environment, stdout=stdout, stderr=theirs, check=False, timeout=LONG_SECONDS,
            )  # fmt: skip
        assert ended.returncode == 0
    return b"".join(shown).decode()


def test_a_terminal_shows_a_bar_with_its_columns(
    api: harness.ApiClient, environment: dict[str, str], tmp_path: Path
) -> None:
    for rows in ROWS:  # on a fast machine a small study is fitted before anybody looks
        job_id = api.upload(study_of(rows)).json()["job_id"]
        text = shown_on_terminal(job_id, environment, tmp_path / "out")
        columns = [int(step) for step in re.findall(rf"column (\d+) of {COLUMNS}", text)]
        if columns:
            break
    assert columns
    assert columns == sorted(columns)
    fractions = [int(percent) for percent in re.findall(r"(\d+)%", text)]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 100
