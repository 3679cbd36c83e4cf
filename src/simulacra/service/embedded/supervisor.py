"""Keeps a list of services running until it is told to stop.

Services start in order, each once the one before it is ready; one that ends is started again,
later and later when it keeps ending, unless it was a step that is done. One that runs but does not
say any more that it is alive is ended. All are stopped in reverse order on SIGINT, SIGTERM or the
SIGHUP of a closed terminal. The supervisor is one thread that
sleeps until a signal or the next thing to do.

No process is left behind. The kernel ends the services when the supervisor dies (`lifeline`), and
hands it the children of a service that died, which it ends as well.
"""

import contextlib
import ctypes
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from simulacra.service.embedded import child, errors

log = logging.getLogger(__name__)

ATTEMPTS = 3  # of a service that has never been ready
BACKOFF = (0.1, 30.0)  # seconds: the first, doubled with every failure, and the longest
STEADY = 60.0  # seconds of readiness after which earlier failures are forgotten
DAILY = 86_400.0  # seconds
SILENCE = 45.0  # seconds that a service may fail to say that it is alive: two looks, at least
STARTING_TICK, STEADY_TICK = 0.05, 30.0  # seconds between looks
ORPHAN_GRACE = 5.0  # seconds from SIGTERM to SIGKILL
PR_SET_CHILD_SUBREAPER = 36  # <sys/prctl.h>


class Supervisor:
    """Runs services; see the module's text.

    Call `run` from the main thread of a process that starts no other children meanwhile.
    """

    def __init__(
        self,
        services: Sequence[child.Service],
        on_ready: Callable[[], None] = lambda: None,
        daily: Callable[[], object] = lambda: None,
    ) -> None:
        self._keepers = [Keeper(service) for service in services]
        self._on_ready = on_ready  # called once, when all services are ready for the first time
        self._daily, self._daily_due = daily, time.monotonic() + DAILY
        self._announced = False
        self._orphans: dict[int, float] = {}
        self._spared: set[int] = set()  # children that were there before us are not ours to end
        self._stop_requests = 0

    def run(self) -> None:
        """Start the services, keep them running, and stop them when told to.

        A second signal ends the patience with services that are slow to stop.

        Raises:
            errors.StartError: a service that has never been ready failed three times.
            OSError: a log cannot be written.
        """
        self._spared = _children()
        with _adopting_orphans(), self._signals() as woken:
            try:
                while not self._stop_requests:
                    self._step()
                    _sleep(woken, self._pause())
            finally:
                self._stop()

    def _step(self) -> None:
        """Look after every service, up to the first that has yet to be ready for once."""
        for keeper in self._keepers:
            keeper.step(time.monotonic())
            if not keeper.has_been_ready:
                break
        self._end_orphans()
        if not self._announced and all(keeper.has_been_ready for keeper in self._keepers):
            self._announced = True
            self._on_ready()
        self._do_daily()

    def _do_daily(self) -> None:
        """Do what is due once a day; the services outlast its failure."""
        if time.monotonic() < self._daily_due:
            return
        self._daily_due = time.monotonic() + DAILY
        try:
            self._daily()
        except Exception as error:  # noqa: BLE001 - of whatever is done
            log.error("what is due once a day failed: %s", error)  # noqa: TRY400 - says it all

    def _pause(self) -> float:
        settled = all(keeper.ready for keeper in self._keepers) and not self._orphans
        return STEADY_TICK if settled else STARTING_TICK

    def _stop(self) -> None:
        for keeper in reversed(self._keepers):
            if keeper.child.pid is not None:
                log.info("stopping %s", keeper.service.name)
                keeper.child.stop(hurry=lambda: self._stop_requests > 1)
        while self._end_orphans():
            time.sleep(0.01)

    def _end_orphans(self) -> bool:
        """End what a dead service has left to us; tell whether some of it is still there."""
        ours = {keeper.child.pid for keeper in self._keepers}
        found = _children() - ours - self._spared
        now = time.monotonic()
        self._orphans = {pid: self._orphans.get(pid, now) for pid in found}
        for pid, since in self._orphans.items():
            _end(pid, signal.SIGKILL if now - since > ORPHAN_GRACE else signal.SIGTERM)
        return bool(self._orphans)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[int]:
        """Yield a descriptor that becomes readable with every signal, a child's end included."""

        def request_stop(_number: int, _frame: FrameType | None) -> None:
            self._stop_requests += 1

        def wake(_number: int, _frame: FrameType | None) -> None:
            """Do nothing: only a signal with a handler reaches the descriptor."""

        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        handlers = dict.fromkeys((signal.SIGINT, signal.SIGTERM), request_stop)
        handlers[signal.SIGCHLD] = wake
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            handlers[signal.SIGHUP] = request_stop
        earlier = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        earlier_descriptor = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(earlier_descriptor)
            for number, handler in earlier.items():
                signal.signal(number, handler)
            os.close(reader)
            os.close(writer)


class Keeper:
    """Keeps one service running: what has happened to it, and what is due next."""

    def __init__(self, service: child.Service) -> None:
        self.service = service
        self.child = child.Child(service)
        self.ready = False
        self.has_been_ready = False
        self._failures = 0
        self._since = 0.0  # when it was started, or became ready
        self._alive_at = 0.0  # when it was last seen to be alive
        self._due = 0.0  # when to start it again

    def step(self, now: float) -> None:
        """Do what is due.

        Raises:
            errors.StartError: it has failed three times without ever being ready.
            OSError: its log cannot be written.
        """
        if self.service.is_step and self.ready:
            return
        code = self.child.exit_code()
        if code == 0 and self.service.is_step:
            log.info("%s is done after %.2f s", self.service.name, now - self._since)
            self.ready = self.has_been_ready = True
        elif code is not None:
            self._note_failure(code, now)
        elif self.child.pid is None and now >= self._due:
            self.child.start()
            self._since = now
        elif self.child.pid is not None:
            self._look_after(now)

    def _look_after(self, now: float) -> None:
        self.child.trim_log()
        if self.ready:
            if now - self._since > STEADY:
                self._failures = 0
            self._end_if_stuck(now)
        elif self.child.is_ready():
            self.ready = self.has_been_ready = True
            log.info("%s is ready after %.2f s", self.service.name, now - self._since)
            self._since = self._alive_at = now
        elif now - self._since > self.service.start_timeout:
            log.warning("%s is not ready in time: killing it", self.service.name)
            self.child.signal(signal.SIGKILL)

    def _end_if_stuck(self, now: float) -> None:
        """Kill a process that runs and does nothing any more; its end has it started again."""
        if self.child.is_alive():
            self._alive_at = now
        elif now - self._alive_at > SILENCE:
            silent = now - self._alive_at
            log.warning(
                "%s has not said for %.0f s that it is alive: killing it", self.service.name, silent
            )
            self.child.signal(signal.SIGKILL)

    def _note_failure(self, code: int, now: float) -> None:
        self.ready = False
        self._failures += 1
        if not self.has_been_ready and self._failures >= ATTEMPTS:
            raise errors.StartError(
                f"{self.service.name} failed {ATTEMPTS} times to start ({_describe(code)})"
                + (f"; see {self.service.log}." if self.service.log else ".")
            )
        first, longest = BACKOFF
        delay = min(longest, first * 2 ** min(self._failures - 1, 16))
        self._due = now + delay
        log.warning(
            "%s ended (%s): starting it again in %.1f s", self.service.name, _describe(code), delay
        )


def _describe(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _sleep(woken: int, seconds: float) -> None:
    select.select([woken], [], [], seconds)
    with contextlib.suppress(BlockingIOError):
        os.read(woken, 4096)


@contextlib.contextmanager
def _adopting_orphans() -> Iterator[None]:
    """Be given the children of dead descendants, which otherwise go to pid 1."""
    if sys.platform != "linux":
        yield
        return
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _children() -> set[int]:
    lists = Path("/proc/self/task").glob("*/children")
    return {int(pid) for path in lists for pid in path.read_text().split()}


def _end(pid: int, number: signal.Signals) -> None:
    """Signal a child of ours and bury it if it has ended."""
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, number)
        os.waitpid(pid, os.WNOHANG)
