"""The whole tree: what survives which death, and that nothing is left behind."""

import contextlib
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from simulacra.service.embedded import postgres

Census = Callable[[], list[psutil.Process]]
Wait = Callable[[Callable[[], object]], None]
Serve = Callable[[], subprocess.Popen[str]]


def child_of(process: subprocess.Popen[str], word: str) -> psutil.Process | None:
    for candidate in psutil.Process(process.pid).children():
        with contextlib.suppress(psutil.Error):
            command = candidate.cmdline()
            if word in " ".join(command) and "--parent" not in " ".join(command):
                return candidate
    return None


def pids_of(process: subprocess.Popen[str]) -> set[int]:
    found = (child_of(process, "bin/postgres -D"), child_of(process, "time.sleep(600)"))
    return {child.pid for child in found if child is not None}


@pytest.fixture
def cluster(data_dir: Path) -> postgres.Cluster:
    return postgres.Cluster(data_dir)


def test_ctrl_c_stops_everything(
    serve: Serve, cluster: postgres.Cluster, census: Census, wait: Wait
) -> None:
    supervisor = serve()
    wait(lambda: len(pids_of(supervisor)) == 2 and cluster.is_ready())

    supervisor.send_signal(signal.SIGINT)
    _, log = supervisor.communicate(timeout=10)

    assert supervisor.returncode == 0
    assert not census()
    assert log.index("stopping worker") < log.index("stopping postgres")
    assert "ended" not in log
    assert "database system is shut down" in cluster.log.read_text()


def test_killed_children_are_started_again(
    serve: Serve, cluster: postgres.Cluster, wait: Wait
) -> None:
    supervisor = serve()
    wait(lambda: len(pids_of(supervisor)) == 2 and cluster.is_ready())
    url = cluster.owner_url()
    with psycopg.connect(url) as connection:
        connection.execute("create table answer as select 42 as n")
    first = pids_of(supervisor)

    for pid in first:
        psutil.Process(pid).kill()

    wait(lambda: len(pids_of(supervisor) - first) == 2 and cluster.is_ready())
    assert cluster.owner_url() == url
    with psycopg.connect(url) as connection:
        assert connection.execute("select n from answer").fetchone() == (42,)


def test_a_busy_session_does_not_delay_a_restart(
    serve: Serve, cluster: postgres.Cluster, wait: Wait
) -> None:
    supervisor = serve()
    wait(lambda: len(pids_of(supervisor)) == 2 and cluster.is_ready())
    first = pids_of(supervisor)
    postmaster = child_of(supervisor, "bin/postgres -D")
    assert postmaster is not None

    with contextlib.closing(psycopg.connect(cluster.owner_url())) as busy:
        busy.pgconn.send_query(b"select count(*) from generate_series(1, 10000000000)")
        postmaster.kill()
        wait(lambda: pids_of(supervisor) != first and cluster.is_ready())


def test_a_killed_supervisor_leaves_nothing_but_its_data(
    serve: Serve, cluster: postgres.Cluster, census: Census, wait: Wait
) -> None:
    supervisor = serve()
    wait(lambda: len(pids_of(supervisor)) == 2 and cluster.is_ready())
    with psycopg.connect(cluster.owner_url()) as connection:
        connection.execute("create table answer as select 42 as n")

    supervisor.kill()
    again = serve()  # at once, while the old server may still be about to end
    wait(lambda: len(pids_of(again)) == 2 and cluster.is_ready())

    with psycopg.connect(cluster.owner_url()) as connection:
        assert connection.execute("select n from answer").fetchone() == (42,)
    again.kill()
    wait(lambda: not census())


def test_a_second_supervisor_is_refused(
    serve: Serve, data_dir: Path, cluster: postgres.Cluster, wait: Wait
) -> None:
    supervisor = serve()
    wait(cluster.is_ready)

    second = serve()
    _, message = second.communicate(timeout=10)

    assert second.returncode == 1
    assert message == f"The data directory {data_dir} is in use by another running process.\n"
    assert supervisor.poll() is None


def test_running_joins_the_live_server(
    serve: Serve, data_dir: Path, cluster: postgres.Cluster
) -> None:
    supervisor = serve()
    while not data_dir.joinpath("lock").exists():
        assert supervisor.poll() is None

    with postgres.running(data_dir) as joined:  # waits for a server that is still starting
        assert joined.url() == cluster.url()
        with psycopg.connect(joined.url()) as connection:
            assert connection.execute("select 1").fetchone() == (1,)

    assert cluster.is_ready()


def test_the_password_is_nowhere_to_be_seen(
    serve: Serve, data_dir: Path, cluster: postgres.Cluster, census: Census, wait: Wait
) -> None:
    supervisor = serve()
    wait(lambda: len(pids_of(supervisor)) == 2 and cluster.is_ready())
    password = data_dir.joinpath("postgres", "password").read_text()

    for process in census():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended since it was counted
            assert password not in " ".join(process.cmdline())
    for path in data_dir.glob("logs/*"):
        assert password not in path.read_text()
    for path in [*data_dir.glob("postgres/*"), *data_dir.glob("logs/*"), data_dir / "lock"]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
