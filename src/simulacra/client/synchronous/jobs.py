"""Jobs: work that goes on at the service.

Written by `make client` from the module of this name in `asynchronous`.
"""

from typing import Any, Self

import httpx

from simulacra.client.display import Display
from simulacra.client.requests import Request
from simulacra.client.synchronous.session import Session, document_of, progress_of
from simulacra.engine.progress import Progress
from simulacra.engine.report.preview import Preview
from simulacra.engine.tabulating.comparison import Comparison
from simulacra.engine.tabulating.crosstab import Crosstab
from simulacra.engine.validation.validation import Validation

ANSWERS: dict[str, type[Preview | Validation | Crosstab | Comparison]] = {
    "preview": Preview,
    "validation": Validation,
    "crosstab": Crosstab,
    "comparison": Comparison,
}
"""By the member of a job's document that holds them."""


class Job:
    """Work that goes on at the service, whether somebody waits for it or not.

    Attributes:
        id: of the job.
        document: what the service says of it, as of the last answer.
        response: that answer.
    """

    def __init__(
        self, session: Session, response: httpx.Response, document: dict[str, Any]
    ) -> None:
        self._session = session
        self.id = str(document["job_id"])
        self.document = document
        self.response = response

    def __repr__(self) -> str:
        done = f" {self.progress.fraction:.0%}" if self.status == "processing" else ""
        return f"<{type(self).__name__} {self.id}: {self.operation}, {self.status}{done}>"

    @property
    def operation(self) -> str:
        """The operationId of the request that began it."""
        return str(self.document["operation"])

    @property
    def status(self) -> str:
        """``queued``, ``processing``, ``completed``, ``failed``, ``expired`` or ``cancelled``."""
        return str(self.document["status"])

    @property
    def progress(self) -> Progress:
        """How far it has come."""
        return progress_of(self.document)

    @property
    def dataset_id(self) -> str | None:
        """Of the dataset that it is about, once it is completed."""
        return self.document.get("dataset_id")

    @property
    def generation_id(self) -> str | None:
        """Of the generation that it has made, once it is completed."""
        return self.document.get("generation_id")

    @property
    def answer(self) -> Preview | Validation | Crosstab | Comparison | None:
        """Of a preview, validation, table or comparison that is completed, for an hour.

        None of all others: what they have made is at `dataset_id` or `generation_id`.
        """
        for name, kind in ANSWERS.items():
            if self.document.get(name) is not None:
                return kind.from_json(self.document[name])
        return None

    def refresh(self) -> Self:
        """Read it again."""
        self._take(self._session.call(Request("GET", f"/v1/jobs/{self.id}")))
        return self

    def wait(
        self,
        timeout: float | None = None,
        *,
        progress: Display = None,
    ) -> Self:
        """Wait until it is completed.

        Args:
            timeout: seconds to wait; by default as long as it takes.
            progress: told how far it has come; True for a bar, False for none, by default a bar
                at a terminal and in notebooks.

        Raises:
            ProblemError: it has failed.
            JobEndedError: it was cancelled, or has expired.
            WaitingError: it has not ended in time; it goes on.
        """
        with self._session.shown(progress) as on_progress:
            self._take(self._session.wait(self.id, timeout, on_progress))
        return self

    def cancel(self) -> Self:
        """Ask that it ends; nothing is billed for it. It is no error if it has ended already."""
        self._take(self._session.call(Request("POST", f"/v1/jobs/{self.id}/cancel")))
        return self

    def _take(self, answer: httpx.Response) -> None:
        self.document, self.response = document_of(answer), answer
