"""Customers under a storm: what they do, and a journal of all they asked for and were told.

    python -m tests.acceptance.traffic PLAN JOURNAL

runs until SIGTERM. Each customer uploads small studies, waits, generates, cancels, deletes and
downloads. Every POST has an Idempotency-Key and is repeated, with jittered backoff and on any API,
for as long as its fate is unknown. The journal is one JSON object a line; `chaos.py` judges it.
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
    """No API gave a usable answer for longer than any outage may last."""


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


class Client:
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
                told = "nothing" if answer is None else answer.text[:300]
                raise GaveUpError(f"{method} {path}: {tries} tries, the last was told {told}")
            named = float(answer.headers.get("retry-after", 0)) if answer is not None else 0.0
            await asyncio.sleep(max(min(named, 2.0), pause) * random.uniform(0.5, 1.5))
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
        it = self.customer
        body = {
            "grant_type": "client_credentials",
            "client_id": it.client_id,
            "client_secret": it.client_secret,
            "audience": it.audience,
        }
        answer = await self._http.post(f"{url}/oauth/token", json=body)
        self._token = str(answer.raise_for_status().json()["access_token"])

    async def post(self, wish: Json) -> httpx.Response:
        """Send a POST as its journal entry describes it."""
        headers = {"Idempotency-Key": wish["key"]} if wish.get("key") else {}
        if wish["kind"] == "dataset":
            file = ("seed.csv", seed_file(wish["seed"]), "text/csv")
            files = {"seed_file": file}
            return await self.ask("POST", "/v1/datasets", files=files, headers=headers)
        path = f"/v1/datasets/{wish['dataset_id']}/generations"
        return await self.ask("POST", path, json=wish["body"], headers=headers)

    async def wait(self, job_id: str) -> Json:
        """Return the job once it is final; how long a storm holds it up is no fault."""
        while True:
            answer = await self.ask("GET", f"/v1/jobs/{job_id}?wait_seconds=5")
            if answer.status_code != 200:
                return {"status": f"answered {answer.status_code} {_code(answer)}"}
            job: Json = answer.json()
            if job["status"] in FINAL:
                return job

    async def download(self, generation_id: str) -> Json:
        """Return the shape of a generation and whether its bytes are what it says they are."""
        shown = (await self.ask("GET", f"/v1/generations/{generation_id}")).json()
        if shown.get("status") not in ("ready", "partial"):
            return {"fault": f"a completed generation is {shown.get('status', shown)}"}
        got = await self.ask("GET", shown["artifact_url"])
        if got.status_code != 200:
            return {"fault": f"the download answered {got.status_code} {_code(got)}"}
        if hashlib.sha256(got.content).hexdigest() != shown["sha256"]:
            return {"fault": "the bytes are not of the sha256 that was shown"}
        rows = len(list(csv.reader(io.StringIO(got.text)))) - 1
        if rows != shown["rows_generated"]:
            return {"fault": f"{rows} rows instead of {shown['rows_generated']}"}
        return {"sha256": shown["sha256"], "rows": rows}


def _code(answer: httpx.Response) -> str:
    with contextlib.suppress(ValueError, AttributeError):
        return str(answer.json().get("code", ""))
    return ""


def _may_change(answer: httpx.Response) -> bool:
    """Tell whether the same request may be answered otherwise later."""
    waiting = ("simio_idempotency_in_flight", "simio_quota_reservation_conflict")
    return answer.status_code in (429, 408) or answer.status_code >= 500 or _code(answer) in waiting


class Journal:
    """What was asked and told, a JSON object a line; written at once, for a process that ends."""

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

    def wish(self, customer: int, kind: str, **fields: Any) -> Json:  # noqa: ANN401 - likewise
        """Note a POST before it is sent."""
        self._number += 1
        key = f"{kind}-{customer}-{self._number}-{random.randrange(10**9)}"
        wish = {"key": key, "customer": customer, "kind": kind, **fields}
        self.write("wish", **wish)
        return wish


class Loop:
    """What one customer does again and again."""

    def __init__(self, client: Client, chance: random.Random) -> None:
        self.client, self.journal, self.chance = client, client.journal, chance

    async def run(self) -> None:
        while True:
            try:
                await self._study()
            except GaveUpError as error:
                self.journal.write("gave_up", detail=str(error))

    async def _study(self) -> None:
        """Upload, generate from it a few times, sometimes delete it while rows are made."""
        number = self.client.customer.number
        wish = self.journal.wish(number, "dataset", seed=self.chance.randrange(10**6))
        made = await self._accepted(wish)
        if made is None:
            return
        job = await self._ended(wish, made["job_id"])
        if job["status"] != "completed":
            return
        dataset_id = made["dataset_id"]
        for _ in range(self.chance.randint(2, 5)):
            await self._generation(dataset_id)
        if self.chance.random() < 0.5:
            await self._delete_midway(dataset_id)

    async def _generation(self, dataset_id: str) -> None:
        wish = self._wish_rows(dataset_id)
        made = await self._accepted(wish)
        if made is None:
            return
        if self.chance.random() < 0.15:
            await asyncio.sleep(self.chance.uniform(0, 0.6))
            answer = await self.client.ask("POST", f"/v1/jobs/{made['job_id']}/cancel")
            self.journal.write("cancel", key=wish["key"], status=answer.status_code)
        job = await self._ended(wish, made["job_id"])
        if job["status"] == "completed":
            told = await self.client.download(made["generation_id"])
            self.journal.write(
                "downloaded", key=wish["key"], generation_id=made["generation_id"], **told
            )

    async def _delete_midway(self, dataset_id: str) -> None:
        wish = self._wish_rows(dataset_id)
        made = await self._accepted(wish)
        answer = await self.client.ask("DELETE", f"/v1/datasets/{dataset_id}")
        self.journal.write("deleted", dataset_id=dataset_id, status=answer.status_code)
        if made is not None:
            await self._ended(wish, made["job_id"])

    def _wish_rows(self, dataset_id: str) -> Json:
        body = {
            "row_count": self.chance.randint(50, 400),
            "output_format": "csv",
            "seed": self.chance.randrange(10**6),
            "conditions": SCENARIOS[self.chance.choice(list(SCENARIOS))],
        }
        number = self.client.customer.number
        return self.journal.wish(number, "generation", dataset_id=dataset_id, body=body)

    async def _accepted(self, wish: Json) -> Json | None:
        """Send a wish, sometimes once more, as clients do; return what was accepted."""
        answer = await self.client.post(wish)
        note_answer(self.journal, wish, answer)
        if answer.is_success and self.chance.random() < 0.3:
            note_answer(self.journal, wish, await self.client.post(wish))
        return answer.json() if answer.is_success else None

    async def _ended(self, wish: Json, job_id: str) -> Json:
        began = time.monotonic()
        job = await self.client.wait(job_id)
        note_end(self.journal, wish, job, time.monotonic() - began)
        return job


def note_answer(journal: Journal, wish: Json, answer: httpx.Response) -> None:
    """Note what became of a POST."""
    if not answer.is_success:
        journal.write("refused", key=wish["key"], status=answer.status_code, code=_code(answer))
        return
    body = answer.json()
    journal.write(
        "accepted",
        key=wish["key"],
        job_id=body["job_id"],
        owner_id=body["generation_id" if wish["kind"] == "generation" else "dataset_id"],
        replayed=answer.headers.get("idempotent-replayed") == "true",
    )


def note_end(journal: Journal, wish: Json, job: Json, seconds: float) -> None:
    """Note how a job ended."""
    error = job.get("error") or {}
    journal.write(
        "ended", key=wish["key"], status=job["status"], code=error.get("code"), seconds=seconds
    )


def read(journal: Path) -> list[Json]:
    """Return the entries of a journal."""
    return [json.loads(line) for line in journal.read_text().splitlines() if line.endswith("}")]


async def _run(plan: Json, journal: Journal) -> None:
    chance = random.Random(plan["seed"])
    random.seed(plan["seed"])
    clients = [Client(plan["urls"], Customer(**it), journal) for it in plan["customers"]]
    loops = [Loop(client, random.Random(chance.random())) for client in clients] * int(
        plan["loops"]
    )
    tasks = [asyncio.create_task(loop.run()) for loop in loops]
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()  # a fault of this program
        task.cancel()  # whatever it was told, nobody sees: as if its machine had died
    await asyncio.gather(*tasks, return_exceptions=True)
    for client in clients:
        await client.close()


if __name__ == "__main__":
    asyncio.run(_run(json.loads(Path(sys.argv[1]).read_text()), Journal(Path(sys.argv[2]))))
