"""What can be done with generations, inside one transaction each."""

import asyncio
import secrets

from simulacra.service import keys, runtime
from simulacra.service.audit import entry, trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.datasets import repository as datasets
from simulacra.service.generations import conditions, repository
from simulacra.service.generations.schemas import GenerationRequest, GenerationStatus
from simulacra.service.http import problems
from simulacra.service.identity.principal import Principal
from simulacra.service.jobs import repository as jobs
from simulacra.service.jobs.schemas import JobStatus
from simulacra.service.tenants import retention
from simulacra.service.usage import ledger

DRAWN_SEEDS = 2**31
"""Seeds that we draw stay below this, so that every client's numbers can hold them."""


async def create(
    running: runtime.Runtime,
    caller: Principal,
    dataset_id: str,
    wanted: GenerationRequest,
    idempotency_key: str | None,
) -> tables.Generation:
    """Check a scenario against the dataset's schema and enqueue its generation.

    Raises:
        problems.Problem: no such dataset, no model yet, too many rows for one request or for the
            subscription, or conditions that do not fit the schema.
    """
    async with running.database.transaction(caller.tenant_id) as session:
        dataset = await datasets.get_ready(session, dataset_id)
        tenant = await session.get_one(tables.Tenant, caller.tenant_id)
        _check_cap(tenant, wanted.row_count)
        await asyncio.to_thread(conditions.check, dataset, wanted.conditions)
        generation = tables.Generation(
            id=keys.random_id("gen_"),
            tenant_id=caller.tenant_id,
            dataset_id=dataset_id,
            status=GenerationStatus.PROCESSING,
            job_id=jobs.new_id(),
            row_count=wanted.row_count,
            output_format=wanted.output_format,
            seed=secrets.randbelow(DRAWN_SEEDS) if wanted.seed is None else wanted.seed,
            conditions=wanted.conditions.model_dump(),
            expires_at=await retention.expiry(session, running, caller.tenant_id),
        )
        session.add(generation)
        job = tables.Job(
            id=generation.job_id,
            tenant_id=caller.tenant_id,
            operation="createGeneration",
            status=JobStatus.QUEUED,
            dataset_id=dataset_id,
            generation_id=generation.id,
            idempotency_key=idempotency_key,
        )
        await ledger.reserve(session, tenant, generation.id, wanted.row_count)
        await jobs.enqueue(session, running, job)
        trail.record(
            session,
            entry.client(caller.client_id),
            Action.GENERATION_CREATED,
            generation.id,
            tenant_id=caller.tenant_id,
            details={Detail.ROWS: wanted.row_count, Detail.FORMAT: str(wanted.output_format)},
        )
    return generation


async def read(
    running: runtime.Runtime, caller: Principal, generation_id: str
) -> tables.Generation:
    """Return a live generation."""
    async with running.database.transaction(caller.tenant_id) as session:
        return await repository.get(session, generation_id)


def _check_cap(tenant: tables.Tenant, row_count: int) -> None:
    cap = tenant.max_rows_per_request
    if row_count > cap:
        detail = f"row_count is {row_count:,}; one request may ask for {cap:,} rows at most."
        code = "simio_row_cap_exceeded"
        raise problems.Problem(
            code,
            detail,
            faults=[problems.Fault("/row_count", detail, code)],
            extensions={
                "quota": problems.QuotaDocument(row_count=row_count, max_rows_per_request=cap)
            },
        )
