"""The workload of fault injection: customers at work, and a journal of every request and answer.

    python -m tests.acceptance.traffic PLAN JOURNAL

runs until SIGTERM. Each customer uploads small studies, waits, generates, cancels, deletes and
downloads. Every POST has an Idempotency-Key and is repeated, with jittered backoff and on any API,
for as long as its outcome is unknown. The journal has one JSON object a line; `invariants.py`
checks it.
"""

import asyncio
import contextlib
import csv
import dataclasses
import hashlib
import io
import json
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from examples import study

PATIENCE_SECONDS = 120
FINAL = ("completed", "failed", "cancelled", "expired")
SCENARIOS: dict[str, dict[str, Any]] = {
    "plain": {},
    "premium": {"categorical": {"segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.1}}},
    "tight": {
        "categorical": {"segment": {"Premium": 0.9, "Value": 0.1}, "channel": {"Club": 1.0}},
        "numeric": {"age": {"min": 60, "max": 79}},
    },
}

Json = dict[str, Any]


class GaveUpError(Exception):
    """No API gave a usable answer within `PATIENCE_SECONDS`."""


@dataclasses.dataclass(frozen=True)
class Customer:
    """One tenant's credential."""

    number: int
    client_id: str
    client_secret: str
    audience: str


def seed_file(seed: int, size: int = 160) -> bytes:
    """Return a small study; the same seed gives the same bytes."""
    columns = study.population(size, np.random.default_rng(seed))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue().encode()


class TenantClient:
    """A client of one tenant that knows every API and tries another when one fails."""

    def __init__(self, urls: list[str], customer: Customer, journal: "Journal") -> None:
        self.urls, self.customer, self.journal = urls, customer, journal
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(20, connect=2))
        self._token = ""

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, method: str, path: str, **content: Any) -> httpx.Response:  # noqa: ANN401
        """Return the first answer that settles the request; count tries and the longest outage.

        Raises:
            GaveUpError: there was none within `PATIENCE_SECONDS`.
        """
        began, tries, pause = time.monotonic(), 0, 0.05
        while True:
            tries += 1
            answer = await self._try(method, path, content)
            if answer is not None and not _may_change(answer):
                outage = time.monotonic() - began if tries > 1 else 0.0
                self.journal.count(answer.status_code, tries, outage)
                return answer
            if time.monotonic() - began > PATIENCE_SECONDS:
                last = "nothing" if answer is None else answer.text[:300]
                raise GaveUpError(f"{method} {path}: {tries} tries, the last answer was {last}")
            requested_pause = (
                float(answer.headers.get("retry-after", 0)) if answer is not None else 0.0
            )
            await asyncio.sleep(max(min(requested_pause, 2.0), pause) * random.uniform(0.5, 1.5))
            pause = min(pause * 2, 2.0)

    async def _try(self, method: str, path: str, content: Json) -> httpx.Response | None:
        url = random.choice(self.urls)
        try:
            if not self._token:
                await self._mint(url)
            headers = {"Authorization": f"Bearer {self._token}", **content.get("headers", {})}
            answer = await self._http.request(method, url + path, **{**content, "headers": headers})
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            self.journal.failure(type(error).__name__)
            return None
        if answer.status_code >= 400:
            self.journal.failure(f"{answer.status_code} {_code(answer)}")
        return answer

    async def _mint(self, url: str) -> None:
        customer = self.customer
        body = {
            "grant_type": "client_credentials",
            "client_id": customer.client_id,
            "client_secret": customer.client_secret,
            "audience": customer.audience,
        }
        answer = await self._http.post(f"{url}/oauth/token", json=body)
        self._token = str(answer.raise_for_status().json()["access_token"])

    async def post(self, entry: Json) -> httpx.Response:
        """Send a POST as its journal entry describes it."""
        headers = {"Idempotency-Key": entry["key"]} if entry.get("key") else {}
        if entry["kind"] == "dataset":
            file = ("seed.csv", seed_file(entry["seed"]), "text/csv")
            files = {"seed_file": file}
            return await self.ask("POST", "/v1/datasets", files=files, headers=headers)
        path = f"/v1/datasets/{entry['dataset_id']}/generations"
        return await self.ask("POST", path, json=entry["body"], headers=headers)

    async def wait(self, job_id: str) -> Json:
        """Return the job once it is final; no delay counts as a failure."""
        while True:
            answer = await self.ask("GET", f"/v1/jobs/{job_id}?wait_seconds=5")
            if answer.status_code != 200:
                return {"status": f"answered {answer.status_code} {_code(answer)}"}
            job: Json = answer.json()
            if job["status"] in FINAL:
                return job

    async def download(self, generation_id: str) -> Json:
        """Return the rows of a generation and their hash, or the `fault` in what was delivered."""
        shown = (await self.ask("GET", f"/v1/generations/{generation_id}")).json()
        if shown.get("status") not in ("ready", "partial"):
            return {"fault": f"a completed generation is {shown.get('status', shown)}"}
        downloaded = await self.ask("GET", shown["artifact_url"])
        if downloaded.status_code != 200:
            return {"fault": f"the download answered {downloaded.status_code} {_code(downloaded)}"}
        if hashlib.sha256(downloaded.content).hexdigest() != shown["sha256"]:
            return {"fault": "the bytes are not of the sha256 that was shown"}
        rows = len(list(csv.reader(io.StringIO(downloaded.text)))) - 1
        if rows != shown["rows_generated"]:
            return {"fault": f"{rows} rows instead of {shown['rows_generated']}"}
        return {"sha256": shown["sha256"], "rows": rows}


def _code(answer: httpx.Response) -> str:
    with contextlib.suppress(ValueError, AttributeError):
        return str(answer.json().get("code", ""))
    return ""


def _may_change(answer: httpx.Response) -> bool:
    """Tell whether a retry of the same request may get another answer."""
    waiting = ("simio_idempotency_in_flight", "simio_quota_reservation_conflict")
    return answer.status_code in (429, 408) or answer.status_code >= 500 or _code(answer) in waiting


class Journal:
    """Requests and answers, one JSON object a line, written at once as the process may die."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)
        self._number = 0

    def close(self) -> None:
        self._file.close()

    def write(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - whatever JSON can say
        self._file.write(json.dumps({"event": event, "at": time.time(), **fields}) + "\n")

    def count(self, status: int, tries: int, outage: float) -> None:
        self.write("answer", status=status, tries=tries, outage=outage)

    def failure(self, name: str) -> None:
        self.write("failure", name=name)

    def request(self, customer: int, kind: str, **fields: Any) -> Json:  # noqa: ANN401 - likewise
        """Record a POST before it is sent."""
        self._number += 1
        key = f"{kind}-{customer}-{self._number}-{random.randrange(10**9)}"
        entry = {"key": key, "customer": customer, "kind": kind, **fields}
        self.write("request", **entry)
        return entry


class CustomerLoop:
    """What one customer does, over and over."""

    def __init__(self, client: TenantClient, rng: random.Random) -> None:
        self.client, self.journal, self.rng = client, client.journal, rng

    async def run(self) -> None:
        while True:
            try:
                await self._study_cycle()
            except GaveUpError as error:
                self.journal.write("gave_up", detail=str(error))

    async def _study_cycle(self) -> None:
        """Upload a study, generate from it a few times, sometimes delete it during a generation."""
        number = self.client.customer.number
        entry = self.journal.request(number, "dataset", seed=self.rng.randrange(10**6))
        resource = await self._send(entry)
        if resource is None:
            return
        job = await self._wait_for_end(entry, resource["job_id"])
        if job["status"] != "completed":
            return
        dataset_id = resource["dataset_id"]
        for _ in range(self.rng.randint(2, 5)):
            await self._generation(dataset_id)
        if self.rng.random() < 0.5:
            await self._delete_midway(dataset_id)

    async def _generation(self, dataset_id: str) -> None:
        entry = self._plan_generation(dataset_id)
        resource = await self._send(entry)
        if resource is None:
            return
        if self.rng.random() < 0.15:
            await asyncio.sleep(self.rng.uniform(0, 0.6))
            answer = await self.client.ask("POST", f"/v1/jobs/{resource['job_id']}/cancel")
            self.journal.write("cancel", key=entry["key"], status=answer.status_code)
        job = await self._wait_for_end(entry, resource["job_id"])
        if job["status"] == "completed":
            outcome = await self.client.download(resource["generation_id"])
            self.journal.write(
                "downloaded", key=entry["key"], generation_id=resource["generation_id"], **outcome
            )

    async def _delete_midway(self, dataset_id: str) -> None:
        entry = self._plan_generation(dataset_id)
        resource = await self._send(entry)
        answer = await self.client.ask("DELETE", f"/v1/datasets/{dataset_id}")
        self.journal.write("deleted", dataset_id=dataset_id, status=answer.status_code)
        if resource is not None:
            await self._wait_for_end(entry, resource["job_id"])

    def _plan_generation(self, dataset_id: str) -> Json:
        body = {
            "row_count": self.rng.randint(50, 400),
            "output_format": "csv",
            "seed": self.rng.randrange(10**6),
            "conditions": SCENARIOS[self.rng.choice(list(SCENARIOS))],
        }
        number = self.client.customer.number
        return self.journal.request(number, "generation", dataset_id=dataset_id, body=body)

    async def _send(self, entry: Json) -> Json | None:
        """Send a recorded POST, sometimes twice, as clients do; return what was accepted."""
        answer = await self.client.post(entry)
        record_answer(self.journal, entry, answer)
        if answer.is_success and self.rng.random() < 0.3:
            record_answer(self.journal, entry, await self.client.post(entry))
        return answer.json() if answer.is_success else None

    async def _wait_for_end(self, entry: Json, job_id: str) -> Json:
        began = time.monotonic()
        job = await self.client.wait(job_id)
        record_end(self.journal, entry, job, time.monotonic() - began)
        return job


def record_answer(journal: Journal, entry: Json, answer: httpx.Response) -> None:
    """Record the answer to a POST."""
    if not answer.is_success:
        journal.write("refused", key=entry["key"], status=answer.status_code, code=_code(answer))
        return
    body = answer.json()
    journal.write(
        "accepted",
        key=entry["key"],
        job_id=body["job_id"],
        owner_id=body["generation_id" if entry["kind"] == "generation" else "dataset_id"],
        replayed=answer.headers.get("idempotent-replayed") == "true",
    )


def record_end(journal: Journal, entry: Json, job: Json, seconds: float) -> None:
    """Record how a job ended."""
    error = job.get("error") or {}
    journal.write(
        "ended", key=entry["key"], status=job["status"], code=error.get("code"), seconds=seconds
    )


def read(journal: Path) -> list[Json]:
    """Return the entries of a journal."""
    return [json.loads(line) for line in journal.read_text().splitlines() if line.endswith("}")]


async def _run(plan: Json, journal: Journal) -> None:
    rng = random.Random(plan["seed"])
    random.seed(plan["seed"])
    clients = [TenantClient(plan["urls"], Customer(**it), journal) for it in plan["customers"]]
    loops = [CustomerLoop(client, random.Random(rng.random())) for client in clients] * int(
        plan["loops"]
    )
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()  # raise an error of this program itself
        task.cancel()  # its last answer is lost, as if its machine had died
    await asyncio.gather(*tasks, return_exceptions=True)
    for client in clients:
        await client.close()


if __name__ == "__main__":
    asyncio.run(_run(json.loads(Path(sys.argv[1]).read_text()), Journal(Path(sys.argv[2]))))
