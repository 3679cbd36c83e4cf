"""What a back end does, whichever it is."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from simulacra.engine.columns.schema import Schema
from simulacra.engine.progress import ProgressCallback
from simulacra.engine.quality.quality import Quality
from simulacra.engine.report.preview import Preview
from simulacra.engine.report.report import Report
from simulacra.engine.tabulating.comparison import Comparison
from simulacra.engine.tabulating.crosstab import Crosstab

KINDS = ("categorical", "numeric", "means", "bands", "joint", "multiple_response", "groups")
"""Of conditions: arguments of `Model.generate`, and members of `conditions` of the service."""
UPLOAD, GENERATE = "createDataset", "createGeneration"
"""Operations of jobs, named as the service does."""
LISTED = 20
"""How many studies and generations are listed, the newest ones."""


@dataclasses.dataclass(frozen=True)
class Made:
    """A generation in a list.

    Attributes:
        generation_id: its id.
        dataset_id: of the study.
        status: ``processing``, ``ready``, ``partial`` or ``failed``.
        row_count: rows that were asked for.
    """

    generation_id: str
    dataset_id: str
    status: str
    row_count: int


@dataclasses.dataclass(frozen=True)
class Study:
    """A study in a list.

    Attributes:
        dataset_id: its id.
        name: for people.
        status: ``processing``, ``ready`` or ``failed``.
        expires_at: when it is deleted, in ISO 8601; None if never.
        job_id: of its training, while that goes on.
    """

    dataset_id: str
    name: str | None
    status: str
    expires_at: str | None = None
    job_id: str | None = None


@dataclasses.dataclass(frozen=True)
class Published:
    """What is known of a study that is ready."""

    name: str | None
    schema: Schema
    quality: Quality | None


@dataclasses.dataclass(frozen=True)
class Asked:
    """The rows that a generation is to have.

    The same of these gives the same rows.

    Attributes:
        dataset_id: of the study.
        row_count: rows asked for.
        conditions: by kind, as arguments of `Model.generate`.
        seed: of the random numbers.
        margins: whether the report has margins of error: False, ``"quick"`` or True.
    """

    dataset_id: str
    row_count: int
    conditions: Mapping[str, Any]
    seed: int
    margins: bool | str = False


@dataclasses.dataclass(frozen=True)
class Work:
    """A job.

    Attributes:
        job_id: its id.
        operation: `UPLOAD` or `GENERATE`; others of the service are not begun here.
        is_done: whether it has ended as it should.
        dataset_id, generation_id: what it makes, as far as that is known.
        stage, fraction: how far it has come.
    """

    job_id: str
    operation: str
    is_done: bool = False
    dataset_id: str | None = None
    generation_id: str | None = None
    stage: str = "queued"
    fraction: float = 0.0


@dataclasses.dataclass(frozen=True)
class Generated:
    """A generation that has rows."""

    generation_id: str
    dataset_id: str
    report: Report


@dataclasses.dataclass(frozen=True)
class Room:
    """What is left of a subscription.

    Attributes:
        rows_used: that were billed in the window.
        rows_remaining: None: no limit.
        max_rows_per_request: cap of one request.
        window_ends_at: in ISO 8601.
    """

    rows_used: int
    rows_remaining: int | None
    max_rows_per_request: int
    window_ends_at: str


class Backend(Protocol):
    """What does the work. Errors are those of the engine, of the client, or a `faults.Refusal`."""

    async def studies(self) -> tuple[list[Study], list[Made]]:
        """Return the newest studies and generations."""
        ...

    async def upload(self, path: Path, name: str, options: Mapping[str, Any]) -> Work:
        """Begin to learn a study.

        Args:
            path: of its file.
            name: for people.
            options: arguments of `simulacra.fit`.
        """
        ...

    async def published(self, dataset_id: str) -> Published:
        """Return what is known of a study."""
        ...

    async def preview(self, asked: Asked) -> Preview:
        """Tell what a generation would give."""
        ...

    async def generate(self, asked: Asked) -> Work:
        """Begin to make rows. The same call again finds what the first one has begun or made."""
        ...

    async def generated(self, generation_id: str) -> Generated:
        """Return a generation that has rows."""
        ...

    async def wait(
        self, job_id: str, seconds: float, on_progress: ProgressCallback | None = None
    ) -> Work:
        """Return a job once it has ended, or after some seconds. A job that fails raises."""
        ...

    async def cancel(self, job_id: str) -> None:
        """End a job; no error if it has ended already."""
        ...

    async def crosstab(
        self, source: str, rows: Sequence[str], banner: Sequence[str], weight: str | None
    ) -> Crosstab:
        """Return a cross table; of a study without figures that few respondents stand behind.

        Args:
            source: id of a study or of a generation.
            rows: as of `simulacra.crosstab`, like the others.
            banner: columns of the table.
            weight: that rows count by.
        """
        ...

    async def compare(
        self, generation_id: str, against: str | None, columns: Sequence[str] | None
    ) -> Comparison:
        """Return a comparison; of a study likewise.

        Args:
            generation_id: what is compared.
            against: another generation; None for the study.
            columns: those to compare; None for all.
        """
        ...

    async def write(self, generation_id: str, path: Path) -> None:
        """Write rows to a new file, in the format that its suffix says."""
        ...

    async def sample(
        self, generation_id: str, rows: int, columns: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Return the first synthetic rows.

        Args:
            generation_id: of the rows.
            rows: how many.
            columns: the first of them that the rows have.
        """
        ...

    async def room(self) -> Room:
        """Return what is left of the subscription."""
        ...


def is_generation(identifier: str) -> bool:
    """Tell whether an id is of a generation rather than of a study."""
    return identifier.startswith("gen_")
