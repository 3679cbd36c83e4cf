"""Sending requests: tokens, retries, waiting for jobs, downloads.

Written by `make client` from the module of this name in `asynchronous`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from simulacra.client import display, downloads, logs, retrying, tokens, trust
from simulacra.client.configuration import Configuration
from simulacra.client.display import Display
from simulacra.client.downloads import Artifact, Part
from simulacra.client.errors import (
    JobEndedError,
    ProblemError,
    UnexpectedAnswerError,
    WaitingError,
)
from simulacra.client.requests import Request, without_secrets
from simulacra.client.retrying import Patience
from simulacra.engine.progress import Progress, ProgressCallback

USER_AGENT = "simulacra-python"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
"""Of the silence on a connection; a request is held for 30 seconds at most."""
HELD_SECONDS, SHOWN_SECONDS = 20, 2
"""How long a request for a job is held; less if somebody watches its progress."""
FINAL = ("completed", "failed", "expired", "cancelled")


class Session:
    """Connections to one service on behalf of one client.

    Args:
        configuration: where the service is, and who calls it.
        retry_seconds: how long failures that pass are put up with, each time anew.
        access_token: that all requests have; by default tokens are minted.
        progress: what is shown of progress; see `display.progress`.
        transport: in place of that of httpx.
        new_patience: makes what decides on retries.
    """

    def __init__(
        self,
        configuration: Configuration,
        *,
        retry_seconds: float,
        access_token: str | None = None,
        progress: bool | None = None,
        transport: httpx.BaseTransport | None = None,
        new_patience: Callable[[float], Patience] = Patience,
    ) -> None:
        logs.keep_links_out()
        self.configuration = configuration
        self.progress = progress
        self._retry_seconds, self._new_patience = retry_seconds, new_patience
        self._http = httpx.Client(
            base_url=configuration.base_url,
            # A transport has certificates of its own, and loading them costs time.
            verify=transport is not None or trust.context(configuration.ca_file),
            headers={"User-Agent": USER_AGENT},
            timeout=TIMEOUT,
            transport=transport,
        )
        self._given = None if access_token is None else tokens.given(access_token)
        self._token = self._given
        self._minting = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep secrets and tokens out of pickles and copies.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            "A client of the service, and what it hands out, is not pickled or copied: it holds a "
            "secret and connections. Make a client where one is needed, and ask it by id."
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def adopt(self, configuration: Configuration) -> None:
        """Call on behalf of another client from now on."""
        self.configuration, self._given, self._token = configuration, None, None

    def call(self, request: Request, seconds: float | None = None) -> httpx.Response:
        """Return the answer of a request that succeeds, sent as often as it takes.

        Args:
            request: to send.
            seconds: how long failures are put up with at most, if that is less than usual.

        Raises:
            ProblemError: it is refused; the class says with which code.
            UnreachableError: there was no answer.
            TokenError: the issuer refuses a token.
            UnexpectedAnswerError: the answer is not one of the service.
        """
        usual = self._retry_seconds
        patience = self._new_patience(usual if seconds is None else min(usual, seconds))
        has_renewed = False
        while True:
            token = self._bearer(request)
            try:
                with request.content() as content:
                    answer = self._http.request(
                        request.method,
                        request.url,
                        params=dict(request.parameters) or None,
                        headers=request.all_headers(token),
                        **content,
                    )
                without_secrets(answer)
            except retrying.FAILURES as failure:
                time.sleep(patience.after_failure(request, failure))
                continue
            if answer.is_success or patience.was_deleted_before(request, answer):
                return answer
            can_renew = token is not None and self._given is None and not has_renewed
            if token is not None and can_renew and retrying.wants_new_token(answer):
                self._forget(token)
                has_renewed = True
                continue
            time.sleep(patience.after_answer(request, answer))

    def document(self, request: Request) -> dict[str, Any]:
        """Return the JSON object that a request is answered with; errors as of `call`."""
        return document_of(self.call(request))

    def answered(
        self, request: Request, timeout: float | None, progress: Display
    ) -> dict[str, Any]:
        """Return the document of a job that has the answer to a request, once it is completed.

        Raises:
            ProblemError, UnreachableError: as of `call`.
            JobEndedError, WaitingError: as of `wait`.
        """
        answer = self.call(request)
        if answer.status_code == 202:
            with self.shown(progress) as on_progress:
                job_id = str(document_of(answer)["job_id"])
                answer = self.wait(job_id, timeout, on_progress)
        return document_of(answer)

    def shown(self, progress: Display) -> AbstractContextManager[ProgressCallback | None]:
        """Return what is told of progress while it is open, by default what the client shows."""
        return display.progress(self.progress if progress is None else progress)

    def pages(self, path: str, members: str, **filters: str | None) -> Iterator[httpx.Response]:
        """Yield the pages of a list, the newest first.

        Args:
            path: of the list.
            members: where its parts are in a page.
            filters: of the query; those that are None are left out.
        """
        parameters: dict[str, str | int] = {
            name: it for name, it in filters.items() if it is not None
        }
        while True:
            page = self.call(Request("GET", path, parameters))
            yield page
            after = document_of(page).get("next_after")
            if after is None or not document_of(page)[members]:
                return
            parameters["after"] = str(after)

    def wait(
        self,
        job_id: str,
        timeout: float | None,
        on_progress: ProgressCallback | None,
        found_by: str | None = None,
    ) -> httpx.Response:
        """Return the answer that shows a job that is completed.

        Args:
            job_id: of the job.
            timeout: seconds to wait; None: as long as it takes.
            on_progress: told how far it has come.
            found_by: the call that finds what the job makes, for errors; by default the job's.

        Raises:
            ProblemError: the job has failed; as of `call` otherwise.
            JobEndedError: it was cancelled, or has expired.
            WaitingError: it has not ended in time.
        """
        until = None if timeout is None else time.monotonic() + timeout
        held = HELD_SECONDS if on_progress is None else SHOWN_SECONDS
        try:
            while True:
                asked_at = time.monotonic()
                left = None if until is None else max(0.0, until - asked_at)
                parameters = {"wait_seconds": int(held if left is None else min(held, left))}
                answer = self.call(Request("GET", f"/v1/jobs/{job_id}", parameters), left)
                document = document_of(answer)
                if on_progress is not None:
                    on_progress(progress_of(document))
                if document["status"] in FINAL or document.get("ended_at") is not None:
                    return completed(document, answer)
                if until is not None and time.monotonic() >= until:
                    raise WaitingError(job_id, timeout or 0.0, found_by)
                pause = asked_at + retrying.poll_seconds(answer) - time.monotonic()
                if until is not None:
                    pause = min(pause, until - time.monotonic())
                time.sleep(max(0.0, pause))
        except KeyboardInterrupt as interruption:
            if display.asks_to_cancel(job_id):
                self.call(Request("POST", f"/v1/jobs/{job_id}/cancel"))
            else:
                told = f"The job {job_id} goes on: api.job({job_id!r}).cancel() ends it."
                interruption.add_note(told)
            raise

    def download(
        self, generation_id: str, target: Path, on_progress: ProgressCallback | None
    ) -> None:
        """Write an artifact, whatever becomes of connections, and check its digest.

        Raises:
            NotReadyError: there is no artifact.
            DownloadError: what arrives is not the artifact.
            ProblemError, UnreachableError, UnexpectedAnswerError: as of `call`.
            OSError: the file cannot be written.
        """
        part = Part(target, self._artifact(generation_id))
        patience = self._new_patience(self._retry_seconds)
        has_renewed = False
        while True:
            if part.is_complete and part.finish():
                return
            arrived = part.size
            request = Request("GET", part.artifact.url, headers=part.headers)
            try:
                answer = self._fetch(request, part, on_progress)
            except retrying.FAILURES as failure:
                if part.size > arrived:
                    patience.renew()
                time.sleep(patience.after_failure(request, failure))
            else:
                if answer.is_success:
                    continue
                if answer.status_code == 416:
                    part.restart()
                elif answer.status_code in (401, 403) and not has_renewed:
                    self._token, has_renewed = self._given, True  # a fresh token and link may help
                else:
                    time.sleep(patience.after_answer(request, answer))
            part.artifact = self._artifact(generation_id)  # whose link is fresh

    def _fetch(
        self, request: Request, part: Part, on_progress: ProgressCallback | None
    ) -> httpx.Response:
        """Append what a request is answered with to a part; return the answer, read or not."""
        token = self._bearer(request) if part.artifact.is_relative else None
        with self._http.stream(
            request.method,
            request.url,
            headers=request.all_headers(token),
            follow_redirects=not part.artifact.is_relative,
        ) as answer:
            if not answer.is_success:
                answer.read()
                return without_secrets(answer)
            with part.open(answer.status_code, answer.headers.get("content-range", "")) as file:
                for chunk in answer.iter_raw(downloads.CHUNK_BYTES):
                    file.write(chunk)
                    file.flush()
                    if on_progress is not None:
                        on_progress(part.progress)
        if not part.is_complete:
            raise httpx.RemoteProtocolError("the body is shorter than the artifact")
        return answer

    def _artifact(self, generation_id: str) -> Artifact:
        path = f"/v1/generations/{generation_id}"
        return Artifact.of(self.document(Request("GET", path)))

    def _bearer(self, request: Request) -> str | None:
        """Return the access token for a request; None if it needs none.

        Raises:
            ConfigurationError: there are no credentials.
        """
        if not request.needs_token:
            return None
        with self._minting:  # one at a time, since a token serves all
            if self._token is None or not self._token.serves:
                try:
                    self._token = tokens.read(self.call(tokens.request(self.configuration)))
                except (UnexpectedAnswerError, ProblemError) as error:
                    raise tokens.refusal(error) from None
            return self._token.text

    def _forget(self, refused: str) -> None:
        if self._token is not None and self._token.text == refused:
            self._token = None


def document_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer.

    Raises:
        UnexpectedAnswerError: it has none.
    """
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise UnexpectedAnswerError(
            f"{answer.request.url.path}: answered {answer.status_code} without a JSON object. Is "
            "the API at this address?",
            answer,
        )
    return document


def progress_of(job: Mapping[str, Any]) -> Progress:
    """Return how far a job has come."""
    told = job["progress"]
    return Progress(told["stage"], told["fraction"], told.get("step"), told.get("steps"))


def completed(job: Mapping[str, Any], answer: httpx.Response) -> httpx.Response:
    """Return the answer that shows a job if it is completed.

    Raises:
        ProblemError: it has failed.
        JobEndedError: it was cancelled, or has expired.
    """
    if job["status"] == "completed":
        return answer
    if job.get("error"):
        raise retrying.of_problem(job["error"], answer)
    raise JobEndedError(str(job["job_id"]), str(job["status"]))
