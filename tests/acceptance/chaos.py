"""Kill whatever there is, again and again, under load; then ask whether any work was lost.

    python -m tests.acceptance.chaos --minutes 5 --seed 0 [--json report.json]

Exit code 0: every accepted request has exactly one job with one final result, every row that was
billed was delivered, and nothing is left behind. Exit code 1: the report says what is not so.
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

from tests.acceptance import cluster, harness, storm, traffic, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SETTLE_SECONDS = 240
SWEEP_SECONDS = 120
ATTEMPTS = "12"  # a job may be hit as often as the storm likes; losing none is the point

Json = dict[str, Any]


@dataclasses.dataclass
class Report:
    """What happened and what must not have."""

    figures: Json = dataclasses.field(default_factory=dict)
    absent: list[str] = dataclasses.field(default_factory=list)
    violations: list[str] = dataclasses.field(default_factory=list)

    def show(self) -> str:
        lines = [f"{name}: {value}" for name, value in self.figures.items()]
        lines += [f"not there: {it}" for it in self.absent]
        lines += [f"VIOLATION: {it}" for it in self.violations] or ["no violations"]
        return "\n".join(lines)


@dataclasses.dataclass
class Trial:
    """One storm over one cluster."""

    target: cluster.Cluster
    seed: int
    customers: list[traffic.Customer] = dataclasses.field(default_factory=list)
    report: Report = dataclasses.field(default_factory=Report)

    def __post_init__(self) -> None:
        self.storm = storm.Storm(self.target, random.Random(self.seed))
        self.books = verdict.Books(self.target)
        self.journal = self.target.folder / "journal.jsonl"

    def run(self, seconds: float, *, tenants: int, loops: int) -> Report:
        """Storm, settle, replay, settle, and judge."""
        self._admit(tenants)
        with self._load(loops) as load:
            self.storm.rage(seconds, is_alive=lambda: load.poll() is None)
            if load.poll() is not None:
                self.report.violations.append(f"the load ended with code {load.returncode}")
        self._settle()
        before = len(traffic.read(self.journal))
        asyncio.run(self._replay())
        self._settle()
        self._judge(before)
        return self.report

    def _admit(self, tenants: int) -> None:
        for number in range(tenants):
            words = ["--company", f"Customer {number}", "--email", "a@a.example", "--json"]
            made = self.target.operate("create-tenant", *words)
            assert made.returncode == 0, made.stderr
            credential = json.loads(made.stdout)
            del credential["token_url"]
            self.customers.append(traffic.Customer(number, **credential))

    @contextlib.contextmanager
    def _load(self, loops: int) -> "Iterator[subprocess.Popen[bytes]]":
        plan = self.target.folder / "plan.json"
        customers = [dataclasses.asdict(it) for it in self.customers]
        what = {"urls": self.target.urls, "seed": self.seed, "loops": loops, "customers": customers}
        plan.write_text(json.dumps(what))
        command = [sys.executable, "-m", traffic.__name__, str(plan), str(self.journal)]
        with (self.target.folder / "traffic.log").open("w") as log:
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
                return self.target.is_healthy() and not self.books.unfinished()
            return False

        began = time.monotonic()
        self.storm.calm(is_settled, SETTLE_SECONDS)
        seconds = round(time.monotonic() - began, 1)
        self.report.figures.setdefault("seconds until all jobs had ended", []).append(seconds)

    async def _replay(self) -> None:
        """Send every key once more, seen through or not, and learn how its job ended."""
        entries = traffic.read(self.journal)
        journal = traffic.Journal(self.journal)
        clients = [traffic.Client(self.target.urls, it, journal) for it in self.customers]
        deleted = {it["dataset_id"] for it in entries if it["event"] == "deleted"}
        for wish in entries:
            if wish["event"] == "wish":
                client = clients[wish["customer"]]
                answer = await client.post(wish)
                traffic.note_answer(journal, wish, answer)
                if answer.status_code in (404, 409) and wish.get("dataset_id") not in deleted:
                    journal.write("gave_up", detail=f"a replay of {wish['key']} was refused")
        for client in clients:
            await client.close()
        journal.close()

    def _judge(self, before: int) -> None:
        entries = traffic.read(self.journal)
        found, books = self.report.violations, self.books
        self.report.figures = {
            "blows": dict(self.storm.blows),
            "starts of processes": dict(self.target.starts),
            **self.report.figures,
            **verdict.figures(books, entries[:before]),
        }
        self._judge_keys(entries)
        found += verdict.of_results(books)
        found += verdict.of_clients(entries)
        downloaded = asyncio.run(self._download_all())
        found += verdict.of_ledger(books, downloaded)
        self.report.figures["rows delivered"] = sum(downloaded.values())
        self._judge_commands()
        self._judge_cancel(entries)
        self._judge_leftovers()

    def _judge_keys(self, entries: list[Json]) -> None:
        found = list(verdict.of_keys(self.books, entries))
        if self.books.has("idempotency_keys"):
            self.report.violations += found
        else:
            self.report.absent.append(f"replay of Idempotency-Keys ({len(found)} doubles)")

    async def _download_all(self) -> dict[str, int]:
        """Return the rows of every generation that is ready, as they arrive."""
        journal = traffic.Journal(self.target.folder / "downloads.jsonl")
        clients = [traffic.Client(self.target.urls, it, journal) for it in self.customers]
        rows = {}
        for generation_id, customer in verdict.ready_generations(self.books):
            told = await clients[customer].download(generation_id)
            if "fault" in told:
                self.report.violations.append(f"{generation_id}: {told['fault']}")
            rows[generation_id] = int(told.get("rows", 0))
        for client in clients:
            await client.close()
        journal.close()
        return rows

    def _judge_commands(self) -> None:
        for words in (("usage", "verify"), ("audit", "verify")):
            ended = self.target.operate(*words)
            if ended.returncode == 2 and "invalid choice" in ended.stderr:
                self.report.absent.append(f"simulacra operator {' '.join(words)}")
            elif ended.returncode != 0:
                said = (ended.stdout + ended.stderr).strip()[-300:]
                self.report.violations.append(f"operator {' '.join(words)}: {said}")

    def _judge_cancel(self, entries: list[Json]) -> None:
        answers = [it["status"] for it in entries if it["event"] == "cancel"]
        if answers and set(answers) <= {404, 405}:
            self.report.absent.append("POST /v1/jobs/{job_id}/cancel")
        elif any(status != 200 for status in answers):
            self.report.violations.append(f"cancel answered {sorted(set(answers))}")

    def _judge_leftovers(self) -> None:
        verdict.hasten_sweeps(self.target, self.books)

        def leftovers() -> list[str]:
            objects = verdict.of_objects(self.target, self.books)
            return objects + verdict.of_disk(self.target.temporary)

        began = time.monotonic()
        is_swept = self.books.has("objects")
        self.storm.calm(lambda: not leftovers(), SWEEP_SECONDS if is_swept else 1)
        self.report.figures["seconds until all was swept"] = round(time.monotonic() - began, 1)
        if is_swept:
            self.report.violations += leftovers()
        else:
            self.report.absent.append(f"the ledger of objects ({len(leftovers())} left over)")


def run(
    folder: Path,
    seconds: float,
    seed: int,
    *,
    apis: int = 2,
    workers: int = 3,
    tenants: int = 4,
    loops: int = 2,
) -> Report:
    """Return the report of one trial on a cluster of its own."""
    with cluster.running(
        folder, apis=apis, workers=workers, SIMULACRA_JOB_ATTEMPTS=ATTEMPTS
    ) as target:
        # That no process is left is asserted on the way out.
        return Trial(target, seed).run(seconds, tenants=tenants, loops=loops)


def main() -> int:
    """Run a trial and print its report."""
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
