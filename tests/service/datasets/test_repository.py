"""Which of a dataset is read, and when."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import sqlalchemy as sa

from simulacra.service import errors, main
from simulacra.service.database import tables
from simulacra.service.datasets import repository
from simulacra.service.http import envelope
from simulacra.service.identity import embedded
from simulacra.service.identity.principal import SCOPES, Principal
from simulacra.service.jobs import announcements
from simulacra.service.runtime import Runtime
from tests.coroutines import RunAsync
from tests.service.jobs import work

PUBLISHED = {"row_count": 60, "schema": [{"name": "größe", "levels": ['"', "\\", "漢"]}]}


async def ready(runtime: Runtime, tenant_id: str) -> str:
    """A dataset with a schema."""
    job = await work.training(runtime, tenant_id)
    async with runtime.database.transaction(tenant_id) as session:
        mine = sa.update(tables.Dataset).where(tables.Dataset.id == job.dataset_id)
        await session.execute(mine.values(status="ready", published_schema=PUBLISHED))
    return job.dataset_id


def test_a_list_of_datasets_does_not_read_their_schemas(
    runtime: Runtime, run_async: RunAsync
) -> None:
    """A hundred wide ones would be a hundred megabytes to parse, which holds everybody up."""

    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        await ready(runtime, tenant_id)
        async with runtime.database.transaction(tenant_id) as session:
            (dataset,), _ = await repository.page(session, None, 100)
            assert "published_schema" in sa.inspect(dataset).unloaded
            with pytest.raises(sa.exc.InvalidRequestError, match="raiseload"):
                _ = dataset.published_schema  # nobody reads it without asking for it

    run_async(check())


@contextlib.asynccontextmanager
async def client_of(runtime: Runtime, caller: Principal) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API with a caller's token."""
    assert isinstance(runtime.identity, embedded.Embedded)
    token = await runtime.identity.issuer.mint(caller.client_id, SCOPES)
    app = envelope.Envelope(main.build(runtime), runtime.policy.base_url, b"")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="https://localhost",
        headers={"Authorization": f"Bearer {token}"},
    ) as http:
        yield http


def test_a_schema_is_answered_as_it_was_published(runtime: Runtime, run_async: RunAsync) -> None:
    async def check() -> None:
        caller = await work.tenant(runtime)
        dataset_id = await ready(runtime, caller.tenant_id)
        async with client_of(runtime, caller) as http:
            answer = await http.get(f"/v1/datasets/{dataset_id}/schema")
        assert answer.headers["Content-Type"] == "application/json"
        assert next(iter(answer.json().items())) == ("dataset_id", dataset_id)
        assert answer.json() == {"dataset_id": dataset_id, **PUBLISHED}

    run_async(check())


def test_a_schema_is_held_until_the_dataset_is_trained(
    runtime: Runtime, run_async: RunAsync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcements, "LOOK_SECONDS", 0.02)

    async def check() -> None:
        caller = await work.tenant(runtime)
        job = await work.training(runtime, caller.tenant_id)
        path = f"/v1/datasets/{job.dataset_id}/schema"
        async with client_of(runtime, caller) as http:
            at_once = await http.get(path, params={"wait_seconds": 0})
            assert at_once.json()["code"] == "simio_dataset_not_ready"
            held = asyncio.create_task(http.get(path))
            while not runtime.announcements._waiting:  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.01)
            assert not held.done()
            async with runtime.database.transaction(caller.tenant_id) as session:
                mine = sa.update(tables.Dataset).where(tables.Dataset.id == job.dataset_id)
                await session.execute(mine.values(status="ready", published_schema=PUBLISHED))
                done = sa.update(tables.Job).where(tables.Job.id == job.id)
                await session.execute(done.values(status="completed"))
            assert (await held).json() == {"dataset_id": job.dataset_id, **PUBLISHED}

    run_async(check())


def test_the_schema_of_a_dataset_in_training_is_not_there(
    runtime: Runtime, run_async: RunAsync
) -> None:
    async def check() -> None:
        tenant_id = (await work.tenant(runtime)).tenant_id
        training = await work.training(runtime, tenant_id)
        async with runtime.database.transaction(tenant_id) as session:
            with pytest.raises(errors.DatasetNotReadyError):
                await repository.schema_text(session, training.dataset_id)
            with pytest.raises(errors.DatasetNotFoundError):
                await repository.schema_text(session, "ds_of_nobody")
            text = await repository.schema_text(session, await ready(runtime, tenant_id))
        assert json.loads(text) == PUBLISHED

    run_async(check())
