"""Generations: synthetic rows and their report."""

import asyncio
import tempfile
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from simulacra.client import documents, downloads
from simulacra.client.asynchronous.session import AsyncSession, document_of
from simulacra.client.display import Display
from simulacra.client.documents import Names
from simulacra.client.errors import NotReadyError
from simulacra.client.requests import Request
from simulacra.engine.columns import frames
from simulacra.engine.columns.frames import Rows
from simulacra.engine.full_report.full_report import FullReport
from simulacra.engine.margins.margins import Margins
from simulacra.engine.report.report import Report
from simulacra.engine.tabulating.comparison import Comparison
from simulacra.engine.tabulating.crosstab import Crosstab

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from simulacra.client.asynchronous.datasets import AsyncDataset

TYPED = ("parquet", "arrow")
"""Formats of which the rows can be read with their types."""
WRITTEN = ("parquet", "csv", "arrow")
"""Formats that can be written of the rows alone. All others say more of the study."""


class AsyncGeneration:
    """Synthetic rows that the service has made or is making, and their report.

    Attributes:
        id: of the generation.
        document: what the service says of it, as of the last answer.
        response: that answer.
    """

    def __init__(
        self, session: AsyncSession, response: httpx.Response, document: dict[str, Any]
    ) -> None:
        self._session = session
        self.id = str(document["generation_id"])
        self.document = document
        self.response = response
        self._margins: Margins | None = None
        self._table: pa.Table | None = None

    def __repr__(self) -> str:
        rows = self.document.get("rows_generated")
        count = self.rows_requested if rows is None else rows
        return f"<{type(self).__name__} {self.id}: {self.status}, {count:,} rows, {self.format}>"

    @property
    def status(self) -> str:
        """``processing``, ``ready``, ``partial`` if there are fewer rows, or ``failed``."""
        return str(self.document["status"])

    @property
    def dataset_id(self) -> str:
        """Of the study."""
        return str(self.document["dataset_id"])

    @property
    def job_id(self) -> str:
        """Of the job that makes the rows."""
        return str(self.document["job_id"])

    @property
    def format(self) -> str:
        """Of the artifact, such as ``parquet``."""
        return str(self.document["output_format"])

    @property
    def copy_of(self) -> str | None:
        """Of a copy, the id of the generation whose rows it has in another format."""
        return self.document.get("copy_of")

    @property
    def seed(self) -> int:
        """That the rows are drawn with."""
        return int(self.document["seed"])

    @property
    def rows_requested(self) -> int:
        """How many rows were asked for."""
        return int(self.document["row_count"])

    @property
    def rows_generated(self) -> int:
        """How many rows there are; these are billed.

        Raises:
            NotReadyError: they are still being made.
        """
        self._require_rows()
        return int(self.document["rows_generated"])

    @property
    def report(self) -> Report:
        """What was asked for, what was achieved, and how many respondents support it.

        Of a generation out of a list it has no margins of error before `read_margins`.

        Raises:
            NotReadyError: the rows are still being made.
        """
        self._require_rows()
        return Report.from_json(self.document["report"], self._margins)

    @property
    async def table(self) -> "pa.Table":
        """The rows, downloaded once. It needs pyarrow.

        Raises:
            NotReadyError: they are still being made.
            ModuleNotFoundError: pyarrow is not installed.
            ValueError: the artifact is not Parquet or Arrow, which say of what types columns are.
            ProblemError, UnreachableError, DownloadError: as of `download`.
        """
        if self._table is None:
            self._require_rows()
            self._require_types()
            if find_spec("pyarrow") is None:
                raise ModuleNotFoundError(
                    "a table needs pyarrow: pip install pyarrow, or write or download the artifact "
                    f"as it is, {self.format}",
                    name="pyarrow",
                )
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder, "rows")
                await self._session.download(self.id, path, None)
                self._table = await asyncio.to_thread(_read, path, self.format)
        return self._table

    async def head(self, count: int = 5) -> Rows:
        """Return the first rows, which notebooks show with the labels of the questions.

        The dataset must still be there.

        Raises:
            NotReadyError, ModuleNotFoundError, ValueError, ProblemError, UnreachableError,
                DownloadError: as of `table`.
        """
        table = await self.table
        return Rows(table.slice(0, count), await self._labels())

    async def to_pandas(self, *, labels: bool = False) -> "pd.DataFrame":
        """Return the rows as a data frame of pandas.

        Args:
            labels: whether columns are named by the labels of their questions; the dataset must
                still be there.

        Raises:
            ModuleNotFoundError: pandas or pyarrow is not installed.
            NotReadyError, ValueError, ProblemError, UnreachableError, DownloadError: as of `table`.
        """
        table = await self.table
        return frames.pandas(frames.labelled(table, await self._labels()) if labels else table)

    async def to_polars(self, *, labels: bool = False) -> "pl.DataFrame":
        """Return the rows as a data frame of polars.

        Args:
            labels: as of `to_pandas`.

        Raises:
            ModuleNotFoundError: polars or pyarrow is not installed.
            NotReadyError, ValueError, ProblemError, UnreachableError, DownloadError: as of `table`.
        """
        table = await self.table
        return frames.polars(frames.labelled(table, await self._labels()) if labels else table)

    async def _labels(self) -> dict[str, str]:
        request = Request("GET", f"/v1/datasets/{self.dataset_id}/schema")
        schema = documents.schema(await self._session.document(request))
        return schema.labels(schema.names)

    def _repr_html_(self) -> str | None:
        """Return the report; nothing but its line while the rows are being made."""
        return self.report._repr_html_() if self.status in ("ready", "partial") else None

    async def copy(
        self,
        format: str,  # noqa: A002 - its name, as in the library
        *,
        layout: str = "schema",
        values: str = "labels",
        wait: bool = True,
        timeout: float | None = None,
        progress: Display = None,
    ) -> Self:
        """Have the rows in another format, as a generation of its own; it costs no rows.

        Asking again finds the same one, and in the format that the rows have already, themselves.
        It expires with them. The dataset must still be there.

        Args:
            format: such as xlsx, sav, zsav, dta, triple-s, csv, parquet or arrow.
            layout: as of `AsyncDataset.generate`.
            values: likewise.
            wait: whether to wait for the file.
            timeout: seconds to wait; by default as long as it takes.
            progress: as of `AsyncDataset.generate`.

        Raises:
            NotReadyError: the rows are still being made.
            ProblemError, WaitingError, UnreachableError: as of `AsyncDataset.generate`.
        """
        self._require_rows()
        body = documents.output(format, layout, values)
        path = f"/v1/generations/{self.id}/copies"
        answer = await self._session.call(Request("POST", path, json=body))
        made = type(self)(self._session, answer, document_of(answer))
        return await made.wait(timeout, progress=progress) if wait else made

    async def download(self, path: str | Path = ".", *, progress: Display = None) -> Path:
        """Write the artifact to a file, which is there only once all of it is right.

        If the path ends in the suffix of another format, the service makes a `copy` of the rows in
        it, which costs nothing. A download that breaks off is resumed, now or by the next call, and
        what has arrived is checked by its digest.

        Args:
            path: of the file; a name without a suffix gets that of the format. In a folder, by
                default the current one, the file is named by the id of the generation.
            progress: as of `AsyncDataset.generate`.

        Returns:
            The path of the file.

        Raises:
            NotReadyError: the rows are still being made.
            DownloadError: something else arrives, twice.
            ProblemError, UnreachableError: the service refuses it, or does not answer.
            OSError: the file cannot be written.
        """
        self._require_rows()
        target = downloads.named(path, self.id, self.format)
        await self._write_as(downloads.format_of(target), target, progress)
        return target

    async def write(
        self,
        path: str | Path,
        format: str | None = None,  # noqa: A002 - its name, as in the library
        *,
        progress: Display = None,
    ) -> Self:
        """Write the rows, by default in the format that the path's suffix says.

        The artifact is downloaded as it is if it has this format, or if the path has no suffix,
        which it gets then. Otherwise the library writes the rows where it is installed and can;
        files that say more of the study than its rows, such as xlsx or sav, the service makes.

        Args:
            path: of the file.
            format: if the suffix does not say it.
            progress: as of `AsyncDataset.generate`.

        Raises:
            NotReadyError, ProblemError, UnreachableError, DownloadError, OSError: as of `download`.
        """
        self._require_rows()
        target = Path(path) if format else downloads.named(path, self.id, self.format)
        wanted = format or downloads.format_of(target)
        is_here = wanted != self.format and wanted in WRITTEN and self.format in TYPED
        if not is_here or find_spec("simulacra.engine.writing") is None:
            await self._write_as(wanted, target, progress)
            return self
        table, target = await self.table, downloads.target_of(target)
        writing = import_module("simulacra.engine.writing.files")
        await asyncio.to_thread(writing.write, table, target, wanted)
        return self

    async def crosstab(
        self,
        rows: Names,
        columns: Names | None = None,
        *,
        banner: Names | None = None,
        weight: str | None = None,
        timeout: float | None = None,
        progress: Display = None,
    ) -> Crosstab:
        """Return a cross table of the rows, tested on the respondents behind them.

        See `simulacra.Generation.crosstab`. It costs no rows. The dataset must still be there.

        Args:
            rows: columns or multiple-response sets: shares of levels or options, means of all
                others.
            columns: categorical columns or multiple-response sets, whose levels or options are
                columns of the table, side by side.
            banner: the same by its other name.
            weight: a column of numbers that rows count by.
            timeout: seconds to wait; by default as long as it takes.
            progress: as of `AsyncDataset.generate`.

        Raises:
            NotReadyError: the rows are still being made.
            ValueError: `columns` and `banner` are both given.
            ProblemError, WaitingError, UnreachableError: as of `AsyncDataset.generate`.
        """
        self._require_rows()
        body = documents.table(rows, columns, banner, weight)
        request = Request("POST", f"/v1/generations/{self.id}/crosstabs", json=body)
        answered = await self._session.answered(request, timeout, progress)
        return Crosstab.from_json(answered["crosstab"])

    async def compare(
        self,
        first: "AsyncDataset | AsyncGeneration | None" = None,
        *,
        columns: Names | None = None,
        timeout: float | None = None,
        progress: Display = None,
    ) -> Comparison:
        """Return the figures of the study or of other rows and of these, with their changes.

        The most surprising change comes first. ``simulacra.compare(study, made)`` does the same. It
        costs no rows. The dataset must still be there.

        Args:
            first: another generation of the same study; by default, the study.
            columns: names of columns or multiple-response sets; by default all columns.
            timeout: seconds to wait; by default as long as it takes.
            progress: as of `AsyncDataset.generate`.

        Raises:
            NotReadyError: the rows are still being made.
            ValueError: `first` is neither the study of these rows nor a generation.
            ProblemError, WaitingError, UnreachableError: as of `AsyncDataset.generate`.
        """
        self._require_rows()
        other = first.id if isinstance(first, AsyncGeneration) else None
        is_study = first is None or getattr(first, "id", None) == self.dataset_id
        if other is None and not is_study:
            raise ValueError(
                f"first is a {type(first).__name__} that these rows cannot be compared with: give "
                f"their study, the dataset {self.dataset_id}, or another generation of it"
            )
        body = documents.comparison(other, columns)
        request = Request("POST", f"/v1/generations/{self.id}/comparisons", json=body)
        answered = await self._session.answered(request, timeout, progress)
        return Comparison.from_json(answered["comparison"])

    async def full_report(self) -> FullReport:
        """Return the report with what changed from the study, distributions and the card.

        It costs no rows, and takes no longer than reading it: it was made with the rows.

        Raises:
            NotReadyError: the rows are still being made.
            ProblemError, UnreachableError: as of `download`.
        """
        self._require_rows()
        request = Request("GET", f"/v1/generations/{self.id}/report")
        return FullReport.from_json(await self._session.document(request))

    async def to_html(self, path: str | Path, *, name: str | None = None) -> Self:
        """Write the full report as one page that loads nothing, runs nothing, and prints well.

        Args:
            path: of the file.
            name: of the study or the scenario, for the title; by default the id of the generation.

        Raises:
            NotReadyError: the rows are still being made.
            ProblemError, UnreachableError: as of `download`.
            OSError: the file cannot be written.
            ValueError: its name does not end in .html.
        """
        file = FullReport.page_file(path)
        full, made = await self.full_report(), self.document.get("ready_at")
        page = full.to_html(name or f"Generation {self.id}", documents.day(made))
        await asyncio.to_thread(file.write_text, page, "utf-8")
        return self

    async def refresh(self) -> Self:
        """Read it again, with the margins of error that were asked for."""
        answer = await self._session.call(Request("GET", f"/v1/generations/{self.id}"))
        self.document, self.response = document_of(answer), answer
        return await self.read_margins()

    async def read_margins(self) -> Self:
        """Read the margins of error, if its report has any: they are published beside it."""
        report = self.document.get("report") or {}
        if report.get("margins") is not None and self._margins is None:
            path = f"/v1/generations/{self.id}/margins"
            published = (await self._session.document(Request("GET", path)))["margins"]
            self._margins = Margins.from_json(published)
        return self

    async def wait(
        self,
        timeout: float | None = None,
        *,
        progress: Display = None,
    ) -> Self:
        """Wait until there are rows.

        Args:
            timeout: seconds to wait; by default as long as it takes.
            progress: as of `AsyncDataset.generate`.

        Raises:
            ProblemError: there will be none; the class says why.
            WaitingError: they are not there in time; the job goes on.
        """
        if self.status in ("ready", "partial"):
            return await self.read_margins()
        with self._session.shown(progress) as on_progress:
            found_by = f"api.generation({self.id!r})"
            await self._session.wait(self.job_id, timeout, on_progress, found_by)
        return await self.refresh()

    async def _write_as(self, wanted: str, target: Path, progress: Display) -> None:
        """Write the artifact, or that of a copy in another format."""
        downloads.target_of(target)
        made = self if wanted == self.format else await self.copy(wanted, progress=progress)
        with self._session.shown(progress) as on_progress:
            await self._session.download(made.id, target, on_progress)

    def _require_types(self) -> None:
        if self.format not in TYPED:
            raise ValueError(
                f"the artifact is {self.format}, of which the rows are not read with their types: "
                f"download it, or generate {' or '.join(TYPED)}"
            )

    def _require_rows(self) -> None:
        if self.status not in ("ready", "partial"):
            raise NotReadyError(
                f"The generation {self.id} is {self.status}: wait() until there are rows."
            )


def _read(path: Path, file_format: str) -> "pa.Table":
    """Return the table of a file."""
    if file_format == "parquet":
        return import_module("pyarrow.parquet").read_table(path)
    arrow = import_module("pyarrow")
    return arrow.ipc.open_file(arrow.py_buffer(path.read_bytes())).read_all()
