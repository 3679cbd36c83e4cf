"""An embedded PostgreSQL cluster below the data directory.

    DIR/postgres/data       the cluster
    DIR/postgres/password   of the role `simulacra`, mode 0600
    DIR/postgres/owner-password   of the role `simulacra_owner`, mode 0600
    DIR/postgres/port       where the running server listens
    DIR/postgres/lock       held by the server and all of its processes
    DIR/logs/postgres.log

The database has an owner, who migrates it, and a role that the service works as, which may do what
it is granted. Neither is a superuser: row-level security holds for both.

PostgreSQL refuses to run as root. Then it runs as an unprivileged account that owns
``DIR/postgres/data`` and nothing else; the folders above stay as closed as they are. The account
could not walk down to its data from ``/``, so the server is put there while still root and is told
that its data are in ``/proc/self/cwd``, which leads there without passing the parents.
"""

import contextlib
import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from simulacra.service.embedded import binaries, child, directory, errors, lifeline

ACCOUNTS = ("postgres", "nobody")  # the first that exists is used when we are root
SUPERUSER = "postgres"  # nobody knows its password; single-user mode needs none
ROLE = "simulacra"  # also the name of its database
OWNER = "simulacra_owner"
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}  # none of our PG* variables

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may not exceed 107 bytes
    # modest on an idle laptop
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The primary message of an error may quote a value, its DETAIL a whole row and its STATEMENT
    # the parameters: clients get to see errors, the log does not.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


class Cluster:
    """The PostgreSQL cluster of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.folder = self.data_dir / "postgres"
        self.data = self.folder / "data"
        self.log = self.data_dir / "logs" / "postgres.log"

    def initialise(self) -> None:
        """Make the cluster unless there is one; hold the data directory while you call this.

        Everything is made aside and then renamed, so that dying half-way leaves nothing to repair.
        In a cluster made before there was an owner, the tables change hands.

        Raises:
            errors.ClusterError: the programs are missing, or ``initdb`` failed.
            OSError: the data directory cannot be written.
        """
        if self.data.is_dir():
            if not (self.folder / "owner-password").exists():
                _instate_owner(self.folder, _owner(self.data), database=ROLE)
            return
        staging = self.data_dir / ".postgres-new"
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        _initdb(staging, _account())
        _create_database(staging, _account())
        staging.rename(self.folder)
        directory.sync(self.data_dir)

    def allot_port(self) -> None:
        """Choose the port for the life of one supervisor and record it.

        Raises:
            errors.ClusterError: no port is free.
            OSError: it cannot be recorded.
        """
        directory.write_private(self.folder / "port", str(_free_port()).encode())

    def service(self) -> child.Service:
        """Describe the server, to be run from a thread that lives as long as its process.

        Raises:
            errors.ClusterError: not initialised, no port allotted, programs missing, or the
                cluster belongs to another account.
        """
        owner = _owner(self.data)
        settings = {**SETTINGS, "port": str(self._port())}
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        return child.Service(
            name="postgres",
            argv=[str(_programs(owner) / "postgres"), "-D", _seen_by(owner, self.data), *options],
            env=ENVIRONMENT,
            cwd=self.data,
            log=self.log,
            ready=self.is_ready,
            stop_signal=signal.SIGINT,  # fast shutdown: sessions end, a checkpoint is written
            stop_timeout=30.0,
            terms=lifeline.Terms(
                death_signal=signal.SIGQUIT,  # at once, as after a power cut; WAL recovers
                user=owner,
                lock=self.folder / "lock",
                # The pid in it may by now be another process of the same account, which
                # PostgreSQL would take for a server that still runs.
                stale=self.data / "postmaster.pid",
            ),
        )

    def is_ready(self) -> bool:
        """Tell whether the server accepts connections; False when there is none.

        Raises:
            errors.ClusterError: the programs are missing.
        """
        if not (self.folder / "port").exists():
            return False
        answer = subprocess.run(  # noqa: S603 -- a program of the wheel
            [binaries.find() / "pg_isready", "-q", "-t1", "-h127.0.0.1", f"-p{self._port()}"],
            env=ENVIRONMENT,
            check=False,
        )
        return answer.returncode == 0

    def url(self) -> str:
        """Return how the service connects, password included: never log it.

        ``require_auth`` keeps the password from a stranger who listens on the port while the
        server is down: SCRAM proves that both sides know it without showing it.

        Raises:
            errors.ClusterError: not initialised, or no port allotted.
        """
        return self._url(ROLE, self._read("password"))

    def owner_url(self) -> str:
        """Return how the owner of the tables connects, for migrations; as secret as `url`.

        Raises:
            errors.ClusterError: not initialised, or no port allotted.
        """
        return self._url(OWNER, self._read("owner-password"))

    def _url(self, role: str, secret: str) -> str:
        return (
            f"postgresql://{role}:{secret}@127.0.0.1:{self._port()}/{ROLE}"
            "?require_auth=scram-sha-256&sslmode=disable"
        )

    def _port(self) -> int:
        return int(self._read("port"))

    def _read(self, name: str) -> str:
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            raise errors.ClusterError(f"No server has run in {self.data_dir} yet.") from None


@contextlib.contextmanager
def running(data_dir: Path, *, timeout: float = 30.0) -> Iterator[Cluster]:
    """Yield the cluster of ``data_dir``, served by what runs or by a server for the duration.

    Raises:
        errors.ClusterError: the server cannot be started, or does not answer in time.
        OSError: the data directory cannot be written.
    """
    cluster = Cluster(data_dir)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(directory.held(cluster.data_dir))
        except errors.DirectoryInUseError:
            _wait(cluster, None, timeout)
        else:
            cluster.initialise()
            cluster.allot_port()
            server = child.Child(cluster.service())
            stack.callback(server.stop)
            server.start()
            _wait(cluster, server, timeout)
        yield cluster


def _wait(cluster: Cluster, server: child.Child | None, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not cluster.is_ready():
        ended = server is not None and server.exit_code() is not None
        if ended or time.monotonic() > deadline:
            raise errors.ClusterError(f"PostgreSQL does not answer; see {cluster.log}.")
        time.sleep(0.02)


def _account() -> lifeline.User | None:
    """Return the account to run as; None when we are not root, and run as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return lifeline.User(entry.pw_uid, entry.pw_gid)
    raise errors.ClusterError(
        f"PostgreSQL does not run as root, and there is no account {' or '.join(ACCOUNTS)}."
    )


def _owner(data: Path) -> lifeline.User | None:
    """Return the account the cluster was made for; None when that is ourselves."""
    try:
        status = data.stat()
    except FileNotFoundError:
        raise errors.ClusterError(f"There is no PostgreSQL cluster in {data}.") from None
    if status.st_uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise errors.ClusterError(f"The PostgreSQL cluster in {data} belongs to another account.")
    return lifeline.User(status.st_uid, status.st_gid)


def _programs(user: lifeline.User | None) -> Path:
    return binaries.find() if user is None else binaries.open_to_all()


def _seen_by(user: lifeline.User | None, data: Path) -> str:
    """Return how a process of ``user`` that is in ``data`` names it."""
    return str(data) if user is None else "/proc/self/cwd"


def _initdb(staging: Path, user: lifeline.User | None) -> None:
    """Make a cluster in ``staging / "data"``."""
    data = staging / "data"
    data.mkdir(mode=0o700)
    here = _seen_by(user, data)
    password = staging / "password"
    directory.write_private(password, secrets.token_urlsafe(32).encode())
    options = [
        f"--pgdata={here}",
        f"--username={SUPERUSER}",
        f"--pwfile={here}/../password",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
    ]
    with _lent(user, staging, password):
        _give(user, data)
        _run(user, data, "initdb", *options)


def _create_database(staging: Path, user: lifeline.User | None) -> None:
    """Make the two roles and the database, and keep the roles' passwords."""
    _instate_owner(staging, user, database="postgres")
    secret = secrets.token_urlsafe(32)
    _execute(
        *(staging, user, "postgres"),
        f"CREATE ROLE {ROLE} LOGIN PASSWORD '{secret}'",
        f"CREATE DATABASE {ROLE} OWNER {OWNER}",
    )
    directory.write_private(staging / "password", secret.encode())


def _instate_owner(folder: Path, user: lifeline.User | None, *, database: str) -> None:
    """Make the owner and keep its password; where the service's role owned all, hand it over.

    May be repeated: a statement that finds its work done fails, and the next one is read.
    """
    secret = secrets.token_urlsafe(32)
    _execute(
        *(folder, user, database),
        f"CREATE ROLE {OWNER}",
        f"ALTER ROLE {OWNER} LOGIN PASSWORD '{secret}'",
        f"REASSIGN OWNED BY {ROLE} TO {OWNER}",
    )
    directory.write_private(folder / "owner-password", secret.encode())


def _execute(folder: Path, user: lifeline.User | None, database: str, *statements: str) -> None:
    """Execute statements, one a line, as the superuser of a server that does not run."""
    data = folder / "data"
    options = ["--single", "-D", _seen_by(user, data), "-c", "log_statement=none", database]
    _run(user, data, "postgres", *options, statements="\n".join(statements) + "\n")


def _run(
    user: lifeline.User | None, data: Path, program: str, *options: str, statements: str = ""
) -> None:
    """Run a program of PostgreSQL in ``data`` to its end."""
    result = subprocess.run(  # noqa: S603 -- a program of the wheel
        lifeline.command([str(_programs(user) / program), *options], lifeline.Terms(user=user)),
        env=ENVIRONMENT,
        cwd=data,
        input=statements,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise errors.ClusterError(f"{program} failed: {result.stderr.strip()}")


def _give(user: lifeline.User | None, *paths: Path) -> None:
    for path in paths:
        if user is not None:
            os.chown(path, user.uid, user.gid)


@contextlib.contextmanager
def _lent(user: lifeline.User | None, *paths: Path) -> Iterator[None]:
    """Let ``user`` own ``paths`` for a while; the server itself needs nothing but its data."""
    _give(user, *paths)
    yield
    _give(lifeline.User(os.geteuid(), os.getegid()), *paths)


def _free_port() -> int:
    """Return a port below the ephemeral range, where no outgoing connection takes it from us."""
    for _ in range(100):
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise errors.ClusterError("No free port was found on 127.0.0.1.")
