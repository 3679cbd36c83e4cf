"""Jobs a minute with one, two and four workers, each on a share of a core that is its own.

Workers that share the processors of one machine take them from each other, and from the database
and the APIs. Here the kernel limits each worker, with its fork server and its jobs, to a quarter
of a core, so that four of them are as four small machines: the rate grows with their number
unless something that they share holds it back.
"""

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks import load, page
from benchmarks.options import Options
from tests.acceptance import cluster

WORKERS = (1, 2, 4)
SHARE = 0.25  # of a core; four of them leave one of two cores to everything else
PERIOD_MICROSECONDS = 100_000
IN_FLIGHT = 4  # jobs for each worker, so that none waits for one
TENANTS = 8
SECONDS = 30.0
QUICK_SECONDS = 10.0
KINDS = {"generate": "generations of 500 rows", "train": "trainings of 300 rows"}
SERVING = ("api", "database", "store", "load")
SHARES = ("workers and jobs", "serving and load", "other programs")

ABOUT = f"""
Each worker, with its fork server and its jobs, may use {SHARE} of a core (a control group of Linux
limits it); two APIs, PostgreSQL, an S3 store and the load generator share the rest of the machine.
*Grown* is the rate as a multiple of that of one worker. The next columns are cores that were busy
on average: with the workers and their jobs, with the rest of the service and its load, and with
programs that have nothing to do with it. The last one is the rate for each core that the workers
really got: it stays where it is as long as no worker waits for another. There are {TENANTS} tenants
and {IN_FLIGHT} jobs in flight for each worker.
""".strip()


def run(options: Options) -> None:
    """Measure each number of workers on a cluster of its own, and write the page."""
    rows: dict[str, list[list[str]]] = {kind: [] for kind in KINDS}
    alone: dict[str, float] = {}
    for count in WORKERS:
        for kind, (rate, cores) in _measure(count, options).items():
            alone.setdefault(kind, rate)
            ours = cores["worker"] + cores["jobs"]
            busy = (ours, sum(cores[part] for part in SERVING), cores["others"])
            shares = [f"{share:.2f}" for share in busy]
            grown, per_core = f"{rate / alone[kind]:.2f}", f"{rate / ours:,.0f}"
            rows[kind].append([str(count), f"{rate:,.0f}", grown, *shares, per_core])
    parts = [ABOUT]
    for kind, what in KINDS.items():
        head = ["workers", f"{what} a minute", "grown", *SHARES, "rate a core"]
        parts.append(page.table(head, rows[kind]))
    page.write("growth", "Growth with the number of workers", parts, save=options.is_complete)


def _measure(count: int, options: Options) -> dict[str, tuple[float, dict[str, float]]]:
    """Return the jobs a minute of each kind, and how many cores each part was busy."""
    seconds = QUICK_SECONDS if options.quick else SECONDS
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster.running(Path(folder, "cluster"), apis=2, workers=count, **load.UNLIMITED) as target,
    ):
        accounts = [load.prepare(target, number) for number in range(TENANTS)]
        time.sleep(5)  # for every fork server to have loaded the engine, while nothing limits it
        with contextlib.ExitStack() as limits:
            for name in target.worker_names:
                limits.enter_context(_limited(target.pid(name), name))
            plan: dict[str, Any] = {"accounts": accounts, "connections": IN_FLIGHT * count}
            return {kind: _rate(target, seconds, plan | {"kind": kind}) for kind in KINDS}


def _rate(
    target: cluster.ServiceCluster, seconds: float, plan: dict[str, Any]
) -> tuple[float, dict[str, float]]:
    figures, cores = load.under(target, plan | {"seconds": seconds})
    if figures["refused"]:
        raise SystemExit(f"{figures['refused']} answers were errors: the rate would mean nothing")
    return 60 * figures["done"] / figures["seconds"], cores


@contextlib.contextmanager
def _limited(pid: int, name: str) -> Iterator[None]:
    """Limit a process, with its children and theirs, to `SHARE` of a core.

    Raises:
        SystemExit: this account may not make control groups, or the kernel has none.
    """
    root, quota = Path("/sys/fs/cgroup"), int(SHARE * PERIOD_MICROSECONDS)
    if (root / "cgroup.controllers").exists():
        group = root / f"simulacra-{os.getpid()}-{name}"
        limits = {"cpu.max": f"{quota} {PERIOD_MICROSECONDS}"}
    else:  # the first version, with a tree for each controller
        group = root / "cpu" / f"simulacra-{os.getpid()}-{name}"
        limits = {"cpu.cfs_period_us": str(PERIOD_MICROSECONDS), "cpu.cfs_quota_us": str(quota)}
    tree = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    outside = _group_of(pid, group.parent)
    try:
        group.mkdir()
        for file, text in limits.items():
            (group / file).write_text(text)
        for process in tree:
            (group / "cgroup.procs").write_text(str(process.pid))
    except OSError as error:
        raise SystemExit(f"workers cannot be limited here: {error}") from None
    try:
        yield
    finally:
        for member in (group / "cgroup.procs").read_text().split():
            with contextlib.suppress(ProcessLookupError):
                (outside / "cgroup.procs").write_text(member)
        group.rmdir()


def _group_of(pid: int, tree: Path) -> Path:
    """Return the control group that a process is in, below the root of its tree."""
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == ("cpu" if tree.name == "cpu" else ""):
            return tree / path.lstrip("/")
    return tree
