"""Tables and comparisons: answered in the row of a job and kept nowhere else, as previews are."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from simulacra.service import errors, scratch
from simulacra.service.audit.entry import Action
from simulacra.service.database import tables
from simulacra.service.generations import payloads, sources
from simulacra.service.jobs import attempts, functions, kinds, queues
from simulacra.service.jobs import repository as jobs
from simulacra.service.tenants import encryption


async def _tabulate(attempt: attempts.Attempt) -> attempts.Save:
    """Make a cross table."""
    asked = attempt.job.asked or {}
    made = asked.get("generation_id")
    with scratch.folder() as folder:
        request = payloads.CrosstabRequest(
            model_file=await fetch_model(attempt, folder),
            made=await fetch_rows(attempt, made, folder / "rows") if made else None,
            rows=asked["rows"],
            banner=asked["banner"],
            weight=asked["weight"],
        )
        result = await attempt.run(payloads.CROSSTAB, request, folder)
    return functools.partial(jobs.answer, job_id=attempt.job.id, document=result.crosstab)


async def _compare(attempt: attempts.Attempt) -> attempts.Save:
    """Compare the rows of a generation with its study, or with those of another one."""
    asked = attempt.job.asked or {}
    generation_id, other_id = asked["generation_id"], asked["with"]
    with scratch.folder() as folder:
        request = payloads.ComparisonRequest(
            model_file=await fetch_model(attempt, folder),
            first=await fetch_rows(attempt, other_id, folder / "first") if other_id else None,
            second=await fetch_rows(attempt, generation_id, folder / "second"),
            columns=asked["columns"],
            margins=None if other_id else await _margins(attempt, generation_id),
        )
        result = await attempt.run(payloads.COMPARE, request, folder)
    return functools.partial(jobs.answer, job_id=attempt.job.id, document=result.comparison)


async def fetch_model(attempt: attempts.Attempt, folder: Path) -> Path:
    """Return the model of the dataset of a job, put into a folder.

    Raises:
        errors.JobFailedError: the dataset was deleted since this was requested.
    """
    async with attempt.resources.database.transaction(attempt.job.tenant_id) as session:
        source = await sources.of(attempt, session, {}, None)
    key, target = await source.key(attempt.job.dataset_id), folder / "model"
    await asyncio.to_thread(source.store.objects.download, source.model_path, key, target)
    return target


async def fetch_rows(
    attempt: attempts.Attempt, generation_id: str, folder: Path
) -> payloads.MadeRows:
    """Return the rows of a generation, and what they were made with.

    Raises:
        errors.JobFailedError: the generation expired since this was requested.
    """
    tenant_id, resources = attempt.job.tenant_id, attempt.resources
    async with resources.database.transaction(tenant_id) as session:
        generation = await session.get(tables.Generation, generation_id)
        if generation is None or generation.sealed_key is None or not generation.artifact_path:
            raise _gone()
        wrapped = await encryption.unseal(
            session, resources.keyring, tenant_id, generation_id, generation.sealed_key
        )
        store = await resources.stores.of(session, generation.store_id)
        source = await sources.of(attempt, session, generation.conditions, None)
    await asyncio.to_thread(folder.mkdir)
    key, file = await store.unwrap(wrapped, generation_id), folder / "artifact"
    try:
        await asyncio.to_thread(store.objects.download, generation.artifact_path, key, file)
    except FileNotFoundError:
        raise _gone() from None
    model_key = await source.key(attempt.job.dataset_id)
    return payloads.MadeRows(
        file=file,
        output_format=generation.output_format,
        output_layout=generation.output_layout,
        output_values=generation.output_values,
        support_weight=generation.support_weight,
        fitted_file=await sources.fetch(
            attempt, source, model_key, source.fitted, folder / "fitted"
        ),
        row_count=generation.row_count,
        rng_seed=generation.seed,
        conditions=generation.conditions,
    )


async def _margins(attempt: attempts.Attempt, generation_id: str) -> dict[str, Any] | None:
    async with attempt.resources.database.transaction(attempt.job.tenant_id) as session:
        which = tables.Generation.id == generation_id
        found: dict[str, Any] | None = await session.scalar(
            select(tables.Generation.margins).where(which)
        )
        return found


def _gone() -> errors.JobFailedError:
    detail = "The rows of the generation expired before they were tabulated."
    return errors.JobFailedError("simio_generation_not_found", detail)


def _kind(
    operation: str,
    function: functions.ChildFunction[Any, Any],
    work: Callable[[attempts.Attempt], Awaitable[attempts.Save]],
) -> kinds.JobKind[attempts.Attempt]:
    return kinds.JobKind(
        operation=operation,
        task=f"generations:{operation}",
        queue=queues.INTERACTIVE,
        scope="write:generations",
        failure_code="simio_tabulation_failed",
        result=None,
        result_id=lambda job: job.id,
        failure=Action.TABULATION_FAILED,
        function=function,
        work=work,
    )


CROSSTAB_OF_STUDY = _kind("tabulateDataset", payloads.CROSSTAB, _tabulate)
CROSSTAB_OF_ROWS = _kind("tabulateGeneration", payloads.CROSSTAB, _tabulate)
COMPARISON = _kind("compareGeneration", payloads.COMPARE, _compare)
