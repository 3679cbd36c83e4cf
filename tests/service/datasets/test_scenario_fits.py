"""What is kept of fits, for how long and for whom, on real PostgreSQL and a real store."""

import asyncio
import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from simulacra.service import keys, storage, tenancy
from simulacra.service.database import tables
from simulacra.service.datasets import expiry, repository, scenario_fits
from simulacra.service.datasets.scenario_fits import Kept
from simulacra.service.endpoints.datasets import datasets_of
from simulacra.service.identity.principal import Principal
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.jobs import work

Conditions = dict[str, dict[str, Any]]

KEY = storage.ObjectKey.generate()


class Fits:
    """What is fitted for one dataset."""

    def __init__(self, runtime: Runtime, caller: Principal, dataset_id: str, folder: Path) -> None:
        self.runtime, self.caller, self.dataset_id = runtime, caller, dataset_id
        self._root = folder / "objects"

    async def write(self) -> str:
        """Announce and write an object as an attempt does."""
        path = f"{scenario_fits.folder(self.dataset_id)}/{keys.random_id()}"
        own = self.runtime.stores.own
        await self.runtime.objects.announce(self.caller.tenant_id, self.dataset_id, own, path)
        self.runtime.storage.write(path, io.BytesIO(b"fits"), KEY)
        return path

    async def add(self, columns: str, replaced: str | None = None, refits: int = 0) -> str:
        """Add one as an attempt does, which discards in the end what it did not keep."""
        path = await self.write()
        new = Kept(path, refits)
        async with self.runtime.database.transaction(self.caller.tenant_id) as session:
            await scenario_fits.add(session, self.dataset_id, columns, new, replaced=replaced)
        await self.runtime.objects.discard(self.caller.tenant_id, path)
        return path

    async def find(self, columns: str, scope: str | None = None) -> str | None:
        async with self.runtime.database.transaction(scope or self.caller.tenant_id) as session:
            found = await scenario_fits.find(session, self.dataset_id, columns)
        return None if found is None else found.path

    async def rows(self) -> dict[str, str]:
        """Return columns and paths of all rows there are."""
        async with self.runtime.database.transaction(tenancy.SYSTEM) as session:
            rows = await session.scalars(sa.select(tables.ScenarioFit))
            return {row.columns: row.path for row in rows}

    async def stored(self) -> set[str]:
        """Return the paths in the store, after the objects that nobody keeps were removed."""
        await self.runtime.objects.sweep()
        found = self._root.rglob("*")
        return {str(path.relative_to(self._root)) for path in found if path.is_file()}


async def fits_of(runtime: Runtime, folder: Path) -> Fits:
    """A live dataset of a tenant of its own."""
    caller = await work.tenant(runtime)
    job = await work.training(runtime, caller.tenant_id)
    return Fits(runtime, caller, job.dataset_id, folder)


def test_scenarios_on_the_same_columns_have_the_same_digest() -> None:
    first: Conditions = {
        "categorical": {"segment": {"Premium": 0.5}, "channel": {"Online": 0.2}},
        "numeric": {"age": {"min": 20, "max": 30}},
    }
    second: Conditions = {
        "numeric": {"age": {"min": 40, "max": 41}},
        "categorical": {"channel": {"Club": 1}, "segment": {"Value": 0}},
    }
    assert scenario_fits.columns_of(first) == scenario_fits.columns_of(second)
    others: list[Conditions] = [
        {"categorical": {}, "numeric": {}},
        {"categorical": {"a": {}}, "numeric": {}},
        {"categorical": {}, "numeric": {"a": {}}},
        {"categorical": {"a": {}, "b": {}}, "numeric": {}},
        {"categorical": {'a", "b': {}}, "numeric": {}},
    ]
    digests = {scenario_fits.columns_of(other) for other in others}
    assert len(digests) == len(others)
    assert {len(digest) for digest in digests} == {64}


def test_of_two_that_fitted_the_same_one_is_kept(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        fits = await fits_of(runtime, tmp_path)
        paths = await asyncio.gather(*(fits.add("a") for _ in range(4)))
        kept = await fits.find("a")
        assert kept in paths
        assert await fits.rows() == {"a": kept}
        assert await fits.stored() == {kept}

    run_async(check())


def test_what_could_not_be_read_is_replaced(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        fits = await fits_of(runtime, tmp_path)
        damaged = await fits.add("a")
        good = await fits.add("a", replaced=damaged)
        assert await fits.find("a") == good
        late = await fits.add("a", replaced=damaged)  # it was replaced meanwhile
        assert late != await fits.find("a")
        assert await fits.stored() == {good}

    run_async(check())


def test_the_least_recently_used_one_makes_room(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario_fits, "MAX_KEPT", 3)

    async def check() -> None:
        fits, other = await fits_of(runtime, tmp_path), await fits_of(runtime, tmp_path)
        others = await other.add("x")
        kept = {columns: await fits.add(columns) for columns in "abc"}
        await fits.find("a")
        kept["d"] = await fits.add("d")
        del kept["b"]
        assert await fits.find("b") is None
        assert await fits.rows() == kept | {"x": others}
        assert await fits.stored() == {*kept.values(), others}
        await asyncio.gather(*(fits.add(columns) for columns in "efgh"))
        assert len(await fits.rows()) == 3 + 1
        assert len(await fits.stored()) == 3 + 1

    run_async(check())


def test_refits_are_counted_and_make_room_among_themselves(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenario_fits, "MAX_KEPT", 1)
    monkeypatch.setattr(scenario_fits, "MAX_REFITS_KEPT", 2)

    async def check() -> None:
        fits = await fits_of(runtime, tmp_path)
        await fits.add("a")
        first = await fits.add("b", refits=8)
        more = await fits.add("b", first, refits=20)
        kept = {"c": await fits.add("c", refits=8), "d": await fits.add("d", refits=20)}
        assert await fits.rows() == kept | {"a": await fits.find("a")}
        assert more not in await fits.stored()
        async with runtime.database.transaction(fits.caller.tenant_id) as session:
            found = await scenario_fits.find(session, fits.dataset_id, "d")
        assert found == Kept(kept["d"], 20)

    run_async(check())


def test_refits_have_a_digest_of_their_own() -> None:
    columns = scenario_fits.columns_of({"categorical": {"a": {}}, "numeric": {}})
    assert len({columns, scenario_fits.refits_of(columns), scenario_fits.refits_of("b")}) == 3


def test_what_another_version_fitted_is_not_found(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It might give other rows, and which ones would depend on what is kept at the moment."""

    async def check() -> None:
        fits = await fits_of(runtime, tmp_path)
        older = await fits.add("a")
        with monkeypatch.context() as patched:
            patched.setattr(scenario_fits, "VERSION", "99")
            assert await fits.find("a") is None
            newer = await fits.add("a")
            assert await fits.find("a") == newer
        assert await fits.find("a") == older
        assert await fits.stored() == {older, newer}

    run_async(check())


def test_no_other_tenant_sees_it(runtime: Runtime, run_async: RunAsync, tmp_path: Path) -> None:
    async def check() -> None:
        fits = await fits_of(runtime, tmp_path)
        path = await fits.add("a")
        stranger = (await work.tenant(runtime)).tenant_id
        assert await fits.find("a", stranger) is None
        async with runtime.database.transaction(stranger) as session:
            found = await session.execute(sa.text("SELECT path FROM scenario_fits"))
            assert found.all() == []
            await scenario_fits.forget(session, fits.dataset_id)
            theirs = await fits.write()
            await scenario_fits.add(session, fits.dataset_id, "b", Kept(theirs, 0), replaced=None)
        assert await fits.rows() == {"a": path}
        with pytest.raises(sa.exc.ProgrammingError, match="row-level security"):
            async with runtime.database.transaction(stranger) as session:
                session.add(
                    tables.ScenarioFit(
                        dataset_id=fits.dataset_id,
                        tenant_id=fits.caller.tenant_id,
                        columns="b",
                        version="1",
                        path="elsewhere",
                    )
                )

    run_async(check())


@pytest.mark.parametrize("end", ["deleted", "expired"])
def test_nothing_remains_after_the_end_of_the_dataset(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path, end: str
) -> None:
    async def check() -> None:
        fits, other = await fits_of(runtime, tmp_path), await fits_of(runtime, tmp_path)
        await fits.add("a")
        theirs = await other.add("a")
        if end == "deleted":
            await datasets_of(runtime).delete(fits.caller, fits.dataset_id)
        else:
            mine = sa.update(tables.Dataset).where(tables.Dataset.id == fits.dataset_id)
            async with runtime.database.transaction(fits.caller.tenant_id) as session:
                await session.execute(mine.values(expires_at=sa.func.now()))
            assert await fits.add("b") not in (await fits.rows()).values()  # nobody has swept yet
            await expiry.sweep(runtime.database, runtime.endings)
        assert await fits.rows() == {"a": theirs}
        assert await fits.stored() == {theirs}
        await fits.add("a")  # of a generation that had begun before
        assert await fits.rows() == {"a": theirs}
        assert await fits.stored() == {theirs}

    run_async(check())


def test_the_end_of_a_dataset_waits_for_what_is_being_added(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    """Otherwise it would leave behind what is committed after it has looked."""

    async def check() -> None:
        fits = await fits_of(runtime, tmp_path)
        path = await fits.write()
        async with runtime.database.transaction(fits.caller.tenant_id) as session:
            await scenario_fits.add(session, fits.dataset_id, "a", Kept(path, 0), replaced=None)
            deleting = asyncio.create_task(
                datasets_of(runtime).delete(fits.caller, fits.dataset_id)
            )
            _, waiting = await asyncio.wait([deleting], timeout=0.5)
            assert waiting
        await deleting
        assert await fits.rows() == {}
        assert await fits.stored() == set()

    run_async(check())


def test_an_object_that_was_swept_meanwhile_is_not_kept(
    runtime: Runtime, run_async: RunAsync, tmp_path: Path
) -> None:
    async def check() -> None:
        fits = await fits_of(runtime, tmp_path)
        path = await fits.write()
        await runtime.objects.discard(fits.caller.tenant_id, path)
        async with runtime.database.transaction(fits.caller.tenant_id) as session:
            await scenario_fits.add(session, fits.dataset_id, "a", Kept(path, 0), replaced=None)
            dataset = await repository.get(session, fits.dataset_id)  # the transaction goes on
            dataset.expires_at += dt.timedelta(hours=1)
        assert await fits.rows() == {}

    run_async(check())
