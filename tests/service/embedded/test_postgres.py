import contextlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

import simulacra
from simulacra.service.embedded import binaries, errors, postgres

Census = Callable[[], list[psutil.Process]]
Wait = Callable[[Callable[[], object]], None]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="changes accounts")


@pytest.fixture
def public_dir() -> Iterator[Path]:
    """A folder every account can walk to, as below `tmp_path` none but root can."""
    path = Path(tempfile.mkdtemp(dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_data_outlast_a_run(tmp_path: Path) -> None:
    data_dir = tmp_path.joinpath(*["a-deep-data-directory"] * 12)
    assert len(str(data_dir)) > 250

    with postgres.running(data_dir) as cluster, psycopg.connect(cluster.owner_url()) as connection:
        connection.execute("create table answer as select 42 as n")
    assert not postgres.Cluster(data_dir).is_ready()
    with postgres.running(data_dir) as cluster, psycopg.connect(cluster.owner_url()) as connection:
        assert connection.execute("select n from answer").fetchone() == (42,)
        settings = "data_checksums", "server_encoding", "password_encryption"
        shown = [connection.execute(f"show {name}").fetchone() for name in settings]
        assert shown == [("on",), ("UTF8",), ("scram-sha-256",)]


def test_a_wrong_password_is_refused(data_dir: Path) -> None:
    with (
        postgres.running(data_dir) as cluster,
        pytest.raises(psycopg.OperationalError, match="password authentication failed"),
    ):
        psycopg.connect(cluster.url(), password="guess")


def test_the_log_holds_no_values(data_dir: Path) -> None:
    with (
        postgres.running(data_dir) as cluster,
        psycopg.connect(cluster.owner_url(), autocommit=True) as connection,
    ):
        connection.execute("create table person (name text primary key, age int)")
        connection.execute("insert into person values ('Rosalind', 1)")
        for row in (("Rosalind", "2"), ("Ada", "Rosalind")):
            with pytest.raises(psycopg.Error, match="Rosalind"):
                connection.execute("insert into person values (%s, %s)", row)
    assert "Rosalind" not in postgres.Cluster(data_dir).log.read_text()


def test_a_kill_during_initialisation_is_repaired(
    data_dir: Path, census: Census, wait: Wait
) -> None:
    script = (
        "import pathlib, sys; from simulacra.service.embedded import postgres;"
        "postgres.Cluster(pathlib.Path(sys.argv[1])).initialise()"
    )
    data_dir.mkdir()
    initialising = subprocess.Popen([sys.executable, "-c", script, str(data_dir)])
    wait(lambda: data_dir.joinpath(".postgres-new", "data", "base").is_dir())
    initialising.kill()
    initialising.wait()

    assert not data_dir.joinpath("postgres").exists()
    wait(lambda: not census())
    with postgres.running(data_dir) as cluster, psycopg.connect(cluster.owner_url()) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_stale_pid_file_that_names_a_living_process(data_dir: Path) -> None:
    with postgres.running(data_dir):
        pid_file = data_dir / "postgres" / "data" / "postmaster.pid"
        content = pid_file.read_text().splitlines()
        owner = pid_file.stat().st_uid
    other = subprocess.Popen(["/bin/sleep", "60"], user=owner if os.geteuid() == 0 else None)
    try:
        pid_file.write_text("\n".join([str(other.pid), *content[1:]]) + "\n")
        with (
            postgres.running(data_dir) as cluster,
            psycopg.connect(cluster.owner_url()) as connection,
        ):
            assert connection.execute("select 1").fetchone() == (1,)
    finally:
        other.kill()
        other.wait()


def test_the_tables_of_an_older_cluster_change_hands(data_dir: Path) -> None:
    with postgres.running(data_dir) as cluster:
        pass
    postgres._execute(
        *(cluster.folder, postgres._owner(cluster.data), postgres.ROLE),
        f"REASSIGN OWNED BY {postgres.OWNER} TO {postgres.ROLE}",
        f"DROP ROLE {postgres.OWNER}",
    )
    (cluster.folder / "owner-password").unlink()
    with postgres.running(data_dir) as cluster, psycopg.connect(cluster.owner_url()) as connection:
        connection.execute("CREATE TABLE answer AS SELECT 42 AS n")
    with (
        postgres.running(data_dir) as cluster,
        psycopg.connect(cluster.url()) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("SELECT n FROM answer")


def test_errors_say_what_is_missing(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = postgres.Cluster(data_dir)
    assert not cluster.is_ready()
    with pytest.raises(errors.ClusterError, match="No server has run in"):
        cluster.url()
    with pytest.raises(errors.ClusterError, match="There is no PostgreSQL cluster in"):
        cluster.service()
    monkeypatch.setattr(binaries, "PACKAGE", "simulacra_absent")
    with pytest.raises(errors.ClusterError, match="DATABASE_URL"):
        binaries.find()


@needs_root
def test_root_serves_from_closed_folders(
    tmp_path: Path, public_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    site = binaries.find().parents[2]
    for name in (binaries.PACKAGE, f"{binaries.PACKAGE}.libs"):
        skip = shutil.ignore_patterns("pginstall", "include")
        shutil.copytree(site / name, home / name, ignore=skip)
    monkeypatch.syspath_prepend(home)
    monkeypatch.setattr(binaries, "CACHE", public_dir / "cache")
    assert binaries.find().is_relative_to(home)

    with (
        postgres.running(home / "data") as cluster,
        psycopg.connect(cluster.owner_url()) as connection,
    ):
        assert connection.execute("select 1").fetchone() == (1,)
        pid = int((home / "data/postgres/data/postmaster.pid").read_text().split()[0])
        assert psutil.Process(pid).exe().startswith(str(public_dir))
        assert 0 not in psutil.Process(pid).uids()
        assert "CapEff:\t0000000000000000" in Path(f"/proc/{pid}/status").read_text()
    assert home.stat().st_mode & 0o777 == 0o700


def interpreter_open_to_all() -> str:
    """Our Python, or the system's of the same version where ours lies below a private home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in filter(Path.exists, (Path(sys.executable), Path("/usr/bin", version))):
        if all(binaries._allows(it, stat.S_IXOTH) for it in (path, *path.resolve().parents)):
            return str(path)
    pytest.skip(f"no {version} is open to other accounts")


@needs_root
def test_an_ordinary_user_serves(public_dir: Path) -> None:
    site = binaries.find().parents[2]
    if not binaries._is_open(binaries.find()):
        pytest.skip("this environment is closed to other accounts")
    script = (
        "import pathlib, sys; from simulacra.service.embedded import postgres\n"
        "with postgres.running(pathlib.Path(sys.argv[1])) as cluster: print(cluster.url())"
    )
    os.chown(public_dir, 65534, 65534)
    source = Path(simulacra.__file__).parents[1]
    result = subprocess.run(
        [interpreter_open_to_all(), "-c", script, str(public_dir / "data")],
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        env=os.environ | {"PYTHONPATH": f"{source}:{site}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.startswith("postgresql://simulacra:"), result.stderr
    assert (public_dir / "data" / "postgres" / "data").stat().st_uid == 65534


def test_a_server_started_for_the_duration_is_gone_afterwards(
    data_dir: Path, census: Census
) -> None:
    with contextlib.suppress(KeyboardInterrupt), postgres.running(data_dir):
        assert census()
        raise KeyboardInterrupt
    started = time.monotonic()
    while census():  # sessions and helpers end with their server
        assert time.monotonic() - started < 2
