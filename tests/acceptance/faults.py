"""Fault injection: kill processes of a cluster under load, then check that no work was lost.

    python -m tests.acceptance.faults --minutes 5 --seed 0 [--json report.json]

Exit code 0: every accepted request has exactly one job with one final result, every row that was
billed was delivered, and nothing is left behind. Exit code 1: the report lists the violations.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from tests.acceptance import cluster, harness, injector, invariants, workload

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SETTLE_SECONDS = 240
SWEEP_SECONDS = 120
ATTEMPTS = "12"  # enough that no job fails for the number of times its worker was killed

Json = dict[str, Any]


@dataclasses.dataclass
class FaultReport:
    """What happened, and which invariants were violated."""

    figures: Json = dataclasses.field(default_factory=dict)
    unsupported: list[str] = dataclasses.field(default_factory=list)
    violations: list[str] = dataclasses.field(default_factory=list)

    def show(self) -> str:
        lines = [f"{name}: {value}" for name, value in self.figures.items()]
        lines += [f"not supported: {it}" for it in self.unsupported]
        lines += [f"VIOLATION: {it}" for it in self.violations] or ["no violations"]
        return "\n".join(lines)


@dataclasses.dataclass
class FaultRun:
    """One run of fault injection on one cluster."""

    target: cluster.ServiceCluster
    seed: int
    customers: list[workload.Customer] = dataclasses.field(default_factory=list)
    report: FaultReport = dataclasses.field(default_factory=FaultReport)

    def __post_init__(self) -> None:
        self.injector = injector.FaultInjector(self.target, random.Random(self.seed))
        self.database = invariants.ClusterDatabase(self.target)
        self.journal = self.target.folder / "journal.jsonl"

    def run(self, seconds: float, *, tenants: int, loops: int) -> FaultReport:
        """Inject faults, settle, replay, settle, and check the invariants."""
        self._create_tenants(tenants)
        with self._load(loops) as load:
            self.injector.inject(seconds, is_alive=lambda: load.poll() is None)
            if load.poll() is not None:
                self.report.violations.append(f"the load ended with code {load.returncode}")
        self._settle()
        before = len(workload.read(self.journal))
        asyncio.run(self._replay())
        self._settle()
        self._check(before)
        return self.report

    def _create_tenants(self, tenants: int) -> None:
        for number in range(tenants):
            words = ["--company", f"Customer {number}", "--email", "a@a.example", "--json"]
            created = self.target.operate("create-tenant", *words)
            assert created.returncode == 0, created.stderr
            credential = json.loads(created.stdout)
            del credential["token_url"]
            self.customers.append(workload.Customer(number, **credential))

    @contextlib.contextmanager
    def _load(self, loops: int) -> "Iterator[subprocess.Popen[bytes]]":
        plan = self.target.folder / "plan.json"
        customers = [dataclasses.asdict(it) for it in self.customers]
        what = {"urls": self.target.urls, "seed": self.seed, "loops": loops, "customers": customers}
        plan.write_text(json.dumps(what))
        command = [sys.executable, "-m", workload.__name__, str(plan), str(self.journal)]
        with (self.target.folder / "workload.log").open("w") as log:
            load = subprocess.Popen(
                command, cwd=ROOT, env=harness.clean_environment(), stdout=log, stderr=log
            )
        try:
            yield load
        finally:
            load.send_signal(signal.SIGTERM)
            load.wait(timeout=30)

    def _settle(self) -> None:
        def is_settled() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                return self.target.is_healthy() and not self.database.unfinished_jobs()
            return False

        began = time.monotonic()
        self.injector.wait_until(is_settled, SETTLE_SECONDS)
        seconds = round(time.monotonic() - began, 1)
        self.report.figures.setdefault("seconds until all jobs had ended", []).append(seconds)

    async def _replay(self) -> None:
        """Send every request once more, whether it was answered or not."""
        entries = workload.read(self.journal)
        journal = workload.Journal(self.journal)
        clients = [workload.TenantClient(self.target.urls, it, journal) for it in self.customers]
        deleted = {it["dataset_id"] for it in entries if it["event"] == "deleted"}
        for request in entries:
            if request["event"] == "request":
                client = clients[request["customer"]]
                answer = await client.post(request)
                workload.record_answer(journal, request, answer)
                if answer.status_code in (404, 409) and request.get("dataset_id") not in deleted:
                    journal.write("gave_up", detail=f"a replay of {request['key']} was refused")
        for client in clients:
            await client.close()
        journal.close()

    def _check(self, before: int) -> None:
        entries = workload.read(self.journal)
        violations, database = self.report.violations, self.database
        self.report.figures = {
            "faults injected": dict(self.injector.faults),
            "starts of processes": dict(self.target.starts),
            **self.report.figures,
            **invariants.figures(database, entries[:before]),
        }
        self._check_keys(entries)
        violations += invariants.check_results(database)
        violations += invariants.check_clients(entries)
        downloaded = asyncio.run(self._download_all())
        violations += invariants.check_ledger(database, downloaded)
        self.report.figures["rows delivered"] = sum(downloaded.values())
        self._check_commands()
        self._check_cancel(entries)
        self._check_leftovers()

    def _check_keys(self, entries: list[Json]) -> None:
        violations = list(invariants.check_keys(self.database, entries))
        if self.database.has("idempotency_keys"):
            self.report.violations += violations
        else:
            self.report.unsupported.append(
                f"replay of Idempotency-Keys ({len(violations)} duplicates)"
            )

    async def _download_all(self) -> dict[str, int]:
        """Return how many rows of every generation that is ready can be downloaded."""
        journal = workload.Journal(self.target.folder / "downloads.jsonl")
        clients = [workload.TenantClient(self.target.urls, it, journal) for it in self.customers]
        rows = {}
        for generation_id, customer in invariants.ready_generations(self.database):
            delivery = await clients[customer].download(generation_id)
            if "fault" in delivery:
                self.report.violations.append(f"{generation_id}: {delivery['fault']}")
            rows[generation_id] = int(delivery.get("rows", 0))
        for client in clients:
            await client.close()
        journal.close()
        return rows

    def _check_commands(self) -> None:
        for words in (("usage", "verify"), ("audit", "verify")):
            ended = self.target.operate(*words)
            if ended.returncode == 2 and "invalid choice" in ended.stderr:
                self.report.unsupported.append(f"simulacra operator {' '.join(words)}")
            elif ended.returncode != 0:
                output = (ended.stdout + ended.stderr).strip()[-300:]
                self.report.violations.append(f"operator {' '.join(words)}: {output}")

    def _check_cancel(self, entries: list[Json]) -> None:
        answers = [it["status"] for it in entries if it["event"] == "cancel"]
        if answers and set(answers) <= {404, 405}:
            self.report.unsupported.append("POST /v1/jobs/{job_id}/cancel")
        elif any(status != 200 for status in answers):
            self.report.violations.append(f"cancel answered {sorted(set(answers))}")

    def _check_leftovers(self) -> None:
        invariants.age_leftovers(self.target, self.database)

        def leftovers() -> list[str]:
            objects = invariants.misplaced_objects(self.target, self.database)
            return objects + invariants.leftover_folders(self.target.temporary)

        began = time.monotonic()
        is_swept = self.database.has("objects")
        self.injector.wait_until(lambda: not leftovers(), SWEEP_SECONDS if is_swept else 1)
        self.report.figures["seconds until all was swept"] = round(time.monotonic() - began, 1)
        if is_swept:
            self.report.violations += leftovers()
        else:
            self.report.unsupported.append(f"the ledger of objects ({len(leftovers())} left over)")


def run(
    folder: Path,
    seconds: float,
    seed: int,
    *,
    apis: int = 2,
    workers: int = 3,
    tenants: int = 4,
    loops: int = 2,
) -> FaultReport:
    """Return the report of one run on a cluster of its own."""
    with cluster.running(
        folder, apis=apis, workers=workers, SIMULACRA_JOB_ATTEMPTS=ATTEMPTS
    ) as target:
        # `cluster.running` asserts at its end that no process is left.
        return FaultRun(target, seed).run(seconds, tenants=tenants, loops=loops)


def main() -> int:
    """Run it and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the report here, too")
    parser.add_argument("--keep", type=Path, help="folder for logs and data; kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary, "cluster")
        report = run(folder, options.minutes * 60, options.seed, workers=options.workers)
    sys.stdout.write(report.show() + "\n")
    if options.json is not None:
        options.json.write_text(json.dumps(dataclasses.asdict(report), indent=2))
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
