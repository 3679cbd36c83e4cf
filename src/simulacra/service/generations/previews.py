"""Previews: what a scenario would give, answered in the row of a job and kept nowhere else."""

import asyncio
import functools
from pathlib import Path

from simulacra.service.audit.entry import Action
from simulacra.service.generations import payloads, sources
from simulacra.service.jobs import attempts, kinds, queues
from simulacra.service.jobs import repository as jobs


async def _preview(attempt: attempts.Attempt) -> attempts.Save:
    """Make a preview."""
    asked = attempt.job.asked or {}
    async with attempt.resources.database.transaction(attempt.job.tenant_id) as session:
        source = await sources.of(attempt, session, asked["conditions"], asked.get("margins"))
    # Asked for at each preview, also where a child has the model: who may not read it any more, as
    # when a customer took the key back, gets nothing of it.
    key = await source.key(attempt.job.dataset_id)

    async def prepare(folder: Path, given: set[str]) -> payloads.PreviewRequest:
        model_file = folder / "model"
        if source.model_path not in given:
            download = source.store.objects.download
            await asyncio.to_thread(download, source.model_path, key, model_file)
            given.add(source.model_path)
        fitted_file = None
        if source.fitted is not None and source.fitted.path not in given:
            fitted = folder / "fitted"
            fitted_file = await sources.fetch(attempt, source, key, source.fitted, fitted)
            given.add(source.fitted.path)
        return payloads.PreviewRequest(
            model_file=model_file,
            fitted_file=fitted_file,
            row_count=asked["row_count"],
            rng_seed=asked["seed"],
            conditions=asked["conditions"],
            margins=asked.get("margins"),
            columns=tuple(asked.get("columns", ())),
            kept_refits=0 if source.refits is None else source.refits.refits,
        )

    result = await attempt.ask(source.model_path, payloads.PREVIEW, prepare)
    return functools.partial(jobs.answer, job_id=attempt.job.id, document=result.preview)


PREVIEW = kinds.JobKind(
    operation="previewScenario",
    task="generations:preview",
    queue=queues.INTERACTIVE,
    scope="write:generations",
    failure_code="simio_preview_failed",
    result=None,
    result_id=lambda job: job.id,
    failure=Action.PREVIEW_FAILED,
    function=payloads.PREVIEW,
    work=_preview,
)
"""The preview of a scenario."""
