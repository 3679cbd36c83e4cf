"""The library as a back end: models in memory or in a folder, made in threads of this process.

Importing it loads the engine.
"""

import contextlib
import dataclasses
import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import anyio
import anyio.to_thread

from simulacra.engine import pipeline
from simulacra.engine.pipeline import Generation, Model
from simulacra.engine.progress import Progress, ProgressCallback
from simulacra.engine.report.preview import Preview
from simulacra.engine.scenario import conditions
from simulacra.engine.tabulating import comparing, tabulation
from simulacra.engine.tabulating.comparison import Comparison
from simulacra.engine.tabulating.crosstab import Crosstab
from simulacra.mcp.backends import backend
from simulacra.mcp.backends.backend import Asked, Generated, Made, Published, Room, Study, Work
from simulacra.mcp.faults import Refusal

KEPT_MODELS, KEPT_GENERATIONS = 4, 8
"""How many are kept in memory; models are loaded again from their folder, if there is one, and rows
made again from their seed."""
LOOK_SECONDS = 0.1
"""How often it is looked whether a job has come further."""
Result = TypeVar("Result")


class _Cancelled(Exception):  # noqa: N818 - it is no error
    """A job is to end."""


@dataclasses.dataclass
class _Job:
    """Work in a thread of its own.

    Attributes:
        job_id, operation, dataset_id, generation_id: as of `Work`.
        progress: how far it has come.
        is_to_end: set to cancel it.
        has_ended: set at its end, good or bad.
        error: that it ended with.
    """

    job_id: str
    operation: str
    dataset_id: str
    generation_id: str | None = None
    progress: Progress = dataclasses.field(default_factory=lambda: Progress("queued", 0.0))
    is_to_end: threading.Event = dataclasses.field(default_factory=threading.Event)
    has_ended: threading.Event = dataclasses.field(default_factory=threading.Event)
    error: Exception | None = None

    def advance(self, progress: Progress) -> None:
        """Take note of progress; end here if that is wanted."""
        if self.is_to_end.is_set():
            raise _Cancelled
        self.progress = progress

    def seen(self) -> Work:
        """Return how it stands.

        Raises:
            Exception: it has failed, with that.
            Refusal: it was cancelled.
        """
        is_done = self.has_ended.is_set()
        if is_done and isinstance(self.error, _Cancelled):
            raise Refusal(f"The job {self.job_id} was cancelled: there is nothing of it.")
        if is_done and self.error is not None:
            raise self.error
        return Work(
            *(self.job_id, self.operation, is_done, self.dataset_id, self.generation_id),
            stage=self.progress.stage,
            fraction=self.progress.fraction,
        )


class LibraryBackend:
    """Models and generations of this process.

    A model holds the answers of respondents: its file can be read by its owner alone, and without a
    folder there is none.

    Args:
        folder: where models are kept, for later processes too; None: in memory alone.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._names: dict[str, str] = {}
        self._models: OrderedDict[str, Model] = OrderedDict()
        self._asked: dict[str, Asked] = {}
        self._rows: OrderedDict[str, Generation] = OrderedDict()
        self._jobs: dict[str, _Job] = {}
        self._memory, self._fitting = threading.RLock(), threading.Lock()
        self._uses: dict[str, threading.Lock] = {}

    @classmethod
    @contextlib.contextmanager
    def opened(cls, folder: Path | None) -> Iterator[Self]:
        """Yield a back end whose jobs end with it."""
        it = cls(folder)
        try:
            yield it
        finally:
            it.end()

    def end(self) -> None:
        """Ask all jobs to end."""
        for job in self._jobs.values():
            job.is_to_end.set()

    async def studies(self) -> tuple[list[Study], list[Made]]:
        """Return the newest studies and generations."""
        records = await _in_thread(self._records)
        learning = [
            Study(job.dataset_id, None, "processing", job_id=job.job_id)
            for job in self._jobs.values()
            if job.operation == backend.UPLOAD and not job.has_ended.is_set()
        ]
        ready = [Study(each, name, "ready") for each, name in records]
        made = [
            Made(each, asked.dataset_id, self._status(each), asked.row_count)
            for each, asked in reversed(self._asked.items())
        ]
        return [*learning, *ready][: backend.LISTED], made[: backend.LISTED]

    async def upload(self, path: Path, name: str, options: Mapping[str, Any]) -> Work:
        """Begin to learn a study."""
        dataset_id = _new_id("ds")

        def learn(job: _Job) -> None:
            with self._fitting:  # one at a time, since each uses all processors
                model = pipeline.fit(path, progress=job.advance, **options)
                with self._memory:
                    self._names[dataset_id] = name
                    self._keep_model(dataset_id, model)
                if self._folder is not None:
                    _save(self._folder, dataset_id, name, model)

        return self._begin(_Job(_new_id("job"), backend.UPLOAD, dataset_id), learn)

    async def published(self, dataset_id: str) -> Published:
        """Return what is known of a study."""
        model = await _in_thread(self._model, dataset_id)
        name = dict(await _in_thread(self._records)).get(dataset_id)
        return Published(name, model.schema, model.quality)

    async def preview(self, asked: Asked) -> Preview:
        """Tell what a generation would give."""

        def look() -> Preview:
            model = self._model(asked.dataset_id)
            with self._use_of(asked.dataset_id):
                return model.preview(
                    asked.row_count, seed=asked.seed, margins=asked.margins, **asked.conditions
                )

        return await _in_thread(look)

    async def generate(self, asked: Asked) -> Work:
        """Begin to make rows, unless the same were asked for before."""
        model = await _in_thread(self._model, asked.dataset_id)
        conditions.parse(model.schema, asked.conditions)  # refused before a job begins
        for job in self._jobs.values():
            if job.generation_id and self._asked[job.generation_id] == asked and job.error is None:
                return job.seen()
        generation_id = _new_id("gen")
        self._asked[generation_id] = asked
        job = _Job(_new_id("job"), backend.GENERATE, asked.dataset_id, generation_id)
        return self._begin(job, lambda job: self._make(generation_id, job.advance))

    async def generated(self, generation_id: str) -> Generated:
        """Return a generation that has rows."""
        rows = await self._generation(generation_id)
        return Generated(generation_id, self._asked[generation_id].dataset_id, rows.report)

    async def wait(
        self, job_id: str, seconds: float, on_progress: ProgressCallback | None = None
    ) -> Work:
        """Return a job once it has ended, or after some seconds."""
        job = self._job(job_id)
        until = time.monotonic() + seconds
        while not job.has_ended.is_set() and time.monotonic() < until:
            if on_progress is not None:
                on_progress(job.progress)
            await anyio.sleep(LOOK_SECONDS)
        return job.seen()

    async def cancel(self, job_id: str) -> None:
        """End a job, at the next step of its work."""
        self._job(job_id).is_to_end.set()

    async def crosstab(
        self, source: str, rows: Sequence[str], banner: Sequence[str], weight: str | None
    ) -> Crosstab:
        """Return a cross table, as the service would publish it: whoever reads may be far away."""
        made = await self._source(source)

        def tabulate() -> Crosstab:
            return tabulation.tabulate(made.sample, rows, banner or None, weight, is_published=True)

        return await _in_thread(tabulate)

    async def compare(
        self, generation_id: str, against: str | None, columns: Sequence[str] | None
    ) -> Comparison:
        """Return a comparison, as of `crosstab`."""
        second = await self._generation(generation_id)
        first = await self._source(against or self._asked[generation_id].dataset_id)
        margins = second.report.margins if isinstance(first, Model) else None

        def compare() -> Comparison:
            samples = (first.sample, second.sample)
            return comparing.compare(*samples, columns, margins, is_published=True)

        return await _in_thread(compare)

    async def write(self, generation_id: str, path: Path) -> None:
        """Write rows to a new file."""
        rows = await self._generation(generation_id)
        await _in_thread(rows.write, path)

    async def sample(
        self, generation_id: str, rows: int, columns: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Return the first synthetic rows."""
        made = (await self._generation(generation_id)).table
        shown = [name for name in columns if name in made.column_names]
        found: list[dict[str, Any]] = made.select(shown).slice(0, rows).to_pylist()
        return found

    async def room(self) -> Room:
        """Refuse: the library has no subscription."""
        raise Refusal("The library makes as many rows as you like: there is no subscription.")

    def _begin(self, job: _Job, work: Callable[[_Job], object]) -> Work:
        self._jobs[job.job_id] = job

        def run() -> None:
            try:
                work(job)
            except Exception as error:  # noqa: BLE001 - whoever waits for the job gets it
                job.error = error
            finally:
                job.has_ended.set()

        threading.Thread(target=run, name=job.job_id, daemon=True).start()
        return job.seen()

    def _job(self, job_id: str) -> _Job:
        if job_id not in self._jobs:
            raise Refusal(f"There is no job {job_id!r} in this process: see list_studies.")
        return self._jobs[job_id]

    def _status(self, generation_id: str) -> str:
        (job,) = [it for it in self._jobs.values() if it.generation_id == generation_id]
        if not job.has_ended.is_set():
            return "processing"
        return "failed" if job.error is not None else "ready"

    async def _source(self, identifier: str) -> Model | Generation:
        if backend.is_generation(identifier):
            return await self._generation(identifier)
        return await _in_thread(self._model, identifier)

    async def _generation(self, generation_id: str) -> Generation:
        if generation_id not in self._asked:
            raise Refusal(
                f"There is no generation {generation_id!r}: see list_studies. Rows are kept while "
                "the server runs; the same call of generate_rows makes the same rows again."
            )
        with self._memory:
            kept = self._rows.get(generation_id)
        if kept is not None:
            return kept
        if self._status(generation_id) != "ready":
            raise Refusal(f"The generation {generation_id} has no rows: see check_job.")
        return await _in_thread(self._make, generation_id, None)

    def _make(self, generation_id: str, on_progress: ProgressCallback | None) -> Generation:
        """Return the rows of a generation, made from its seed, and keep them."""
        asked = self._asked[generation_id]
        model = self._model(asked.dataset_id)
        with self._use_of(asked.dataset_id):
            rows = model.generate(
                asked.row_count,
                seed=asked.seed,
                margins=asked.margins,
                progress=on_progress,
                **asked.conditions,
            )
        with self._memory:
            self._rows[generation_id] = rows
            while len(self._rows) > KEPT_GENERATIONS:
                self._rows.popitem(last=False)
        return rows

    def _use_of(self, dataset_id: str) -> threading.Lock:
        """Return the lock of a model, which keeps what it fits for scenarios."""
        with self._memory:
            return self._uses.setdefault(dataset_id, threading.Lock())

    def _model(self, dataset_id: str) -> Model:
        """Return a model, from memory or from its file."""
        with self._memory:
            if dataset_id in self._models:
                self._models.move_to_end(dataset_id)
                return self._models[dataset_id]
            if self._folder is None or dataset_id not in dict(self._records()):
                raise Refusal(f"There is no study {dataset_id!r} that is ready: see list_studies.")
            return self._keep_model(dataset_id, pipeline.load(self._folder / f"{dataset_id}.model"))

    def _keep_model(self, dataset_id: str, model: Model) -> Model:
        self._models[dataset_id] = model
        while self._folder is not None and len(self._models) > KEPT_MODELS:
            self._models.popitem(last=False)
        return model

    def _records(self) -> list[tuple[str, str]]:
        """Return id and name of each study that is ready, the newest first."""
        if self._folder is None:
            return [*reversed(self._names.items())]
        paths = sorted(self._folder.glob("ds_*.json"), key=lambda path: -path.stat().st_mtime)
        return [(path.stem, str(json.loads(path.read_text("utf-8"))["name"])) for path in paths]


def _save(folder: Path, dataset_id: str, name: str, model: Model) -> None:
    """Write a model and then its record, which says that the model is whole."""
    path = folder / f"{dataset_id}.model"
    path.touch(mode=0o600)
    model.save(path)
    written = folder / f".{dataset_id}.json"
    written.touch(mode=0o600)
    written.write_text(json.dumps({"name": name}), "utf-8")
    written.rename(folder / f"{dataset_id}.json")


def _new_id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(8)}"


async def _in_thread(call: Callable[..., Result], *arguments: Any) -> Result:  # noqa: ANN401 - passed on
    return await anyio.to_thread.run_sync(lambda: call(*arguments), abandon_on_cancel=True)
