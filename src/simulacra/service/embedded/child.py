"""One supervised process: how it is described, started, watched and stopped."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulacra.service.embedded import handover, lifeline

LOG_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process to be kept running.

    Attributes:
        name: what log lines call it.
        argv: its command line; never a place for secrets.
        env: its whole environment; None inherits ours.
        confided: further variables, which it gets by `handover` and has to accept. Secrets are no
            business of `env`, which stays readable in `/proc`.
        cwd: its working directory; None inherits ours.
        log: the file its output is appended to, bounded at twice `LOG_LIMIT`; None inherits ours.
        ready: tells whether it does its work yet; None takes it as ready once started. Called
            often, so it must answer within a second or so.
        alive: tells whether it still does its work, once it has been ready; None asks nothing but
            its process. Called as `ready` is.
        is_step: whether it is to end by itself, with exit code 0, before the next one starts; it is
            not started again.
        start_timeout: seconds from start to readiness before it counts as failed.
        stop_signal: asks it to stop.
        stop_timeout: seconds from being asked to being killed.
        terms: how it is tied to this process.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    confided: Mapping[str, str] | None = None
    cwd: Path | None = None
    log: Path | None = None
    ready: Callable[[], bool] | None = None
    alive: Callable[[], bool] | None = None
    is_step: bool = False
    start_timeout: float = 60.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 10.0
    terms: lifeline.Terms = field(default_factory=lifeline.Terms)


class Child:
    """The process of a service, at most one at a time.

    Start it from a thread that lives as long as this process: the kernel takes the end of that
    thread for the end of the parent.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id, or None when it does not run."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process, in a session of its own so that a terminal's Ctrl-C spares it.

        Raises:
            OSError: the log or the interpreter cannot be opened, or too much is confided.
        """
        service = self.service
        log = _open_log(service.log) if service.log else None
        try:
            with handover.offered(service.confided or {}) as descriptor:
                self._process = subprocess.Popen(  # noqa: S603 -- a command line of our own
                    lifeline.command(service.argv, service.terms),
                    env=handover.name(descriptor, service.env) if service.confided else service.env,
                    pass_fds=[descriptor] if service.confided else [],
                    cwd=service.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        finally:
            if log is not None:
                os.close(log)

    def exit_code(self) -> int | None:
        """Return the exit code once the process has ended, after which it no longer runs."""
        code = self._process.poll() if self._process else None
        if code is not None:
            self._process = None
        return code

    def is_ready(self) -> bool:
        """Tell whether the process does its work yet; a step has done it when it has ended."""
        if self.service.is_step:
            return False
        return self.service.ready is None or self.service.ready()

    def is_alive(self) -> bool:
        """Tell whether the process still does its work."""
        return self.service.alive is None or self.service.alive()

    def signal(self, number: signal.Signals) -> None:
        """Send the process a signal; one that has just ended is left in peace."""
        if self._process is not None:
            self._process.send_signal(number)

    def stop(self, *, hurry: Callable[[], bool] = lambda: False) -> None:
        """Ask the process to stop and wait; kill it when its time is up or ``hurry`` says so."""
        self.signal(self.service.stop_signal)
        deadline = time.monotonic() + self.service.stop_timeout
        while self._process is not None and self.exit_code() is None:
            if hurry() or time.monotonic() > deadline:
                self.signal(signal.SIGKILL)
            time.sleep(0.01)

    def trim_log(self) -> None:
        """Set the log aside, in place of the one set aside before, once it is too long."""
        log = self.service.log
        if log is not None and log.exists() and log.stat().st_size > LOG_LIMIT:
            shutil.copyfile(log, log.with_name(log.name + ".1"))
            os.truncate(log, 0)  # the process goes on appending to the same file


def _open_log(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
