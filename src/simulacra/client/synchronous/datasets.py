"""Datasets: uploaded studies and what can be asked of them.

Written by `make client` from the module of this name in `asynchronous`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import httpx

from simulacra.client import documents
from simulacra.client.display import Display
from simulacra.client.documents import Names
from simulacra.client.errors import of_intent
from simulacra.client.requests import Request, new_key
from simulacra.client.synchronous.generations import Generation
from simulacra.client.synchronous.session import Session, document_of
from simulacra.engine.columns.schema import Schema
from simulacra.engine.quality.quality import Quality
from simulacra.engine.report.preview import Preview
from simulacra.engine.tabulating.crosstab import Crosstab
from simulacra.engine.validation.validation import Validation


class Dataset:
    """A study at the service, with the model that was fitted to it.

    Attributes:
        id: of the dataset.
        document: what the service says of it, as of the last answer.
        response: that answer.
    """

    def __init__(
        self, session: Session, response: httpx.Response, document: dict[str, Any]
    ) -> None:
        self._session = session
        self.id = str(document["dataset_id"])
        self.document = document
        self.response = response
        self._published: dict[str, Any] | None = None

    def __repr__(self) -> str:
        name = f" {self.display_name!r}" if self.display_name else ""
        rows, columns = (self.document.get(it) for it in ("row_count", "column_count"))
        size = "" if rows is None else f", {rows:,} respondents, {columns:,} columns"
        return f"<{type(self).__name__} {self.id}{name}: {self.status}{size}>"

    @property
    def status(self) -> str:
        """``processing``, ``ready`` or ``failed``."""
        return str(self.document["status"])

    @property
    def display_name(self) -> str | None:
        """The name that it was given."""
        return self.document.get("display_name")

    @property
    def job_id(self) -> str:
        """Of the job that trains it."""
        return str(self.document["job_id"])

    @property
    def schema(self) -> Schema:
        """The cleaned columns, whose names conditions use, and what cleaning did; read once.

        Raises:
            ProblemError: the dataset is not ready, or gone.
        """
        return documents.schema(self._read_schema())

    @property
    def quality(self) -> Quality | None:
        """How well the model's own rows agree with the study; None if it was not measured.

        Raises:
            ProblemError: the dataset is not ready, or gone.
        """
        published = (self._read_schema()).get("quality")
        return None if published is None else Quality.from_json(published)

    def refresh(self) -> Self:
        """Read it again."""
        self._take(self._session.call(Request("GET", f"/v1/datasets/{self.id}")))
        return self

    def wait(
        self,
        timeout: float | None = None,
        *,
        progress: Display = None,
    ) -> Self:
        """Wait until its model is trained.

        Args:
            timeout: seconds to wait; by default as long as it takes.
            progress: as of `generate`.

        Raises:
            ProblemError: the training has failed; the class says why.
            WaitingError: it has not ended in time; it goes on.
        """
        if self.status != "ready":
            with self._session.shown(progress) as on_progress:
                found_by = f"api.dataset({self.id!r})"
                self._session.wait(self.job_id, timeout, on_progress, found_by)
            self.refresh()
        return self

    def generate(  # noqa: PLR0913 - as in the library, and how it is asked for
        self,
        row_count: int,
        *,
        seed: int | None = None,
        categorical: Mapping[str, Mapping[Any, float]] | None = None,
        numeric: Mapping[str, Mapping[str, Any]] | None = None,
        means: Mapping[str, Any] | None = None,
        bands: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        joint: Sequence[Mapping[str, Any]] | None = None,
        multiple_response: Mapping[str, Mapping[str, float]] | None = None,
        groups: Sequence[Mapping[str, Any]] | None = None,
        margins: bool | str = False,
        support_weight: bool = False,
        format: str = "parquet",  # noqa: A002 - its name, as in the library
        layout: str = "schema",
        values: str = "labels",
        wait: bool = True,
        timeout: float | None = None,
        progress: Display = None,
        idempotency_key: str | None = None,
    ) -> Generation:
        """Generate rows under a scenario; the conditions are those of `simulacra.Model.generate`.

        Rows are billed as they are generated. A retry is safe: all attempts have one idempotency
        key, so that the rows are made and billed once.

        Args:
            row_count: rows asked for; fewer come when quotas cannot be met, never more.
            seed: of the random numbers; drawn and reported when None.
            categorical: column to level to share of the rows, a fraction.
            numeric: column to ``{"min": ..., "max": ...}``.
            means: column to the mean of the rows.
            bands: column to a list of ``{"min": ..., "max": ..., "share": ...}``.
            joint: shares of combinations of columns.
            multiple_response: multiple-response set to option to share of the rows that choose it.
            groups: conditions that hold among some of the rows.
            margins: whether the report has margins of error; ``"quick"`` for wider ones.
            support_weight: whether the rows have a column ``support_weight`` more.
            format: of the artifact, such as parquet, csv, arrow, xlsx, sav, zsav, dta or triple-s;
                the service says which it knows.
            layout: ``"file"`` for the columns of the study's file, ``"schema"`` for those of the
                schema.
            values: ``"labels"`` or ``"codes"``, which stand in the cells of categorical columns.
            wait: whether to wait for the rows. Otherwise the generation is returned as it is when
                it has begun, and `Generation.wait` waits for it.
            timeout: seconds to wait; by default as long as it takes.
            progress: told how far it has come; True for a bar, False for none, by default a bar
                at a terminal and in notebooks.
            idempotency_key: by default a new one. With the key of an earlier call that got no
                answer, it is found what that call has begun.

        Raises:
            ProblemError: the request is refused, or no rows can be made; the class says why.
            WaitingError: the rows are not there in time; the job goes on.
            UnreachableError: there was no answer until `retry_seconds` were over.
        """
        body = {
            "row_count": row_count,
            **documents.output(format, layout, values),
            "seed": seed,
            "conditions": documents.conditions(
                categorical=categorical,
                numeric=numeric,
                means=means,
                bands=bands,
                joint=joint,
                multiple_response=multiple_response,
                groups=groups,
            ),
            "margins": margins,
            "support_weight": support_weight,
        }
        key = idempotency_key or new_key()
        path = f"/v1/datasets/{self.id}/generations"
        with of_intent(key):
            answer = self._session.call(Request("POST", path, json=body, key=key))
            made = Generation(self._session, answer, document_of(answer))
            return made.wait(timeout, progress=progress) if wait else made

    def preview(  # noqa: PLR0913 - as in the library
        self,
        row_count: int,
        *,
        seed: int | None = None,
        categorical: Mapping[str, Mapping[Any, float]] | None = None,
        numeric: Mapping[str, Mapping[str, Any]] | None = None,
        means: Mapping[str, Any] | None = None,
        bands: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        joint: Sequence[Mapping[str, Any]] | None = None,
        multiple_response: Mapping[str, Mapping[str, float]] | None = None,
        groups: Sequence[Mapping[str, Any]] | None = None,
        margins: bool | str = False,
        columns: Names | None = None,
        timeout: float | None = None,
        progress: Display = None,
    ) -> Preview:
        """Tell what a generation would give, at no cost; see `simulacra.Model.preview`.

        Args:
            row_count: rows that might be asked for.
            seed: as of `generate`, like all others.
            categorical: column to level to share.
            numeric: column to range.
            means: column to mean.
            bands: column to bands.
            joint: shares of combinations.
            multiple_response: set to option to share.
            groups: conditions among some of the rows.
            margins: whether the expected seconds count the margins of error.
            columns: columns and multiple-response sets whose distributions it is to have, in the
                study and as they are to be expected; twelve at most.
            timeout: seconds to wait; by default as long as it takes.
            progress: as of `generate`.

        Raises:
            ProblemError, WaitingError, UnreachableError: as of `generate`.
        """
        body: dict[str, Any] = {
            "row_count": row_count,
            "seed": seed,
            "conditions": documents.conditions(
                categorical=categorical,
                numeric=numeric,
                means=means,
                bands=bands,
                joint=joint,
                multiple_response=multiple_response,
                groups=groups,
            ),
            "margins": margins,
        }
        if columns is not None:
            body["columns"] = [columns] if isinstance(columns, str) else [*columns]
        path = f"/v1/datasets/{self.id}/scenario-previews"
        answered = self._session.answered(Request("POST", path, json=body), timeout, progress)
        return Preview.from_json(answered["preview"])

    def crosstab(
        self,
        rows: Names,
        columns: Names | None = None,
        *,
        banner: Names | None = None,
        weight: str | None = None,
        timeout: float | None = None,
        progress: Display = None,
    ) -> Crosstab:
        """Return a cross table of the study; see `simulacra.Model.crosstab`. It costs no rows.

        Figures of fewer than five respondents are left out.

        Args:
            rows: columns or multiple-response sets: shares of levels or options, means of all
                others.
            columns: categorical columns or multiple-response sets, whose levels or options are
                columns of the table, side by side.
            banner: the same by its other name.
            weight: a column of numbers that respondents count by, besides their survey weights.
            timeout: seconds to wait; by default as long as it takes.
            progress: as of `generate`.

        Raises:
            ValueError: `columns` and `banner` are both given.
            ProblemError, WaitingError, UnreachableError: as of `generate`.
        """
        body = documents.table(rows, columns, banner, weight)
        request = Request("POST", f"/v1/datasets/{self.id}/crosstabs", json=body)
        answered = self._session.answered(request, timeout, progress)
        return Crosstab.from_json(answered["crosstab"])

    def validate(
        self,
        *,
        segment: Mapping[str, Any] | None = None,
        repeats: int = 5,
        seed: int = 0,
        timeout: float | None = None,
        progress: Display = None,
        idempotency_key: str | None = None,
    ) -> Validation:
        """Hide a part of the respondents, predict them, and say how far predictions are off.

        See `simulacra.Model.validate`. It costs no rows.

        Args:
            segment: column to a level, a list of levels, or ``{"min": ..., "max": ...}``; None for
                all respondents and some chosen segments.
            repeats: how often other respondents are hidden.
            seed: of the random numbers.
            timeout: seconds to wait; by default as long as it takes.
            progress: as of `generate`.
            idempotency_key: as of `generate`.

        Raises:
            ProblemError, WaitingError, UnreachableError: as of `generate`.
        """
        body = {"segment": segment, "repeats": repeats, "seed": seed}
        path = f"/v1/datasets/{self.id}/validations"
        key = idempotency_key or new_key()
        with of_intent(key):
            request = Request("POST", path, json=body, key=key)
            answered = self._session.answered(request, timeout, progress)
        self._published = None  # the schema response has its summary from now on
        return Validation.from_json(answered["validation"])

    def keep(self, hours: int) -> Self:
        """Keep it longer: so many hours from its creation, up to a week, never shorter.

        Raises:
            ProblemError: it is gone, or the hours are out of bounds.
        """
        path = f"/v1/datasets/{self.id}/retention"
        self._take(self._session.call(Request("POST", path, json={"retention_hours": hours})))
        return self

    def delete(self) -> None:
        """Delete it: its running jobs end, and its generations keep their own time.

        Raises:
            ProblemError: it is gone already.
        """
        self._session.call(Request("DELETE", f"/v1/datasets/{self.id}"))

    def _read_schema(self) -> dict[str, Any]:
        if self._published is None:
            path = f"/v1/datasets/{self.id}/schema"
            self._published = self._session.document(Request("GET", path))
        return self._published

    def _take(self, answer: httpx.Response) -> None:
        self.document, self.response = document_of(answer), answer
