"""A week and more of a study's life, by a clock that the test moves."""

import datetime as dt
import io
from collections.abc import Coroutine
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from examples import study
from simulacra.service import errors, housekeeping, tenancy
from simulacra.service.database import tables
from simulacra.service.datasets.schemas import UploadFields
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.endpoints.generations import generations_of
from simulacra.service.generations.schemas import GenerationRequest
from simulacra.service.idempotency import bindings
from simulacra.service.identity.principal import Principal
from simulacra.service.jobs import attempts, repository
from simulacra.service.jobs import service as jobs
from simulacra.service.runtime import Runtime
from simulacra.service.usage import windows
from tests.coroutines import RunAsync
from tests.service.jobs import work

WHOLE = [undefer(tables.Dataset.published_schema)]
FIELDS = UploadFields.model_validate({})
WANTED = GenerationRequest.model_validate({"row_count": 50, "seed": 1})


class Life:
    """One tenant's study, on a runtime whose clock can be moved."""

    def __init__(self, runtime: Runtime, caller: Principal, seed: bytes) -> None:
        self.runtime, self.caller, self.seed = runtime, caller, seed

    async def at(self, **since_the_beginning: float) -> None:
        """Move the clock, and keep house once."""
        self.runtime.database.ahead = dt.timedelta(**since_the_beginning)
        await housekeeping.tidy(self.runtime)

    async def upload(self, key: str) -> tuple[tables.Dataset, bool]:
        bound = bindings.of(self.caller, "createDataset", key)
        async with bindings.lease(self.runtime.database, bound) as held:
            return await datasets_of(self.runtime).create(
                self.caller, io.BytesIO(self.seed), FIELDS, held
            )

    async def generate(self, dataset_id: str, key: str) -> tuple[tables.Generation, bool]:
        bound = bindings.of(self.caller, "createGeneration", key)
        return await generations_of(self.runtime).create(self.caller, dataset_id, WANTED, bound)

    async def carry_out(self, job_id: str) -> None:
        await attempts.carry_out(self.runtime.resources, self.caller.tenant_id, job_id)

    async def job_status(self, job_id: str) -> str:
        return (await jobs.read(self.runtime.database, self.caller, job_id)).status

    async def refused(self, reading: Coroutine[None, None, object]) -> str:
        with pytest.raises(errors.ServiceError) as refusal:
            await reading
        return refusal.value.entry.code

    async def balance(self) -> tuple[int, int]:
        async with self.runtime.database.transaction(self.caller.tenant_id) as session:
            tenant = await session.get_one(tables.Tenant, self.caller.tenant_id)
            window = await windows.current(session, tenant)
        return window.rows_reserved, window.rows_used

    async def count(self, table: type[tables.Table]) -> int:
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def actions(self) -> list[str]:
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            rows = tables.AuditEntry
            return list(await session.scalars(select(rows.action).order_by(rows.number)))


def test_a_week_of_a_study(  # noqa: PLR0915 - a story, told in order
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    seed = tmp_path / "seed.csv"
    study.write(seed)

    def stored() -> int:
        return sum(path.is_file() for path in (tmp_path / "objects").rglob("*"))

    async def check() -> None:
        life = Life(runtime, await work.tenant(runtime), seed.read_bytes())
        caller = life.caller

        # The first hour: a model and some rows; retries find them.
        dataset, _ = await life.upload("upload")
        await life.carry_out(dataset.job_id)
        made, _ = await life.generate(dataset.id, "rows")
        await life.carry_out(made.job_id)
        await life.at(hours=1)
        assert stored() == 3  # seed, model, rows
        assert (await life.upload("upload"))[1]
        again, is_replayed = await life.generate(dataset.id, "rows")
        assert (again.id, again.status, is_replayed) == (made.id, "ready", True)
        assert await life.balance() == (0, 50)

        # It is kept on, but never past a week.
        extended = await datasets_of(runtime).extend(caller, dataset.id, 168)
        assert extended.expires_at - extended.created_at == dt.timedelta(days=7)
        shorter = datasets_of(runtime).extend(caller, dataset.id, 24)
        assert await life.refused(shorter) == "simio_invalid_field"

        # After a day the rows are gone, the job's record is short, and the keys are free again.
        await life.at(hours=23, minutes=50)
        assert (await generations_of(runtime).read(caller, made.id)).status == "ready"
        assert await life.job_status(dataset.job_id) == "completed"
        await life.at(hours=24, minutes=30)
        gone = generations_of(runtime).read(caller, made.id)
        assert await life.refused(gone) == "simio_generation_not_found"
        assert stored() == 2
        assert await life.job_status(dataset.job_id) == "expired"
        assert (await datasets_of(runtime).read(caller, dataset.id)).status == "ready"
        second, is_replayed = await life.generate(dataset.id, "rows")
        assert (second.id != made.id, is_replayed) == (True, False)
        await life.carry_out(second.job_id)

        # On the last day a generation begins that the model will not outlive.
        await life.at(days=6, hours=23)
        late, _ = await life.generate(dataset.id, "late")
        assert await life.balance() == (50, 100)
        await life.at(days=7, minutes=10)
        lost = datasets_of(runtime).read(caller, dataset.id)
        assert await life.refused(lost) == "simio_dataset_not_found"
        assert await life.job_status(late.job_id) == "expired"
        assert await life.balance() == (0, 100)
        assert stored() == 0
        again, is_replayed = await life.generate(dataset.id, "late")
        assert (again.id, again.status, is_replayed) == (late.id, "failed", True)
        assert (await life.actions()).count("dataset.expired") == 1

        # What was in it is nowhere any more; ids stay as long as a retry or an invoice needs them.
        async with runtime.database.transaction(caller.tenant_id) as session:
            tomb = await session.get_one(tables.Dataset, dataset.id, options=WHOLE)
            rows = await session.get_one(tables.Generation, made.id)
        assert (tomb.published_schema, tomb.options, tomb.sealed_key) == (None, None, None)
        assert (rows.conditions, rows.report, rows.sealed_key) == ({}, None, None)
        await life.at(days=20)
        for table in (tables.Dataset, tables.Generation, tables.Job, tables.IdempotencyKey):
            assert await life.count(table) == 0
        assert await life.count(tables.StoredObject) == 0
        assert await life.balance() == (0, 100)
        assert (await runtime.database.verify_trail()).fault is None

    run_async(check())


def test_a_retry_after_the_end_finds_a_tombstone_before_anybody_has_swept(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    seed = tmp_path / "seed.csv"
    study.write(seed)

    async def check() -> None:
        life = Life(runtime, await work.tenant(runtime), seed.read_bytes())
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            owner = await session.get_one(tables.Tenant, life.caller.tenant_id)
            owner.retention_hours = 2
        dataset, _ = await life.upload("upload")
        await life.carry_out(dataset.job_id)
        made, _ = await life.generate(dataset.id, "rows")
        await life.carry_out(made.job_id)
        runtime.database.ahead = dt.timedelta(hours=3)
        for _ in range(2):  # before the sweep and after it
            left, is_replayed = await life.upload("upload")
            assert (left.id, left.status, is_replayed) == (dataset.id, "expired", True)
            assert (vars(left).get("published_schema"), left.sealed_key) == (None, None)
            rows, is_replayed = await life.generate(dataset.id, "rows")
            assert (rows.id, rows.status, is_replayed) == (made.id, "expired", True)
            assert (rows.conditions, rows.report, rows.sha256) == ({}, None, None)
            await life.at(hours=3)
        assert (await life.actions()).count("dataset.expired") == 1
        assert await life.balance() == (0, 50)

    run_async(check())


def test_rows_that_nobody_can_read_any_more_are_not_billed(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    """The generation expires while it is made, and nobody has swept yet."""
    seed = tmp_path / "seed.csv"
    study.write(seed)

    async def check() -> None:
        life = Life(runtime, await work.tenant(runtime), seed.read_bytes())
        dataset, _ = await life.upload("upload")
        await life.carry_out(dataset.job_id)
        await datasets_of(runtime).extend(life.caller, dataset.id, 168)
        made, _ = await life.generate(dataset.id, "rows")
        runtime.database.ahead = dt.timedelta(hours=25)
        await life.carry_out(made.job_id)
        assert await life.balance() == (50, 0)
        await life.at(hours=25)
        assert await life.job_status(made.job_id) == "expired"
        assert await life.balance() == (0, 0)

    run_async(check())


def test_a_failed_upload_leaves_nothing(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check() -> None:
        life = Life(runtime, await work.tenant(runtime), b"a,b\n1,2\n")

        async def fail(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        with monkeypatch.context() as patched:
            patched.setattr(repository, "enqueue", fail)  # after the bytes are in the store
            with pytest.raises(ZeroDivisionError):
                await life.upload("upload")
        await life.at(minutes=1)
        assert not [path for path in (tmp_path / "objects").rglob("*") if path.is_file()]
        assert await life.count(tables.Dataset) == 0
        _, is_replayed = await life.upload("upload")
        assert not is_replayed

    run_async(check())


@pytest.mark.parametrize(
    "fault", [errors.StorageUnavailableError("the store does not answer"), ValueError("a cell")]
)
def test_the_failure_of_one_chore_leaves_the_others(
    runtime: Runtime,
    run_async: RunAsync,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
) -> None:
    done = []

    async def away(_: Runtime) -> None:
        raise fault

    async def chore(_: Runtime) -> None:
        done.append(True)

    monkeypatch.setattr(housekeeping, "CHORES", (away, chore))
    run_async(housekeeping.tidy(runtime))
    assert done
    assert type(fault).__name__ in caplog.text
    assert "a cell" not in caplog.text
