"""A service in the process of a test: its API, its worker, and what its operators do."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
from sqlalchemy import select

from simulacra.service import canary, compose, housekeeping, keys, main, tenancy, worker
from simulacra.service.database import tables
from simulacra.service.database.statuses import OPEN
from simulacra.service.http import envelope
from simulacra.service.jobs import queues
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings

PATIENCE = 60.0
"""Seconds; only a failing test waits for so long."""
STUDY = "age,segment,channel\n" + "\n".join(
    f"{20 + number % 45},{segment},{channel}"
    for number, segment, channel in zip(
        range(60), ["Premium", "Value", "Mid"] * 20, ["Online", "Retail"] * 30, strict=True
    )
)
SCENARIO = {"categorical": {"segment": {"Premium": 0.5, "Value": 0.25}}}


@dataclasses.dataclass(frozen=True)
class Service:
    """A service on a database and a store."""

    runtime: Runtime
    http: httpx.AsyncClient

    async def mint(self, client_id: str, secret: str) -> httpx.Response:
        """Ask for a token."""
        grant = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "audience": self.runtime.identity.audience,
        }
        return await self.http.post("/oauth/token", json=grant)

    async def ask(
        self,
        token: str,
        method: str,
        path: str,
        key: str | None = None,
        **given: Any,  # noqa: ANN401 - as httpx takes it
    ) -> httpx.Response:
        """Send a request of a customer."""
        headers = {"Authorization": f"Bearer {token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.http.request(method, path, headers=headers, **given)

    async def upload(
        self, token: str, key: str | None = None, study: str = STUDY
    ) -> httpx.Response:
        """Upload a study."""
        files = {"seed_file": ("study.csv", study.encode(), "text/csv")}
        return await self.ask(token, "POST", "/v1/datasets", key, files=files)

    async def generate(
        self, token: str, dataset_id: str, key: str | None = None, rows: int = 50
    ) -> httpx.Response:
        """Ask for rows."""
        wanted = {"row_count": rows, "conditions": SCENARIO, "seed": 1, "output_format": "csv"}
        path = f"/v1/datasets/{dataset_id}/generations"
        return await self.ask(token, "POST", path, key, json=wanted)

    async def download(self, token: str, generation_id: str) -> bytes:
        """Return the rows of a generation."""
        shown = accepted(await self.ask(token, "GET", f"/v1/generations/{generation_id}"))
        answer = await self.ask(token, "GET", shown["artifact_url"])
        assert answer.status_code == 200, answer.text
        return answer.content

    async def housekeep(self) -> None:
        """Do all chores; unlike in the service, one that fails raises."""
        for chore in housekeeping.CHORES:
            await chore(self.runtime)

    async def work(self) -> None:
        """Let a worker carry out all jobs, those of workers that were lost too."""
        tasks = [
            asyncio.create_task(worker.work(self.runtime, queues.ALL, 2, PATIENCE)),
            asyncio.create_task(worker._sweep(self.runtime)),
        ]
        try:
            await _until(self._is_idle)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _is_idle(self) -> bool:
        return not [job for job in await self.rows_of(tables.Job) if job.status in OPEN]

    async def rows_of(self, of: type[tables.Table]) -> Any:  # noqa: ANN401 - of that type
        """Return all rows of a table."""
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            return (await session.scalars(select(of))).all()


def accepted(answer: httpx.Response) -> dict[str, Any]:
    """Return the document of an answer, which must be no refusal."""
    assert answer.is_success, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():  # noqa: ASYNC110 - the database sends no event
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def running(
    settings: Settings, keyring: keys.Keyring | None = None
) -> AsyncIterator[Service]:
    """Start a service as its processes start, which ask the database for their keys."""
    runtime = compose.runtime_of(settings, keyring or compose.keyring_of(settings))
    await runtime.database.check_role()
    await canary.check(runtime.database, runtime.keyring)
    await runtime.identity.open()
    app = envelope.Envelope(main.build(runtime), settings.base_url, b"")
    transport = httpx.ASGITransport(app)
    worker.add_tasks(runtime.queue, runtime.job_kinds)
    try:
        async with (
            runtime.queue.open_async(),
            httpx.AsyncClient(
                transport=transport, base_url="https://localhost", timeout=PATIENCE
            ) as http,
        ):
            yield Service(runtime, http)
    finally:
        await runtime.close()
