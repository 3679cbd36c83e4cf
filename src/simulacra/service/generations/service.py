"""What can be done with generations, previews and tables, inside one transaction each."""

import asyncio
import contextlib
import dataclasses
import datetime as dt
import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from simulacra.engine import limits, outputs
from simulacra.service import clock, errors, keys, tenancy
from simulacra.service.audit import trail
from simulacra.service.audit.entry import Action, Detail
from simulacra.service.database import tables
from simulacra.service.database.statuses import GenerationStatus
from simulacra.service.datasets import repository as datasets
from simulacra.service.generations import (
    conditions,
    copies,
    previews,
    reports,
    repository,
    schemas,
    table_names,
    tabulations,
    tasks,
)
from simulacra.service.generations.schemas import (
    CopyRequest,
    GenerationRequest,
    OutputLayout,
    OutputValues,
    PreviewRequest,
)
from simulacra.service.generations.tabulation_schemas import ComparisonRequest, CrosstabRequest
from simulacra.service.idempotency import bindings, fingerprint
from simulacra.service.identity.principal import Principal
from simulacra.service.jobs import admission
from simulacra.service.jobs import repository as jobs
from simulacra.service.stores.directory import Stores
from simulacra.service.tenants import retention
from simulacra.service.tenants.capacity import Capacity
from simulacra.service.usage import ledger

MAX_OPEN = 20
"""Previews of a tenant that may wait or run, and tables of each operation; nothing else holds back
what costs nothing."""
OPEN_SECONDS = 2
"""After how long it is worth to ask again whether one has ended."""


@dataclasses.dataclass(frozen=True)
class Generations:
    """The generations of all tenants.

    Attributes:
        retention: how long a generation lives where nothing is set for its tenant.
        capacity: what a tenant may take up where nothing is set for it.
    """

    database: tenancy.Database
    admission: admission.Admission
    stores: Stores
    retention: dt.timedelta
    capacity: Capacity

    async def create(
        self,
        caller: Principal,
        dataset_id: str,
        request: GenerationRequest,
        key: bindings.Key | None,
    ) -> tuple[tables.Generation, bool]:
        """Check a scenario and enqueue its generation, or find what the same key has begun before.

        Returns:
            The generation, and whether it is the answer to an earlier request.

        Raises:
            errors.DatasetNotFoundError: there is no such dataset.
            errors.DatasetNotReadyError: it has no model yet.
            errors.DatasetFailedError: it will never have a model.
            errors.RowCapExceededError: these are too many rows for one request.
            errors.InvalidFieldsError: these are too many rows for a file of the format.
            errors.QuotaExceededError: these are too many rows for the subscription.
            errors.ReservationConflictError: other generations hold the rows at the moment.
            errors.StorageQuotaError: the tenant stores as much as it may.
            errors.ConditionsInvalidError: the conditions do not fit the schema.
            simulacra.engine.errors.ConditionError: so it is too; says it of every field.
            errors.IdempotencyConflictError: the key belongs to another request.
        """
        whole = await asyncio.to_thread(_fingerprint, dataset_id, request)
        async with self.database.transaction(caller.tenant_id) as session:
            job = tables.Job(
                id=jobs.new_id(),
                tenant_id=caller.tenant_id,
                operation=tasks.GENERATION.operation,
                dataset_id=dataset_id,
                generation_id=keys.random_id("gen_"),
                idempotency_key=key.key if key is not None else None,
            )
            begun = await bindings.bind(session, key, whole, job.id)
            if begun is not None:
                return await repository.of_job(session, begun), True
            published = await datasets.schema_text(session, dataset_id)
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
            _check_cap(tenant, request.row_count)
            _check_format("/row_count", request.output_format, request.row_count)
            await self.capacity.check_storage(session, tenant)
            await asyncio.to_thread(conditions.check, published, request.conditions)
            if request.support_weight:
                await asyncio.to_thread(table_names.check_support_weight, published)
            generation = await self._row(session, job, request)
            session.add(generation)
            await ledger.reserve(session, tenant, generation.id, request.row_count)
            await jobs.enqueue(session, self.admission, job)
            trail.record(
                session,
                caller.actor,
                Action.GENERATION_CREATED,
                generation.id,
                tenant_id=caller.tenant_id,
                details={Detail.ROWS: request.row_count, Detail.FORMAT: str(request.output_format)},
            )
        return generation, False

    async def _row(
        self, session: AsyncSession, job: tables.Job, request: GenerationRequest
    ) -> tables.Generation:
        now = await clock.read(session)
        return tables.Generation(
            id=job.generation_id,
            tenant_id=job.tenant_id,
            dataset_id=job.dataset_id,
            status=GenerationStatus.PROCESSING,
            job_id=job.id,
            row_count=request.row_count,
            output_format=request.output_format,
            output_layout=request.output_layout,
            output_values=request.output_values,
            seed=secrets.randbelow(limits.DRAWN_SEEDS) if request.seed is None else request.seed,
            conditions=request.conditions.asked(),
            margins_asked=schemas.how_careful(request.margins),
            support_weight=request.support_weight,
            store_id=await self.stores.for_artifacts(session, job.tenant_id),
            created_at=now,
            expires_at=now + await retention.of_tenant(session, job.tenant_id, self.retention),
        )

    async def copy(
        self, caller: Principal, generation_id: str, request: CopyRequest
    ) -> tuple[tables.Generation, bool]:
        """Enqueue a file of rows that exist in another format, or find the one that there is.

        It lives as long as the rows, and costs none: these are billed once.

        Returns:
            The generation that has them in this format, and whether it was there before.

        Raises:
            errors.GenerationNotFoundError: there is no such generation, or it has no rows.
            errors.DatasetNotFoundError: its dataset is no more.
            errors.InvalidFieldsError: these are too many rows for a file of the format.
            errors.StorageQuotaError: the tenant stores as much as it may.
        """
        async with self.database.transaction(caller.tenant_id) as session:
            asked = await repository.get_made(session, generation_id)
            source = await repository.lock_made(session, asked.copy_of or asked.id)
            found = await repository.find_copy(session, source, request)
            if found is not None:
                return found, True
            _check_format("/output_format", request.output_format, source.rows_generated or 0)
            await datasets.schema_text(session, source.dataset_id)
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
            # Copies cost no rows, so that nothing but room bounds how many are begun at once.
            own = (source.size_bytes or 0) if source.store_id is None else 0
            begun = await repository.bytes_of_open_copies(session)
            await self.capacity.check_storage(session, tenant, max(1, own + begun))
            job = tables.Job(
                id=jobs.new_id(),
                tenant_id=caller.tenant_id,
                operation=copies.COPY.operation,
                dataset_id=source.dataset_id,
                generation_id=keys.random_id("gen_"),
            )
            copy = tables.Generation(
                id=job.generation_id,
                tenant_id=job.tenant_id,
                dataset_id=source.dataset_id,
                status=GenerationStatus.PROCESSING,
                job_id=job.id,
                row_count=source.row_count,
                output_format=request.output_format,
                output_layout=request.output_layout,
                output_values=request.output_values,
                copy_of=source.id,
                seed=source.seed,
                conditions=source.conditions,
                margins_asked=source.margins_asked,
                support_weight=source.support_weight,
                store_id=source.store_id,
                created_at=await clock.read(session),
                expires_at=source.expires_at,
            )
            session.add(copy)
            await jobs.enqueue(session, self.admission, job)
            trail.record(
                session,
                caller.actor,
                Action.GENERATION_CREATED,
                copy.id,
                tenant_id=caller.tenant_id,
                details={Detail.ROWS: 0, Detail.FORMAT: str(request.output_format)},
            )
        return copy, False

    async def read(self, caller: Principal, generation_id: str) -> tables.Generation:
        """Return a live generation."""
        async with self.database.transaction(caller.tenant_id) as session:
            return await repository.get(session, generation_id)

    async def margins(self, caller: Principal, generation_id: str) -> dict[str, Any] | None:
        """Return the margins of error of a live generation; None if there are none."""
        async with self.database.transaction(caller.tenant_id) as session:
            await repository.get(session, generation_id)
            which = tables.Generation.id == generation_id
            found: dict[str, Any] | None = await session.scalar(
                select(tables.Generation.margins).where(which)
            )
            return found

    async def full_report(self, caller: Principal, generation_id: str) -> reports.Kept:
        """Return what there is to make the full report of a live generation of.

        Raises:
            errors.GenerationNotFoundError: there is no such generation, or it has no rows yet.
        """
        async with self.database.transaction(caller.tenant_id) as session:
            made = await repository.get_made(session, generation_id)
            which = tables.Generation.id == generation_id
            figures = await session.scalar(select(tables.Generation.figures).where(which))
            study = schema = None
            with contextlib.suppress(errors.DatasetNotFoundError):
                study = (await datasets.get(session, made.dataset_id)).display_name
                if figures is None:
                    schema = await datasets.schema_text(session, made.dataset_id)
        return reports.Kept(made, figures, study, schema)

    async def of_job(self, caller: Principal, job_id: str) -> tables.Generation:
        """Return the generation that a job of the caller's makes, or what is left of it."""
        async with self.database.transaction(caller.tenant_id) as session:
            return await repository.of_job(session, job_id)


@dataclasses.dataclass(frozen=True)
class Previews:
    """The previews of all tenants."""

    database: tenancy.Database
    admission: admission.Admission

    async def create(
        self, caller: Principal, dataset_id: str, request: PreviewRequest
    ) -> tables.Job:
        """Check a scenario and enqueue its preview.

        Raises:
            errors.DatasetNotFoundError: there is no such dataset.
            errors.DatasetNotReadyError: it has no model yet.
            errors.DatasetFailedError: it will never have a model.
            errors.RowCapExceededError: these are too many rows for one request.
            errors.TooManyAtOnceError: as many previews of the tenant wait or run as may.
            errors.ConditionsInvalidError: the conditions do not fit the schema.
            simulacra.engine.errors.ConditionError: so it is too; says it of every field.
            simulacra.engine.errors.TableError: columns do not fit it; says it of every one.
        """
        seed = secrets.randbelow(limits.DRAWN_SEEDS) if request.seed is None else request.seed
        job = tables.Job(
            id=jobs.new_id(),
            tenant_id=caller.tenant_id,
            operation=previews.PREVIEW.operation,
            dataset_id=dataset_id,
            asked={
                "row_count": request.row_count,
                "seed": seed,
                "conditions": request.conditions.asked(),
                "margins": schemas.how_careful(request.margins),
                "columns": request.columns,
            },
        )
        async with self.database.transaction(caller.tenant_id) as session:
            published = await datasets.schema_text(session, dataset_id)
            tenant = await session.get_one(tables.Tenant, caller.tenant_id)
            _check_cap(tenant, request.row_count)
            await asyncio.to_thread(conditions.check, published, request.conditions)
            await asyncio.to_thread(table_names.check_columns, published, request.columns)
            await _check_room(session, job, "previews")
            await jobs.enqueue(session, self.admission, job)
        return job


@dataclasses.dataclass(frozen=True)
class Tabulations:
    """The tables and comparisons of all tenants."""

    database: tenancy.Database
    admission: admission.Admission

    async def of_study(
        self, caller: Principal, dataset_id: str, request: CrosstabRequest
    ) -> tables.Job:
        """Check a cross table of a study and enqueue it.

        Raises:
            errors.DatasetNotFoundError: there is no such dataset.
            errors.DatasetNotReadyError: it has no model yet.
            errors.DatasetFailedError: it will never have a model.
            errors.InvalidFieldsError: the table is too large.
            errors.TooManyAtOnceError: as many tables of the tenant wait or run as may.
            simulacra.engine.errors.TableError: names do not fit the schema; says it of every one.
        """
        operation = tabulations.CROSSTAB_OF_STUDY.operation
        async with self.database.transaction(caller.tenant_id) as session:
            return await self._crosstab(session, caller, operation, dataset_id, request)

    async def of_rows(
        self, caller: Principal, generation_id: str, request: CrosstabRequest
    ) -> tables.Job:
        """Check a cross table of the rows of a generation and enqueue it.

        Raises:
            errors.GenerationNotFoundError: there is no such generation, or it has no rows.
            errors.ServiceError: as of a study.
            simulacra.engine.errors.TableError: names do not fit the schema; says it of every one.
        """
        operation = tabulations.CROSSTAB_OF_ROWS.operation
        async with self.database.transaction(caller.tenant_id) as session:
            made = await repository.get_made(session, generation_id)
            asked = {"generation_id": made.id}
            return await self._crosstab(session, caller, operation, made.dataset_id, request, asked)

    async def comparison(
        self, caller: Principal, generation_id: str, request: ComparisonRequest
    ) -> tables.Job:
        """Check a comparison of the rows of a generation and enqueue it.

        Raises:
            errors.GenerationNotFoundError: there is no such generation, or it has no rows.
            errors.InvalidFieldsError: the other one is not there, or is of another dataset.
            errors.ServiceError: as of a study.
            simulacra.engine.errors.TableError: names do not fit the schema; says it of every one.
        """
        operation = tabulations.COMPARISON.operation
        async with self.database.transaction(caller.tenant_id) as session:
            made = await repository.get_made(session, generation_id)
            if request.with_ is not None:
                await _check_other(session, made, request.with_)
            published = await datasets.schema_text(session, made.dataset_id)
            await asyncio.to_thread(table_names.check_columns, published, request.columns)
            asked = {"generation_id": made.id, "with": request.with_, "columns": request.columns}
            return await self._enqueue(session, caller, operation, made.dataset_id, asked)

    async def _crosstab(
        self,
        session: AsyncSession,
        caller: Principal,
        operation: str,
        dataset_id: str,
        request: CrosstabRequest,
        asked: Mapping[str, Any] = MappingProxyType({}),
    ) -> tables.Job:
        published = await datasets.schema_text(session, dataset_id)
        await asyncio.to_thread(table_names.check, published, request)
        asked = {**asked, **request.model_dump(mode="json")}
        return await self._enqueue(session, caller, operation, dataset_id, asked)

    async def _enqueue(
        self,
        session: AsyncSession,
        caller: Principal,
        operation: str,
        dataset_id: str,
        asked: dict[str, Any],
    ) -> tables.Job:
        job = tables.Job(
            id=jobs.new_id(),
            tenant_id=caller.tenant_id,
            operation=operation,
            dataset_id=dataset_id,
            asked=asked,
        )
        await _check_room(session, job, "tables")
        await jobs.enqueue(session, self.admission, job)
        return job


async def _check_other(session: AsyncSession, made: tables.Generation, other_id: str) -> None:
    try:
        other = await repository.get_made(session, other_id)
    except errors.GenerationNotFoundError as error:
        raise errors.InvalidFieldsError([errors.Fault("/with", error.detail)]) from None
    if other.dataset_id != made.dataset_id:
        detail = f"Generation {other_id} is of another dataset; name one of {made.dataset_id}."
        raise errors.InvalidFieldsError([errors.Fault("/with", detail)])


async def _check_room(session: AsyncSession, job: tables.Job, what: str) -> None:
    if await admission.count_open(session, job.tenant_id, job.operation) >= MAX_OPEN:
        raise errors.TooManyAtOnceError(
            f"{MAX_OPEN} {what} of the tenant wait or run, which is as many as may; ask again "
            "when one has ended.",
            retry_after=OPEN_SECONDS,
        )


def _fingerprint(dataset_id: str, request: GenerationRequest) -> bytes:
    """Return the fingerprint of a request; blocks, as a scenario may have a megabyte."""
    later = {"margins", "support_weight", "output_layout", "output_values"}
    fields = request.model_dump(mode="json", exclude={"wait_seconds", "conditions", *later})
    fields["conditions"] = request.conditions.asked()
    if request.margins:  # a request without them has the fingerprint that it had before there were
        fields["margins"] = schemas.how_careful(request.margins)
    if request.support_weight:
        fields["support_weight"] = True
    if request.output_layout is not OutputLayout.SCHEMA:
        fields["output_layout"] = request.output_layout
    if request.output_values is not OutputValues.LABELS:
        fields["output_values"] = request.output_values
    return fingerprint.of_request(f"/v1/datasets/{dataset_id}/generations", fields)


def _check_format(pointer: str, output_format: str, rows: int) -> None:
    """Refuse more rows than a file of a format can have, before they are made."""
    try:
        outputs.check_rows(output_format, rows)
    except ValueError as error:
        raise errors.InvalidFieldsError([errors.Fault(pointer, str(error))]) from None


def _check_cap(tenant: tables.Tenant, row_count: int) -> None:
    cap = tenant.max_rows_per_request
    if row_count > cap:
        detail = f"row_count is {row_count:,}; one request may ask for {cap:,} rows at most."
        quota = errors.Quota(row_count=row_count, max_rows_per_request=cap)
        fault = errors.Fault("/row_count", detail, errors.RowCapExceededError.code)
        raise errors.RowCapExceededError(detail, quota, faults=(fault,))
