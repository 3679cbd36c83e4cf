"""Rows of tenants, datasets, generations and jobs, as the API makes them, without files."""

import datetime as dt

from simulacra.service import clock, keys
from simulacra.service.database import tables
from simulacra.service.identity.principal import SCOPES, Principal
from simulacra.service.jobs import attempts, repository
from simulacra.service.runtime import Runtime
from simulacra.service.usage import ledger


async def tenant(runtime: Runtime) -> Principal:
    """A client of a new tenant."""
    made = await runtime.tenants.create(company="A", email="a@b.example")
    return Principal(made.tenant_id, made.client_id, frozenset(SCOPES))


async def training(
    runtime: Runtime, tenant_id: str, life: dt.timedelta = dt.timedelta(hours=24)
) -> tables.Job:
    """A dataset that is to be trained."""
    job = tables.Job(
        id=repository.new_id(),
        tenant_id=tenant_id,
        operation="createDataset",
        dataset_id=keys.random_id("ds_"),
    )
    async with runtime.database.transaction(tenant_id) as session:
        now = await clock.read(session)
        session.add(
            tables.Dataset(
                id=job.dataset_id,
                tenant_id=tenant_id,
                job_id=job.id,
                status="processing",
                display_name="Brand tracker",
                format="csv",
                seed_bytes=1,
                seed_sha256="",
                sealed_key=b"sealed",
                created_at=now,
                expires_at=now + life,
            )
        )
        await repository.enqueue(session, runtime.endings.admission, job)
    return job


async def generation(
    runtime: Runtime, tenant_id: str, dataset_id: str, rows: int = 10
) -> tables.Job:
    """Rows that are to be generated, and are reserved."""
    job = tables.Job(
        id=repository.new_id(),
        tenant_id=tenant_id,
        operation="createGeneration",
        dataset_id=dataset_id,
        generation_id=keys.random_id("gen_"),
    )
    async with runtime.database.transaction(tenant_id) as session:
        now = await clock.read(session)
        session.add(
            tables.Generation(
                id=job.generation_id,
                tenant_id=tenant_id,
                dataset_id=dataset_id,
                job_id=job.id,
                status="processing",
                row_count=rows,
                output_format="csv",
                seed=1,
                conditions={"categorical": {"segment": {"Premium": 0.5}}},
                created_at=now,
                expires_at=now + dt.timedelta(hours=24),
            )
        )
        owner = await session.get_one(tables.Tenant, tenant_id)
        await ledger.reserve(session, owner, str(job.generation_id), rows)
        await repository.enqueue(session, runtime.endings.admission, job)
    return job


async def begin(runtime: Runtime, job: tables.Job) -> attempts.Attempt:
    """An attempt at a job that is open."""
    attempt = await attempts._begin(runtime.resources, job.tenant_id, job.id)
    assert attempt is not None
    return attempt


async def status(runtime: Runtime, job: tables.Job) -> str:
    async with runtime.database.transaction(job.tenant_id) as session:
        return (await repository.get(session, job.id)).status
