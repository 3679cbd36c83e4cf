"""Previews: what a scenario would give, answered in the row of a job and kept nowhere else."""

import asyncio
import functools

from simulacra.service import scratch
from simulacra.service.audit.entry import Action
from simulacra.service.generations import payloads, sources
from simulacra.service.jobs import attempts, kinds, queues
from simulacra.service.jobs import repository as jobs


async def _preview(attempt: attempts.Attempt) -> attempts.Save:
    """Make a preview."""
    asked = attempt.job.asked or {}
    async with attempt.resources.database.transaction(attempt.job.tenant_id) as session:
        source = await sources.of(attempt, session, asked["conditions"], asked.get("margins"))
    key = await source.key(attempt.job.dataset_id)
    with scratch.folder() as folder:
        model_file = folder / "model"
        await asyncio.to_thread(source.store.objects.download, source.model_path, key, model_file)
        request = payloads.PreviewRequest(
            model_file=model_file,
            fitted_file=await sources.fetch(attempt, source, key, source.fitted, folder / "fitted"),
            row_count=asked["row_count"],
            rng_seed=asked["seed"],
            conditions=asked["conditions"],
            margins=asked.get("margins"),
            kept_refits=0 if source.refits is None else source.refits.refits,
        )
        result = await attempt.run(payloads.PREVIEW, request, folder)
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
