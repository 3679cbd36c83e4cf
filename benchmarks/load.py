"""Load on a cluster of 2 APIs: rates and latencies, and what limits them.

    python -m benchmarks.load [--seconds 15] [--tenants 20]

PostgreSQL, the object store, APIs and workers are processes of their own, and so is the load; all
share the machine, so what is measured is a lower bound. Beside each figure stands how much
processor time each part took, in cores. It shows what to add first: if hardly a core is
idle, the part that takes the most; otherwise time is lost by waiting (polling, locks, network).
"""

import argparse
import asyncio
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks import page
from tests.acceptance import cluster, workload

CONNECTIONS = 8
JOBS_IN_FLIGHT = 6
ROWS = 500
RESPONDENTS = 300
SCENARIO = {"categorical": {"segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10}}}
IDLE_SHARE = 0.1  # of all cores; below it none counts as idle
UNLIMITED = {
    f"SIMULACRA_{kind}_PER_MINUTE": "1000000" for kind in ("READS", "WRITES", "UPLOADS")
}  # so that the rate limits of a client are not what is measured
PARTS = ("api", "database", "store", "worker", "jobs", "load")

Json = dict[str, Any]


def main() -> None:
    """Start a cluster, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--tenants", type=int, default=20)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        cluster.running(Path(folder, "cluster"), apis=2, workers=3, **UNLIMITED) as target,
    ):
        measure(Bench(target, options.seconds), options.tenants)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    print(f"\n{time.strftime('%Y-%m-%d')}; {machine}; {' '.join(sys.argv)}")


class Bench:
    """Runs one load after another and prints a line for each."""

    def __init__(self, target: cluster.ServiceCluster, seconds: float) -> None:
        self.target, self.seconds = target, seconds
        columns = [*PARTS, "others", "idle", "first limit"]
        print(f"| load | rate | p50, ms | p99, ms | not 2xx | {' | '.join(columns)} |")
        print(f"|---|---|---|---|---|{'---|' * len(columns)}")

    def run(self, name: str, unit: str, plan: Json) -> Json:
        """Run the load of `plan` in a separate process and return its figures."""
        figures, cores = under(self.target, plan | {"seconds": self.seconds})
        per = 60 if unit == "min" else 1
        rate = f"{figures['done'] / figures['seconds'] * per:,.1f}/{unit}"
        latency = " | ".join(f"{figures[key] * 1000:,.1f}" for key in ("p50", "p99"))
        shares = " | ".join(f"{share:.2f}" for share in cores.values())
        line = f"| {name} | {rate} | {latency} | {figures['refused']} | {shares} | {limit(cores)} |"
        print(line, flush=True)
        return figures


def under(target: cluster.ServiceCluster, plan: Json) -> tuple[Json, dict[str, float]]:
    """Run the load of `plan` in a separate process; return its figures and the cores of each part.

    Args:
        target: on what.
        plan: for `Load`, without the addresses.
    """
    command = [sys.executable, "-m", "benchmarks.load", "--load"]
    pipes: Json = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    load = subprocess.Popen(command, cwd=page.ROOT, **pipes)  # noqa: S603 - this very module
    with sampled(target) as cores:
        out, _ = load.communicate(json.dumps(plan | {"urls": target.urls}))
    figures: Json = json.loads(out)
    return figures, cores


def limit(cores: dict[str, float]) -> str:
    """Return what limits the rate."""
    if cores["idle"] > IDLE_SHARE * sum(cores.values()):
        return "none of the processors"
    most = max((part for part in cores if part != "idle"), key=cores.__getitem__)
    return f"processor: {most}"


def measure(bench: Bench, tenants: int) -> None:
    """Measure one tenant and many, then one worker and more."""
    accounts = [prepare(bench.target, number) for number in range(tenants)]
    for some in (accounts[:1], accounts):
        who = f"{len(some)} tenant{'s' if len(some) > 1 else ''}"
        for name, path in (
            ("GET /healthz", "/healthz"),
            ("GET job", "/v1/jobs/{job_id}"),
            ("GET schema", "/v1/datasets/{dataset_id}/schema"),
        ):
            plan = {"kind": "get", "path": path, "accounts": some, "connections": CONNECTIONS}
            bench.run(f"{name}, {who}", "s", plan)
        plan = {"kind": "generate", "accounts": some, "connections": len(some)}
        bench.run(f"generation of {ROWS} rows, one at a time each, {who}", "s", plan)
    for workers in (1, 2, 3):
        run_workers(bench.target, workers)
        for kind in ("generate", "train"):
            connections = JOBS_IN_FLIGHT * workers
            plan = {"kind": kind, "accounts": accounts, "connections": connections}
            bench.run(f"{kind}, {workers} worker{'s' if workers > 1 else ''}", "min", plan)


def run_workers(target: cluster.ServiceCluster, workers: int) -> None:
    """Resume the first workers and suspend the others."""
    for number, name in enumerate(target.worker_names):
        if number < workers:
            target.resume(name)
        else:
            target.suspend(name)
    time.sleep(3)  # for the fork server of a new worker to have loaded the engine


def prepare(target: cluster.ServiceCluster, number: int) -> Json:
    """Create a tenant with a trained dataset; return its token and ids."""
    words = ["--company", f"Tenant {number}", "--email", "a@a.example", "--json"]
    credential = json.loads(target.operate("create-tenant", *words).stdout)
    body = {"grant_type": "client_credentials", **credential}
    with httpx.Client(base_url=target.urls[0], timeout=90) as api:
        body.pop("token_url")
        token = api.post("/oauth/token", json=body).raise_for_status().json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        started = api.post(
            "/v1/datasets", files={"seed_file": workload.seed_file(number, RESPONDENTS)}, data={}
        ).json()
        while True:
            job = api.get(f"/v1/jobs/{started['job_id']}", params={"wait_seconds": 20}).json()
            if job["status"] == "completed":
                break
    return {"token": token, "dataset_id": started["dataset_id"], "job_id": started["job_id"]}


@contextlib.contextmanager
def sampled(target: cluster.ServiceCluster) -> Iterator[dict[str, float]]:
    """Fill the mapping, at the end, with the cores that each part was busy on average."""
    cores = dict.fromkeys(PARTS, 0.0)
    cores |= {"others": 0.0, "idle": 0.0}
    before, began = _seconds_of(target), time.monotonic()
    yield cores
    elapsed = time.monotonic() - began
    after = _seconds_of(target)
    for part in PARTS:
        cores[part] = (after[part] - before[part]) / elapsed
    cores["idle"] = (after["idle"] - before["idle"]) / elapsed
    cores["others"] = (after["busy"] - before["busy"]) / elapsed - sum(
        cores[part] for part in PARTS
    )


def _seconds_of(target: cluster.ServiceCluster) -> dict[str, float]:
    """Return the processor time of each part so far; a parent includes its ended children."""
    seconds = dict.fromkeys(PARTS, 0.0)
    own = os.times()
    seconds["load"] = own.children_user + own.children_system
    machine = psutil.cpu_times()
    seconds["idle"] = machine.idle + machine.iowait
    seconds["busy"] = machine.user + machine.nice + machine.system + machine.softirq
    for name in target.starts:
        kind = name.partition("-")[0]
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(target.pid(name))
            if kind == "worker":
                seconds["worker"] += _busy(root, with_ended=False)
                for helper in root.children():
                    seconds["jobs"] += _tree(helper)
            else:
                seconds[kind] += _tree(root)
    return seconds


def _tree(process: psutil.Process) -> float:
    return sum(_busy(it, with_ended=True) for it in [process, *process.children(recursive=True)])


def _busy(process: psutil.Process, *, with_ended: bool) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        ended = times.children_user + times.children_system if with_ended else 0.0
        return float(times.user + times.system + ended)
    return 0.0


class Load:
    """The load: a number of connections, each of which sends one request after another."""

    def __init__(self, plan: Json) -> None:
        self.plan = plan
        self.durations: list[float] = []
        self.refused = 0
        self.deadline = time.monotonic() + plan["seconds"]

    async def run(self) -> Json:
        """Return the number of completed actions and quantiles of their durations, seconds."""
        began = time.monotonic()
        actions: dict[str, Callable[[httpx.AsyncClient, Json], Coroutine[Any, Any, bool]]] = {
            "get": self._get,
            "generate": self._generate,
            "train": self._train,
        }
        action = actions[self.plan["kind"]]
        await asyncio.gather(*(self._repeat(n, action) for n in range(self.plan["connections"])))
        ordered = sorted(self.durations) or [float("nan")]
        return {
            "done": len(self.durations),
            "seconds": time.monotonic() - began,
            "refused": self.refused,
            "p50": ordered[len(ordered) // 2],
            "p99": ordered[min(len(ordered) * 99 // 100, len(ordered) - 1)],
        }

    async def _repeat(
        self, number: int, action: Callable[[httpx.AsyncClient, Json], Coroutine[Any, Any, bool]]
    ) -> None:
        urls, accounts = self.plan["urls"], self.plan["accounts"]
        async with httpx.AsyncClient(base_url=urls[number % len(urls)], timeout=90) as api:
            turn = number
            while time.monotonic() < self.deadline:
                account = accounts[turn % len(accounts)]
                turn += self.plan["connections"] + 1
                began = time.monotonic()
                if await action(api, account):
                    self.durations.append(time.monotonic() - began)
                else:
                    self.refused += 1

    async def _get(self, api: httpx.AsyncClient, account: Json) -> bool:
        path = self.plan["path"].format(**account)
        return (await api.get(path, headers=_bearer(account))).is_success

    async def _generate(self, api: httpx.AsyncClient, account: Json) -> bool:
        request = {"row_count": ROWS, "output_format": "csv", "conditions": SCENARIO}
        path = f"/v1/datasets/{account['dataset_id']}/generations"
        answer = await api.post(
            path, json={**request, "wait_seconds": 30}, headers=_bearer(account)
        )
        return answer.is_success and await self._ended(api, account, answer.json())

    async def _train(self, api: httpx.AsyncClient, account: Json) -> bool:
        files = {"seed_file": workload.seed_file(int(time.monotonic() * 1e6) % 10**6, RESPONDENTS)}
        form = {"wait_seconds": "30"}
        answer = await api.post("/v1/datasets", files=files, data=form, headers=_bearer(account))
        return answer.is_success and await self._ended(api, account, answer.json())

    async def _ended(self, api: httpx.AsyncClient, account: Json, started: Json) -> bool:
        while started["status"] in ("queued", "processing"):
            answer = await api.get(
                f"/v1/jobs/{started['job_id']}?wait_seconds=30", headers=_bearer(account)
            )
            if not answer.is_success:
                return False
            started = answer.json()
        return started["status"] in ("ready", "partial", "completed")


def _bearer(account: Json) -> dict[str, str]:
    return {"Authorization": f"Bearer {account['token']}"}


if __name__ == "__main__":
    if sys.argv[1:] == ["--load"]:
        print(json.dumps(asyncio.run(Load(json.load(sys.stdin)).run())))
    else:
        main()
