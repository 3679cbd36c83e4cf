"""Generations of one dataset one after the other, on real PostgreSQL and a real store."""

import asyncio
import datetime as dt
import io
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import simulacra
from simulacra.engine.margins import replicates
from simulacra.engine.margins.replicates import Replicate
from simulacra.engine.progress import Progress
from simulacra.service import clock, errors, housekeeping, keys, objects, storage, tenancy
from simulacra.service.database import tables
from simulacra.service.datasets import repository as datasets
from simulacra.service.datasets import scenario_fits
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.endpoints.generations import generations_of
from simulacra.service.generations import payloads
from simulacra.service.generations.schemas import GenerationRequest
from simulacra.service.identity.principal import Principal
from simulacra.service.jobs import attempts, child, functions
from simulacra.service.runtime import Runtime
from simulacra.service.tenants import encryption
from tests.coroutines import RunAsync
from tests.service.jobs import work

WANTED: dict[str, Any] = {
    "categorical": {"channel": {"Online": 0.6}},
    "numeric": {"age": {"min": 25, "max": 44}},
}
ALIKE: dict[str, Any] = {
    "categorical": {"channel": {"Club": 0.5, "Retail": 0.1}},
    "numeric": {"age": {"min": 30, "max": 60}},
}
"""Another scenario on the same columns."""

RUN_IN_CHILD = child.run
Hook = Callable[[], Awaitable[object]]


async def run_here(
    function: functions.ChildFunction[Any, Any],
    request: object,
    _folder: Path,
    _limits: child.Limits,
    report: child.OnProgress,
) -> object:
    """Do without a process what `child.run` does, which takes seconds where none is prepared."""
    loop = asyncio.get_running_loop()

    async def pass_on(progress: Progress) -> None:
        await report(progress)

    def note(progress: Progress) -> None:
        asyncio.run_coroutine_threadsafe(pass_on(progress), loop).result()

    return await asyncio.to_thread(function.load(), request, note)


class Generated:
    """A generation whose job has been carried out, and what its child was given and told."""

    def __init__(self, request: payloads.SamplingRequest, stages: list[str]) -> None:
        self.request, self.stages = request, stages
        self.row: tables.Generation
        self.rows: bytes

    @property
    def was_spared(self) -> bool:
        """Whether it found what another one had fitted."""
        return "fitting" not in self.stages


class Workbench:
    """A dataset with a model, and a worker that carries out what is asked of it."""

    caller: Principal  # once it is open

    def __init__(self, runtime: Runtime, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runtime, self._root = runtime, folder / "objects"
        self.dataset_id, self.key = keys.random_id("ds_"), storage.ObjectKey.generate()
        self._children: dict[str, Generated] = {}
        self.after_child: Hook | None = None
        self.run: Callable[..., Awaitable[Any]] = run_here
        monkeypatch.setattr(child, "run", self._watched)

    async def open(self, model_file: Path, caller: Principal | None = None) -> None:
        """Make the dataset as a training leaves it, for a caller or a new one."""
        self.caller = caller or await work.tenant(self.runtime)
        tenant_id = self.caller.tenant_id
        path = f"{datasets.models_folder(self.dataset_id)}/model"
        await self.runtime.objects.announce(
            tenant_id, self.dataset_id, self.runtime.stores.own, path
        )
        self.runtime.storage.upload(path, model_file, self.key)
        schema = simulacra.load(model_file).schema.to_json()
        async with self.runtime.database.transaction(tenant_id) as session:
            now, keyring = await clock.read(session), self.runtime.keyring
            sealed = await encryption.seal(
                session, keyring, tenant_id, self.dataset_id, self.key.to_bytes()
            )
            session.add(
                tables.Dataset(
                    id=self.dataset_id,
                    tenant_id=tenant_id,
                    job_id=keys.random_id("job_"),
                    status="ready",
                    format="csv",
                    seed_bytes=1,
                    seed_sha256="",
                    published_schema=schema,
                    sealed_key=sealed,
                    model_path=path,
                    created_at=now,
                    expires_at=now + dt.timedelta(hours=24),
                )
            )
            await objects.keep(session, path)

    async def _watched(
        self,
        function: functions.ChildFunction[Any, Any],
        request: payloads.SamplingRequest,
        folder: Path,
        limits: child.Limits,
        report: child.OnProgress,
    ) -> object:
        seen = Generated(request, [])
        self._children[str(request.model_file)] = seen

        async def note(progress: Progress) -> None:
            seen.stages.append(progress.stage)
            await report(progress)

        result = await self.run(function, request, folder, limits, note)
        if self.after_child is not None:
            await self.after_child()
        return result

    async def ask(self, conditions: dict[str, Any], **more: object) -> tables.Generation:
        fields = {"row_count": 60, "seed": 1, "output_format": "csv", "conditions": conditions}
        fields |= more
        wanted = GenerationRequest.model_validate(fields)
        made, _ = await generations_of(self.runtime).create(
            self.caller, self.dataset_id, wanted, None
        )
        return made

    async def carry_out(self, asked: tables.Generation) -> None:
        await attempts.carry_out(self.runtime.resources, self.caller.tenant_id, asked.job_id)

    async def generate(self, conditions: dict[str, Any], **more: object) -> Generated:
        """Return a generation of which the rows are there."""
        self._children.clear()
        asked = await self.ask(conditions, **more)
        await self.carry_out(asked)
        (seen,) = self._children.values()
        seen.row, seen.rows = await self.delivered(asked.id)
        return seen

    async def delivered(self, generation_id: str) -> tuple[tables.Generation, bytes]:
        tenant_id, keyring = self.caller.tenant_id, self.runtime.keyring
        async with self.runtime.database.transaction(tenant_id) as session:
            row = await session.get_one(tables.Generation, generation_id)
            assert (row.status, row.rows_generated) == ("ready", 60)
            assert row.sealed_key is not None
            assert row.artifact_path is not None
            opened = await encryption.unseal(session, keyring, tenant_id, row.id, row.sealed_key)
        key = storage.ObjectKey.from_bytes(opened)
        with self.runtime.storage.read(row.artifact_path, key) as stream:
            return row, stream.read()

    async def kept(self) -> list[str]:
        """Return the paths of what is kept of fits, as the rows have them."""
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            return list(await session.scalars(sa.select(tables.ScenarioFit.path)))

    async def stored(self) -> list[str]:
        """Return the paths of fits in the store, after what nobody keeps was removed."""
        await self.runtime.objects.sweep()
        folder = self._root / scenario_fits.folder(self.dataset_id)
        return [str(path.relative_to(self._root)) for path in folder.glob("*")]

    def file_of(self, path: str) -> Path:
        return self._root / path


@pytest.fixture
def bench(runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench(runtime, tmp_path, monkeypatch)


def test_what_one_generation_fitted_serves_the_next(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    bench.run = RUN_IN_CHILD

    async def check() -> None:
        await bench.open(model_file)
        first = await bench.generate(WANTED)
        assert (first.was_spared, first.request.fitted_file) == (False, None)
        (path,) = await bench.kept()
        assert await bench.stored() == [path]
        second = await bench.generate(WANTED)
        assert second.was_spared
        assert second.request.fitted_file is not None
        assert (second.rows, second.row.report) == (first.rows, first.row.report)
        alike = await bench.generate(ALIKE)
        assert alike.was_spared
        assert alike.rows != first.rows
        assert await bench.kept() == await bench.stored() == [path]
        other = await bench.generate({"categorical": WANTED["categorical"]})
        assert (other.was_spared, other.request.fitted_file) == (False, None)
        assert len(await bench.kept()) == 2

    run_async(check())


def test_a_generation_without_conditions_keeps_nothing(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check() -> None:
        await bench.open(model_file)
        assert (await bench.generate({})).was_spared
        assert await bench.kept() == await bench.stored() == []

    run_async(check())


def test_what_one_generation_refitted_for_margins_serves_the_next(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refitted: list[int] = []
    refit = replicates.refit

    def noted(*arguments: Any) -> Replicate:  # noqa: ANN401 - as `refit`
        refitted.append(1)
        return refit(*arguments)

    monkeypatch.setattr(replicates, "refit", noted)

    async def check() -> None:
        await bench.open(model_file)
        first = await bench.generate({}, margins="quick")
        assert (len(refitted), first.request.refits_file) == (8, None)
        (path,) = await bench.kept()
        second = await bench.generate({}, margins="quick")
        assert len(refitted) == 8
        assert second.row.report == first.row.report
        assert first.row.report is not None
        assert first.row.report["margins"]["replicates"] == 8
        assert (await bench.generate({})).request.refits_file is None  # it asks for none
        await bench.generate({}, margins=True)
        assert len(refitted) == 20
        (whole,) = await bench.kept()
        assert whole != path
        assert await bench.stored() == [whole]
        third = await bench.generate({}, margins="quick")
        assert (len(refitted), third.row.report) == (20, first.row.report)
        await datasets_of(bench.runtime).delete(bench.caller, bench.dataset_id)
        assert await bench.kept() == await bench.stored() == []

    run_async(check())


def test_refits_that_are_too_large_are_not_kept(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario_fits, "MAX_REFITS_BYTES", 1_000)

    async def check() -> None:
        await bench.open(model_file)
        await bench.generate({}, margins="quick")
        assert await bench.kept() == await bench.stored() == []

    run_async(check())


def test_it_is_encrypted_with_the_key_of_the_dataset_and_bound_to_its_path(
    bench: Workbench, run_async: RunAsync, model_file: Path, tmp_path: Path
) -> None:
    async def check() -> None:
        await bench.open(model_file)
        await bench.generate(WANTED)
        (path,) = await bench.kept()
        bench.runtime.storage.download(path, bench.key, tmp_path / "fitted")
        simulacra.load(model_file).load_fitted(tmp_path / "fitted")
        async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
            known = await session.get_one(tables.StoredObject, path)
        assert (known.owner_id, known.state) == (bench.dataset_id, "kept")

    run_async(check())


def _damage(bench: Workbench, path: str) -> None:
    content = bytearray(bench.file_of(path).read_bytes())
    content[len(content) // 2] ^= 1
    bench.file_of(path).write_bytes(content)


def _remove(bench: Workbench, path: str) -> None:
    bench.file_of(path).unlink()


def _fill_with_another_file(bench: Workbench, path: str) -> None:
    bench.runtime.storage.write(path, io.BytesIO(b"of another format"), bench.key)


@pytest.mark.parametrize("spoil", [_damage, _remove, _fill_with_another_file])
def test_what_cannot_be_read_is_fitted_again_and_replaced(
    bench: Workbench,
    run_async: RunAsync,
    model_file: Path,
    caplog: pytest.LogCaptureFixture,
    spoil: Callable[[Workbench, str], None],
) -> None:
    async def check() -> None:
        await bench.open(model_file)
        first = await bench.generate(WANTED)
        (spoiled,) = await bench.kept()
        spoil(bench, spoiled)
        second = await bench.generate(WANTED)
        assert not second.was_spared
        assert second.rows == first.rows
        (path,) = await bench.kept()
        assert path != spoiled
        assert await bench.stored() == [path]
        assert (await bench.generate(WANTED)).was_spared

    with caplog.at_level(logging.INFO):
        run_async(check())
    assert "channel" not in caplog.text


@pytest.mark.parametrize("method", ["download", "upload"])
def test_a_store_that_refuses_what_was_fitted_does_not_keep_back_the_rows(
    bench: Workbench,
    run_async: RunAsync,
    model_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    async def check() -> None:
        await bench.open(model_file)
        if method == "download":
            await bench.generate(WANTED)
        work_on = getattr(bench.runtime.storage, method)

        def refuse(path: str, *arguments: Any) -> Any:  # noqa: ANN401 - as the method
            if path.startswith(scenario_fits.folder(bench.dataset_id)):
                raise errors.StorageUnavailableError("the object store does not answer")
            return work_on(path, *arguments)

        with monkeypatch.context() as patched:
            patched.setattr(bench.runtime.storage, method, refuse)
            made = await bench.generate(WANTED)
        assert not made.was_spared
        assert len(await bench.kept()) == (1 if method == "download" else 0)
        assert await bench.stored() == await bench.kept()
        again = await bench.generate(WANTED)
        assert again.was_spared == (method == "download")
        assert again.rows == made.rows

    run_async(check())


def test_two_at_a_time_both_deliver_and_one_keeps_what_it_fitted(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    both_have_fitted = asyncio.Barrier(2)

    async def check() -> None:
        await bench.open(model_file)
        bench.after_child = both_have_fitted.wait
        asked = [await bench.ask(WANTED), await bench.ask(ALIKE)]
        await asyncio.gather(*(bench.carry_out(it) for it in asked))
        for it in asked:
            await bench.delivered(it.id)
        (path,) = await bench.kept()
        assert await bench.stored() == [path]

    run_async(check())


def test_the_least_recently_used_one_makes_room(
    bench: Workbench, run_async: RunAsync, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario_fits, "MAX_KEPT", 1)

    async def check() -> None:
        await bench.open(model_file)
        await bench.generate(WANTED)
        (first,) = await bench.kept()
        await bench.generate({"categorical": WANTED["categorical"]})
        (second,) = await bench.kept()
        assert first != second
        assert await bench.stored() == [second]
        assert not (await bench.generate(WANTED)).was_spared

    run_async(check())


@pytest.mark.parametrize("end", ["deleted", "expired"])
def test_it_ends_with_the_dataset(
    bench: Workbench, run_async: RunAsync, model_file: Path, end: str
) -> None:
    async def check() -> None:
        await bench.open(model_file)
        await bench.generate(WANTED)
        assert await bench.kept()
        if end == "deleted":
            await datasets_of(bench.runtime).delete(bench.caller, bench.dataset_id)
        else:
            bench.runtime.database.ahead = dt.timedelta(hours=25)
            await housekeeping.tidy(bench.runtime)
        assert await bench.kept() == await bench.stored() == []

    run_async(check())


def test_a_dataset_that_is_deleted_meanwhile_leaves_nothing(
    bench: Workbench, run_async: RunAsync, model_file: Path
) -> None:
    async def check() -> None:
        await bench.open(model_file)
        asked = await bench.ask(WANTED)

        async def delete() -> None:
            await datasets_of(bench.runtime).delete(bench.caller, bench.dataset_id)

        bench.after_child = delete
        await bench.carry_out(asked)
        async with bench.runtime.database.transaction(tenancy.SYSTEM) as session:
            row = await session.get_one(tables.Generation, asked.id)
            await bench.runtime.objects.sweep()
            assert await session.scalar(sa.select(sa.func.count(tables.StoredObject.path))) == 0
        assert row.status == "failed"
        assert await bench.kept() == await bench.stored() == []

    run_async(check())
