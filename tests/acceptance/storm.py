"""Random blows at a cluster: `kill -9` of any of its processes, and workers that stall."""

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


class Storm:
    """Blows at one cluster, in an order that the seed of `chance` fixes."""

    def __init__(self, target: cluster.Cluster, chance: random.Random) -> None:
        self._target, self._chance = target, chance
        self._frozen: dict[str, tuple[float, int]] = {}  # until when, and which process
        self.blows: Counter[str] = Counter()

    def rage(self, seconds: float, *, is_alive: Callable[[], bool]) -> None:
        """Strike for a while, tending the cluster; stop early when the load has ended."""
        until = time.monotonic() + seconds
        next_blow = time.monotonic() + self._chance.uniform(*PAUSE_SECONDS)
        while time.monotonic() < until and is_alive():
            if time.monotonic() > next_blow:
                self._strike()
                next_blow = time.monotonic() + self._chance.uniform(*PAUSE_SECONDS)
            self._tick()
        self._thaw(everything=True)

    def calm(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Tend the cluster until something holds; tell whether it came about in time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for _ in range(10):
                self._tick()
            if condition():
                return True
        return False

    def _tick(self) -> None:
        self._thaw()
        self._target.tend()
        time.sleep(TICK_SECONDS)

    def _strike(self) -> None:
        kinds = {
            "api": 3, "worker": 3, "job process": 4, "database": 3, "object store": 2, "stall": 2,
        }  # fmt: skip
        (kind,) = self._chance.choices(list(kinds), list(kinds.values()))
        match kind:
            case "api":
                self._kill(kind, self._chance.choice(list(self._target.ports)))
            case "worker":
                self._kill(kind, self._chance.choice(self._target.worker_names))
            case "database":
                self._kill(kind, "database")
            case "object store":
                self._kill(kind, "store")
            case "job process":
                self._kill_job()
            case "stall":
                self._freeze()

    def _kill(self, kind: str, name: str) -> None:
        if self._target.pid(name):
            self._target.signal(name, signal.SIGKILL)
            self.blows[kind] += 1

    def _kill_job(self) -> None:
        found = self._target.job_processes()
        if found:
            with contextlib.suppress(psutil.NoSuchProcess):
                self._chance.choice(found).kill()
                self.blows["job process"] += 1

    def _freeze(self) -> None:
        name = self._chance.choice(self._target.worker_names)
        if name not in self._frozen and self._target.pid(name):
            self._target.signal(name, signal.SIGSTOP)
            until = time.monotonic() + self._chance.uniform(*STALL_SECONDS)
            self._frozen[name] = (until, self._target.pid(name))
            self.blows["stall"] += 1

    def _thaw(self, *, everything: bool = False) -> None:
        for name, (until, pid) in list(self._frozen.items()):
            if everything or time.monotonic() > until:
                del self._frozen[name]
                if self._target.pid(name) == pid:  # it may have been killed meanwhile
                    self._target.signal(name, signal.SIGCONT)
