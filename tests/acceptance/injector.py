"""Random faults in a cluster: `kill -9` of any of its processes, and workers that stall."""

import contextlib
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import psutil

from tests.acceptance import cluster

STALL_SECONDS = (7.0, 11.0)  # beyond the 5 s after which a worker counts as lost
PAUSE_SECONDS = (2.0, 6.0)
TICK_SECONDS = 0.05


class FaultInjector:
    """Injects faults into one cluster, in an order that `rng` determines."""

    def __init__(self, target: cluster.ServiceCluster, rng: random.Random) -> None:
        self._target, self._rng = target, rng
        self._stalled: dict[str, tuple[float, int]] = {}  # by name: until when, and the process id
        self.faults: Counter[str] = Counter()

    def inject(self, seconds: float, *, is_alive: Callable[[], bool]) -> None:
        """Inject faults and restart what ends, for some seconds or until the load ends."""
        until = time.monotonic() + seconds
        next_fault = time.monotonic() + self._rng.uniform(*PAUSE_SECONDS)
        while time.monotonic() < until and is_alive():
            if time.monotonic() > next_fault:
                self._inject_one()
                next_fault = time.monotonic() + self._rng.uniform(*PAUSE_SECONDS)
            self._tick()
        self._resume(everything=True)

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Restart what ends until the condition holds; return whether it did in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for _ in range(10):
                self._tick()
            if condition():
                return True
        return False

    def _tick(self) -> None:
        self._resume()
        self._target.tend()
        time.sleep(TICK_SECONDS)

    def _inject_one(self) -> None:
        kinds = {
            "api": 3, "worker": 3, "job process": 4, "database": 3, "object store": 2, "stall": 2,
        }  # fmt: skip
        (kind,) = self._rng.choices(list(kinds), list(kinds.values()))
        match kind:
            case "api":
                self._kill(kind, self._rng.choice(list(self._target.ports)))
            case "worker":
                self._kill(kind, self._rng.choice(self._target.worker_names))
            case "database":
                self._kill(kind, "database")
            case "object store":
                self._kill(kind, "store")
            case "job process":
                self._kill_job()
            case "stall":
                self._stall()

    def _kill(self, kind: str, name: str) -> None:
        if self._target.pid(name):
            self._target.signal(name, signal.SIGKILL)
            self.faults[kind] += 1

    def _kill_job(self) -> None:
        jobs = self._target.job_processes()
        if jobs:
            with contextlib.suppress(psutil.NoSuchProcess):
                self._rng.choice(jobs).kill()
                self.faults["job process"] += 1

    def _stall(self) -> None:
        name = self._rng.choice(self._target.worker_names)
        if name not in self._stalled and self._target.pid(name):
            self._target.signal(name, signal.SIGSTOP)
            until = time.monotonic() + self._rng.uniform(*STALL_SECONDS)
            self._stalled[name] = (until, self._target.pid(name))
            self.faults["stall"] += 1

    def _resume(self, *, everything: bool = False) -> None:
        for name, (until, pid) in list(self._stalled.items()):
            if everything or time.monotonic() > until:
                del self._stalled[name]
                if self._target.pid(name) == pid:  # it may have been killed meanwhile
                    self._target.signal(name, signal.SIGCONT)
