"""The driver: it runs a service in this process step by step, its API, workers and clock."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy import column as sql_column
from sqlalchemy import delete, select, table, update
from sqlalchemy.dialects.postgresql import JSONB

from simulacra.service import compose, housekeeping, keys, main, tenancy
from simulacra.service.database import tables
from simulacra.service.datasets import repository as datasets
from simulacra.service.http import early_response, envelope
from simulacra.service.idempotency import bindings
from simulacra.service.jobs import attempts
from simulacra.service.runtime import Runtime
from simulacra.service.settings import Settings
from simulacra.service.usage import verification
from tests.service.lifecycle import expected_state

T = TypeVar("T")
Work = Callable[[attempts.Attempt], Awaitable[attempts.Save]]

ATTEMPTS = 3
JOBS_PER_TENANT = 2
RETENTION_HOURS = {"patient": 24, "hasty": 2}
"""Of the tenants, by name: the resources of the hasty one expire before its keys do."""
MANY = 1_000_000
TIMEOUT_SECONDS = 60.0

_entries = table("procrastinate_jobs", sql_column("id"), sql_column("args", JSONB))


class CrashError(Exception):
    """Stands for the death of a worker process."""


class AttemptDriver:
    """A worker's attempt at a job; it pauses before its work, and with the result."""

    def __init__(self, driver: "ServiceDriver", tenant_id: str, job_id: str) -> None:
        self.job_id, self.steps = job_id, 0
        self.failure: BaseException | None = None
        self._driver, self._commands = driver, asyncio.Queue[Exception | None]()
        self._paused = asyncio.Event()
        self._attempt: attempts.Attempt | None = None
        self._task = asyncio.create_task(
            attempts.carry_out(self._in_steps(driver.runtime), tenant_id, job_id)
        )

    @property
    def is_done(self) -> bool:
        return self._task.done()

    @property
    def has_result(self) -> bool:
        """Whether all that remains is to end the job."""
        return self.steps == 2

    async def wait_until_paused(self) -> None:
        """Return when the attempt pauses or has ended; the worker then updates the queue."""
        paused = asyncio.create_task(self._paused.wait())
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asyncio.wait((self._task, paused), return_when=asyncio.FIRST_COMPLETED)
        paused.cancel()
        if self._task.done():
            await self._tell_queue()

    async def proceed(self, failure: Exception | None = None) -> None:
        """Let the attempt take its next step, or fail with the given exception instead."""
        self._paused.clear()
        self._commands.put_nowait(failure)
        await self.wait_until_paused()

    async def crash(self) -> None:
        """End as a killed process does: what it has written stays behind."""
        if self._attempt is not None:
            self._attempt.stored_paths.clear()
        await self.proceed(CrashError())

    async def stop(self) -> None:
        """End as when its worker is stopped."""
        self._paused.clear()
        self._task.cancel()
        await self.wait_until_paused()

    def _in_steps(self, runtime: Runtime) -> attempts.Resources:
        """Return what a worker works with whose jobs pause before their work and after it."""

        def pausing(work: Work) -> Work:
            async def work_in_steps(attempt: attempts.Attempt) -> attempts.Save:
                self._attempt = attempt
                await self._pause()
                save = await work(attempt)
                await self._pause()
                return save

            return work_in_steps

        job_kinds = {
            operation: dataclasses.replace(kind, work=pausing(kind.work))
            for operation, kind in runtime.job_kinds.items()
        }
        return dataclasses.replace(runtime, job_kinds=job_kinds).resources

    async def _pause(self) -> None:
        self.steps += 1
        self._paused.set()
        if (failure := await self._commands.get()) is not None:
            raise failure

    async def _tell_queue(self) -> None:
        """Remove the entry as a worker does, unless the attempt requests another one."""
        if self._task.cancelled():
            self.failure = asyncio.CancelledError()
        else:
            self.failure = self._task.exception()
        if self.failure is None:
            await self._driver.lose_queue_entry(self.job_id)


@dataclasses.dataclass(eq=False)
class SlowUpload:
    """A request whose body arrives with a pause in its middle."""

    tenant: expected_state.ExpectedTenant
    key: str
    seed: str
    answer: "asyncio.Task[httpx.Response]"
    rest: asyncio.Event
    lease: expected_state.ExpectedLease | None = None


class ServiceDriver:
    """The service, on an empty database and an empty store."""

    def __init__(self, settings: Settings) -> None:
        self.runtime = compose.runtime_of(settings)
        self.store = settings.data_dir / "objects"
        self._runner = asyncio.Runner()
        self._stack = contextlib.AsyncExitStack()
        self._clients: dict[str, httpx.AsyncClient] = {}
        self.attempts: list[AttemptDriver] = []
        self.slow_uploads: list[SlowUpload] = []

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(coroutine)

    @property
    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) + self.runtime.database.ahead

    async def open(self) -> list[expected_state.ExpectedTenant]:
        """Start the API; return its customers."""
        app = main.build(self.runtime)
        self._app = early_response.EarlyResponse(
            envelope.Envelope(app, self.runtime.policy.base_url, b"")
        )
        self._stack.push_async_callback(self.runtime.close)
        await self.runtime.database.check_role()
        await self.runtime.identity.open()
        return [await self._sign_up(name) for name in RETENTION_HOURS]

    def close(self) -> None:
        """Stop everything, whatever state it is in."""

        async def stop() -> None:
            tasks = [it._task for it in self.attempts] + [it.answer for it in self.slow_uploads]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stack.aclose()

        try:
            self.run(stop())
        finally:
            self._runner.close()

    async def _sign_up(self, name: str) -> expected_state.ExpectedTenant:
        tenant = await self.runtime.tenants.create(company=name, email=f"{name}@a.example")
        promise = {"retention_hours": RETENTION_HOURS[name]}
        bounds = {
            "max_rows_per_request": expected_state.ROW_CAP,
            "subscription_rows": expected_state.SUBSCRIPTION_ROWS,
        }
        mine = update(tables.Tenant).where(tables.Tenant.id == tenant.tenant_id)
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            await session.execute(mine.values(**promise, **bounds))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._app),
            base_url="https://localhost",
            timeout=TIMEOUT_SECONDS,
        )
        await self._stack.enter_async_context(client)
        grant = {
            "grant_type": "client_credentials",
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "audience": self.runtime.identity.audience,
        }
        token = (await client.post("/oauth/token", json=grant)).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {token['access_token']}"
        self._clients[name] = client
        usage = (await client.get("/v1/usage")).json()
        since = dt.datetime.fromisoformat(usage["window_starts_at"])
        life = dt.timedelta(hours=RETENTION_HOURS[name])
        return expected_state.ExpectedTenant(name, tenant.tenant_id, since, life)

    # Actions of customers.

    async def ask(
        self,
        tenant: expected_state.ExpectedTenant,
        method: str,
        path: str,
        **given: Any,  # noqa: ANN401
    ) -> httpx.Response:
        return await self._clients[tenant.name].request(method, path, **given)

    async def upload(
        self, tenant: expected_state.ExpectedTenant, key: str | None, seed: str
    ) -> httpx.Response:
        files = {"seed_file": ("seed.csv", expected_state.SEED_FILES[seed], "text/csv")}
        return await self.ask(tenant, "POST", "/v1/datasets", files=files, headers=_header(key))

    async def generate(
        self,
        tenant: expected_state.ExpectedTenant,
        dataset_id: str,
        key: str | None,
        rows: int,
        scenario: str,
    ) -> httpx.Response:
        wanted = {"row_count": rows, "conditions": expected_state.SCENARIOS[scenario], "seed": 1}
        path = f"/v1/datasets/{dataset_id}/generations"
        return await self.ask(tenant, "POST", path, json=wanted, headers=_header(key))

    async def begin_upload(
        self, tenant: expected_state.ExpectedTenant, key: str, seed: str
    ) -> SlowUpload:
        """Send one half of an upload; the other half follows when the event is set."""
        rest, arrived = asyncio.Event(), asyncio.Event()
        part = 'Content-Disposition: form-data; name="seed_file"; filename="s.csv"'
        form = (
            f"--b\r\n{part}\r\n\r\n".encode() + expected_state.SEED_FILES[seed] + b"\r\n--b--\r\n"
        )

        async def body() -> AsyncIterator[bytes]:
            yield form[: len(form) // 2]
            arrived.set()
            await rest.wait()
            yield form[len(form) // 2 :]

        kind = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(len(form))}
        headers = kind | _header(key)
        request = self.ask(tenant, "POST", "/v1/datasets", content=body(), headers=headers)
        slow = SlowUpload(tenant, key, seed, asyncio.create_task(request), rest)
        waiting = asyncio.create_task(arrived.wait())
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await asyncio.wait((slow.answer, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return slow

    async def cancel(self, job: expected_state.ExpectedJob) -> httpx.Response:
        return await self.ask(job.tenant, "POST", f"/v1/jobs/{job.id}/cancel")

    async def delete(self, dataset: expected_state.ExpectedDataset) -> httpx.Response:
        return await self.ask(dataset.tenant, "DELETE", f"/v1/datasets/{dataset.id}")

    async def finish_upload(self, slow: SlowUpload) -> httpx.Response:
        slow.rest.set()
        return await slow.answer

    async def disconnect(self, slow: SlowUpload) -> None:
        slow.answer.cancel()
        await asyncio.gather(slow.answer, return_exceptions=True)

    # Faults, workers, time and housekeeping.

    async def crash_in_upload(self, tenant: expected_state.ExpectedTenant, key: str) -> bool:
        """Do what an API process does before it is killed in an upload; return whether it began."""
        leased = bindings.Key(tenant.id, "createDataset", key, keys.random_id())
        if not await bindings._take(self.runtime.database, leased):
            return False
        dataset_id = keys.random_id("ds_")
        path = datasets.seed_path(dataset_id)
        await self.runtime.objects.announce(tenant.id, dataset_id, self.runtime.stores.own, path)
        target = self.store / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"half an object")
        return True

    async def begin_attempt(self, tenant_id: str, job_id: str) -> AttemptDriver:
        attempt = AttemptDriver(self, tenant_id, job_id)
        self.attempts.append(attempt)
        await attempt.wait_until_paused()
        return attempt

    async def lose_queue_entry(self, job_id: str) -> None:
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            mine = _entries.c.args["job_id"].astext == job_id
            await session.execute(delete(_entries).where(mine))

    async def advance_clock(self, hours: float) -> None:
        self.runtime.database.ahead += dt.timedelta(hours=hours)

    async def housekeep(self) -> None:
        """Run all chores of housekeeping; unlike in the service, one that fails raises."""
        for chore in housekeeping.CHORES:
            await chore(self.runtime)

    # Observations that customers cannot make.

    async def queued_job_ids(self) -> list[str]:
        """Return the ids of the jobs in the queue, in its order."""
        query = select(_entries.c.args["job_id"].astext).order_by(_entries.c.id)
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            return list(await session.scalars(query))

    async def rows_of(self, of: type[tables.Table]) -> Sequence[Any]:
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            return (await session.scalars(select(of))).all()

    async def integrity_faults(self) -> tuple[str, ...]:
        """Return the faults that verification finds in the ledger and in the audit trail."""
        ledger = (await verification.verify(self.runtime.database)).faults
        broken = (await self.runtime.database.verify_trail()).fault
        return (*ledger, broken) if broken else ledger

    def stored_paths(self) -> set[str]:
        """Return the paths of the objects in the store."""
        found = self.store.rglob("*")
        return {str(path.relative_to(self.store)) for path in found if path.is_file()}


def settings(database_url: str, folder: Path) -> Settings:
    """Return settings with limits so small that a short run reaches them."""
    limits = {f"{kind}_per_minute": MANY for kind in ("reads", "writes", "uploads")}
    keys.make_master_key(folder / "keys" / "master.key")
    return Settings(
        data_dir=folder,
        database_url=database_url,  # type: ignore[arg-type]  # coerced
        job_attempts=ATTEMPTS,
        jobs_per_tenant=JOBS_PER_TENANT,
        **limits,  # type: ignore[arg-type]
    )


def _header(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key}
