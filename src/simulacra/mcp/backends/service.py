"""A service as a back end, by its client."""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import anyio.to_thread

from simulacra.client import AsyncSimulacra
from simulacra.client.asynchronous.generations import AsyncGeneration
from simulacra.client.errors import WaitingError
from simulacra.engine.progress import ProgressCallback
from simulacra.engine.report.preview import Preview
from simulacra.engine.tabulating.comparison import Comparison
from simulacra.engine.tabulating.crosstab import Crosstab
from simulacra.mcp.backends import backend
from simulacra.mcp.backends.backend import Asked, Generated, Made, Published, Room, Study, Work
from simulacra.mcp.faults import Refusal

TRIES = 5
"""How often the same rows can be asked for anew after they could not be made."""
MOST_BYTES = 64 * 1024**2
"""Of an artifact that is downloaded to show a few of its rows."""
GONE = ("failed", "expired", "cancelled")


class ServiceBackend:
    """A tenant of a service.

    Args:
        api: its client.
    """

    def __init__(self, api: AsyncSimulacra) -> None:
        self._api = api

    async def studies(self) -> tuple[list[Study], list[Made]]:
        """Return the newest studies and generations."""
        studies, made = [], []
        async for dataset in self._api.datasets():
            job_id = dataset.job_id if dataset.status == "processing" else None
            expires_at = dataset.document.get("expires_at")
            studies.append(
                Study(dataset.id, dataset.display_name, dataset.status, expires_at, job_id)
            )
            if len(studies) == backend.LISTED:
                break
        async for it in self._api.generations():
            made.append(Made(it.id, it.dataset_id, it.status, it.rows_requested))
            if len(made) == backend.LISTED:
                break
        return studies, made

    async def upload(self, path: Path, name: str, options: Mapping[str, Any]) -> Work:
        """Send a study to the service."""
        dataset = await self._api.upload(
            path, display_name=name, wait=False, progress=False, **options
        )
        is_done = dataset.status == "ready"
        return Work(dataset.job_id, backend.UPLOAD, is_done, dataset.id)

    async def published(self, dataset_id: str) -> Published:
        """Return what is known of a study."""
        dataset = await self._api.dataset(dataset_id)
        return Published(dataset.display_name, await dataset.schema, await dataset.quality)

    async def preview(self, asked: Asked) -> Preview:
        """Tell what a generation would give; nothing is billed."""
        dataset = await self._api.dataset(asked.dataset_id)
        return await dataset.preview(
            asked.row_count,
            seed=asked.seed,
            margins=asked.margins,
            progress=False,
            **asked.conditions,
        )

    async def generate(self, asked: Asked) -> Work:
        """Begin to make rows, which are billed once, however often the same are asked for.

        The key of the request follows from what is asked for. Where a job with that key has ended
        without rows, another one is begun.
        """
        dataset = await self._api.dataset(asked.dataset_id)
        for attempt in range(TRIES):
            made = await dataset.generate(
                asked.row_count,
                seed=asked.seed,
                margins=asked.margins,
                wait=False,
                idempotency_key=_key(asked, attempt),
                **asked.conditions,
            )
            if not await self._is_gone(made):
                break
        is_done = made.status in ("ready", "partial")
        return Work(made.job_id, backend.GENERATE, is_done, made.dataset_id, made.id)

    async def generated(self, generation_id: str) -> Generated:
        """Return a generation that has rows."""
        made = await self._api.generation(generation_id)
        return Generated(made.id, made.dataset_id, made.report)

    async def wait(
        self, job_id: str, seconds: float, on_progress: ProgressCallback | None = None
    ) -> Work:
        """Return a job once it has ended, or after some seconds."""
        job = await self._api.job(job_id)
        is_done = True
        try:
            await job.wait(seconds, progress=on_progress or False)
        except WaitingError:
            is_done = False
            await job.refresh()
        return Work(
            *(job.id, job.operation, is_done, job.dataset_id, job.generation_id),
            stage=job.progress.stage,
            fraction=job.progress.fraction,
        )

    async def cancel(self, job_id: str) -> None:
        """End a job; nothing is billed for it."""
        await (await self._api.job(job_id)).cancel()

    async def crosstab(
        self, source: str, rows: Sequence[str], banner: Sequence[str], weight: str | None
    ) -> Crosstab:
        """Return a cross table."""
        asked: dict[str, Any] = {"banner": [*banner], "weight": weight, "progress": False}
        if backend.is_generation(source):
            return await (await self._api.generation(source)).crosstab([*rows], **asked)
        return await (await self._api.dataset(source)).crosstab([*rows], **asked)

    async def compare(
        self, generation_id: str, against: str | None, columns: Sequence[str] | None
    ) -> Comparison:
        """Return a comparison."""
        second = await self._api.generation(generation_id)
        first = None if against is None else await self._api.generation(against)
        return await second.compare(first, columns=columns, progress=False)

    async def write(self, generation_id: str, path: Path) -> None:
        """Download rows; they are written anew if the artifact is of another format."""
        await (await self._api.generation(generation_id)).write(path)

    async def sample(
        self, generation_id: str, rows: int, columns: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Return the first synthetic rows, of an artifact in Parquet, as those of `generate` are.

        It is downloaded to a file that is gone afterwards.
        """
        made = await self._api.generation(generation_id)
        if made.format != "parquet":
            raise Refusal(f"The artifact is {made.format}; rows are shown of Parquet alone.")
        size = made.document.get("size_bytes") or 0
        if size > MOST_BYTES:
            raise Refusal(
                f"The rows of {generation_id} are made, in a file of {size:,} bytes. Rows are "
                f"shown of files up to {MOST_BYTES:,} bytes: call again without sample_rows."
            )
        with tempfile.TemporaryDirectory(prefix="simulacra-") as folder:
            path = await made.download(Path(folder, "rows.parquet"), progress=False)
            return await anyio.to_thread.run_sync(_first, path, rows, columns)

    async def room(self) -> Room:
        """Return what is left of the subscription."""
        usage = await self._api.usage()
        return Room(
            usage.rows_used,
            usage.rows_remaining,
            usage.max_rows_per_request,
            usage.window_ends_at.isoformat(),
        )

    async def _is_gone(self, made: AsyncGeneration) -> bool:
        """Tell whether what an earlier call began has ended without rows."""
        if made.response.headers.get("idempotent-replayed") != "true":
            return False
        if made.status == "processing":
            return (await self._api.job(made.job_id)).status in GONE
        return made.status in GONE


def _key(asked: Asked, attempt: int) -> str:
    """Return the idempotency key of what is asked for."""
    members = [asked.dataset_id, asked.row_count, asked.conditions, asked.seed, asked.margins]
    digest = hashlib.sha256(json.dumps(members, sort_keys=True).encode()).hexdigest()
    return f"mcp-{digest}-{attempt}"


def _first(path: Path, rows: int, columns: Sequence[str]) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq  # noqa: PLC0415 - the client does without it otherwise

    with pq.ParquetFile(path) as file:
        shown = [name for name in columns if name in file.schema_arrow.names]
        batches = file.iter_batches(batch_size=rows, columns=shown)
        found: list[dict[str, Any]] = [
            row for batch in islice(batches, 1) for row in batch.to_pylist()
        ]
    return found
