"""Whether a request is sent again, and when: exponential backoff with jitter and a deadline."""

from __future__ import annotations

import datetime as dt
import email.utils
import logging
import random
import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx

from simulacra.client import errors, problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulacra.client.requests import Request

FIRST_SECONDS, MAX_SECONDS = 0.5, 20.0
POLL_SECONDS = 2.0
"""Between two requests for a job if the answer does not say, as when a proxy drops the header."""
TRANSIENT_STATUSES = (408, 425, 429, 500, 502, 503, 504)
TRANSIENT_CODES = ("simio_idempotency_in_flight", "simio_quota_reservation_conflict")
"""Conflicts that pass by themselves; all others stay."""
RENEWING_CODES = ("simio_unauthorized", "simio_fresh_token_required")
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
FAILURES = (httpx.TransportError, httpx.DecodingError)
"""Of which there is no answer, or none that can be read."""
PERMANENT = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)

logger = logging.getLogger("simulacra.client")


class Patience:
    """How long one intent goes on being tried.

    Args:
        seconds: that failures in a row may take.
        first: the longest pause after the first failure, seconds; it doubles with each.
        clock: monotonic, seconds.
        draw: a random number between two others.
    """

    def __init__(
        self,
        seconds: float,
        *,
        first: float = FIRST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._seconds, self._first, self._clock, self._draw = seconds, first, clock, draw
        self._may_have_arrived = False
        self.renew()

    def renew(self) -> None:
        """Begin anew, since something was achieved."""
        self._until: float | None = None
        self._failures = 0

    def after_failure(self, request: Request, failure: httpx.RequestError) -> float:
        """Return how many seconds to pause after a request without an answer.

        Raises:
            errors.UnreachableError: it is not to be sent again.
        """
        verification = _verification_error(failure)
        never_sent = isinstance(failure, NEVER_SENT)
        self._may_have_arrived |= not never_sent
        what = f"{request.name}: no answer ({type(failure).__name__})"
        if verification is not None:
            what = (
                f"The certificate of the server is not trusted: {verification.verify_message}. If "
                "it has a certificate authority of its own, set SSL_CERT_FILE or ca_file to its "
                "certificate."
            )
        elif not isinstance(failure, PERMANENT) and (never_sent or request.is_repeatable):
            pause = self._pause(None)
            if pause is not None:
                logger.info("%s; again in %.1f s", what, pause)
                return pause
            what += f", again and again for {self._seconds:g} seconds"
        elif not never_sent:
            what += "; it may have arrived, and is not sent a second time"
        raise errors.UnreachableError(
            what, may_have_arrived=not never_sent, idempotency_key=request.key
        )

    def after_answer(self, request: Request, answer: httpx.Response) -> float:
        """Return how many seconds to pause after an answer that is no success.

        Raises:
            errors.ProblemError: the same request would get the same answer, or it is too late.
            errors.UnexpectedAnswerError: the answer is not one of the service.
        """
        raised = refusal(request, answer)
        self._may_have_arrived |= answer.status_code >= 500
        if is_transient(answer) and (request.is_repeatable or answer.status_code == 429):
            pause = self._pause(retry_after(answer))
            if pause is not None:
                logger.info(
                    "%s: answered %d (request %s); again in %.1f s",
                    *(request.name, answer.status_code, answer.headers.get("x-request-id"), pause),
                )
                return pause
        raise raised

    def was_deleted_before(self, request: Request, answer: httpx.Response) -> bool:
        """Tell whether what is gone was deleted by an earlier attempt, which got no answer."""
        is_gone = request.method == "DELETE" and answer.status_code == 404
        return is_gone and self._may_have_arrived

    def _pause(self, at_least: float | None) -> float | None:
        """Return the next pause; None if it would end too late."""
        now = self._clock()
        if self._until is None:
            self._until = now + self._seconds
        longest = min(self._first * 2**self._failures, MAX_SECONDS)
        self._failures += 1
        pause = self._draw(longest / 2, longest)
        if at_least is not None:  # spread beyond it, so that not all come back at once
            pause = at_least + self._draw(0, min(longest, 1 + at_least / 10))
        return pause if now + pause <= self._until else None


def is_transient(answer: httpx.Response) -> bool:
    """Tell whether the same request may soon have another answer.

    A job that has failed is no such thing, although its problem may come with the same status.
    """
    document = problem_of(answer) or {}
    if "job_id" in document:
        return False
    return answer.status_code in TRANSIENT_STATUSES or document.get("code") in TRANSIENT_CODES


def wants_new_token(answer: httpx.Response) -> bool:
    """Tell whether a token that is minted now may help."""
    document = problem_of(answer) or {}
    return answer.status_code == 401 and document.get("code", RENEWING_CODES[0]) in RENEWING_CODES


def retry_after(answer: httpx.Response) -> float | None:
    """Return what Retry-After says, in seconds (RFC 9110, 10.2.3); None if it says nothing.

    A moment is counted from that of the answer by the server's clock, since ours may be wrong.
    """
    header = answer.headers.get("retry-after", "").strip()
    if header.isascii() and header.isdecimal():
        return float(header)
    moment = _moment(header)
    if moment is None:
        return None
    now = _moment(answer.headers.get("date", "")) or dt.datetime.now(dt.UTC)
    return max(0.0, (moment - now).total_seconds())


def _moment(header: str) -> dt.datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # as of -0000, which says that it is UTC and nothing of the place
        return moment.replace(tzinfo=dt.UTC)
    return moment


def poll_seconds(answer: httpx.Response) -> float:
    """Return how long after a request its like may be sent again, by the answer to it."""
    told = retry_after(answer)
    return POLL_SECONDS if told is None else told


def problem_of(answer: httpx.Response) -> dict[str, Any] | None:
    """Return the problem document of an answer; None if it has none."""
    try:
        document = answer.json()
    except ValueError:
        return None
    is_problem = isinstance(document, dict) and isinstance(document.get("code"), str)
    return document if is_problem else None


def refusal(request: Request, answer: httpx.Response) -> errors.ClientError:
    """Return the error that an answer stands for."""
    document = problem_of(answer)
    if document is not None:
        return of_problem(document, answer, request.key)
    return errors.UnexpectedAnswerError(
        f"{request.name}: answered {answer.status_code} without a problem document. Is the API at "
        "this address, and is it running?",
        answer,
    )


def of_problem(
    document: dict[str, Any], answer: httpx.Response, key: str | None = None
) -> errors.ProblemError:
    """Return a problem as the exception of its code."""
    kind = problems.BY_CODE.get(document["code"], errors.ProblemError)
    return kind(document, answer, key)


def _verification_error(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error
        error = error.__cause__ or error.__context__
    return None
