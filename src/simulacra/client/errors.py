"""What can go wrong between a program and the service."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import httpx


class ClientError(Exception):
    """The base class of all errors of the client."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it be pickled, as pools of processes do."""
        return _restored, (type(self), self.args), self.__dict__


def _restored(kind: type[ClientError], arguments: tuple[Any, ...]) -> ClientError:
    """Return an error without calling its class, whose arguments are others than its texts."""
    error = kind.__new__(kind)
    error.args = arguments
    return error


class ConfigurationError(ClientError):
    """The address or the credentials are missing or unusable; no value of a secret is shown."""


class NotConfiguredError(ConfigurationError):
    """The address, the profile or the credentials are not there yet."""


class UnreachableError(ClientError):
    """There was no answer until the client gave up.

    Attributes:
        may_have_arrived: whether the request may have had its effect all the same.
        idempotency_key: that the request, or the one that began what it asks for, was sent with,
            if any. The same call with the same key finds what was begun, and does nothing twice.
    """

    def __init__(
        self, detail: str, *, may_have_arrived: bool, idempotency_key: str | None = None
    ) -> None:
        super().__init__(detail)
        self.may_have_arrived = may_have_arrived
        self.idempotency_key = idempotency_key


@contextlib.contextmanager
def of_intent(key: str) -> Iterator[None]:
    """Say in an error which key all requests of an intent had, whichever of them got no answer."""
    try:
        yield
    except UnreachableError as error:
        error.idempotency_key = key
        raise


class UnexpectedAnswerError(ClientError):
    """An answer that the service does not give: something else is at this address.

    Attributes:
        response: the answer.
    """

    def __init__(self, detail: str, response: httpx.Response) -> None:
        super().__init__(detail)
        self.response = response


class TokenError(ClientError):
    """The issuer refuses an access token.

    Attributes:
        error: the code of RFC 6749, section 5.2, such as ``invalid_client``.
        response: the answer.
    """

    def __init__(self, error: str, detail: str, response: httpx.Response) -> None:
        super().__init__(f"{error}: {detail}")
        self.error = error
        self.response = response


class WaitingError(ClientError):
    """A job has not ended in the time that it was waited for; it goes on.

    Attributes:
        job_id: of the job, to wait on.
    """

    def __init__(self, job_id: str, seconds: float, found_by: str | None = None) -> None:
        super().__init__(
            f"The job {job_id} has not ended after {seconds:g} seconds. It goes on: wait for it "
            f"with {found_by or f'api.job({job_id!r})'}.wait()."
        )
        self.job_id = job_id


class JobEndedError(ClientError):
    """A job has ended without a result and without a problem: it was cancelled, or expired.

    Attributes:
        job_id: of the job.
        status: ``cancelled`` or ``expired``.
    """

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"The job {job_id} is {status}: there is no result to wait for.")
        self.job_id = job_id
        self.status = status


class NotReadyError(ClientError):
    """Something was asked for that is there only once a job has ended."""


class DownloadError(ClientError):
    """What was downloaded is not the artifact, by its digest."""


class SignatureError(ClientError):
    """A message was not signed with the secret of the webhook, or is too old."""


@dataclasses.dataclass(frozen=True)
class FieldFault:
    """One field at fault.

    Attributes:
        pointer: where it is in the JSON body (RFC 6901), or within a form field.
        parameter: name of the query, path or form field.
        detail: what is wrong, for people.
        code: the same for programs.
    """

    pointer: str | None
    parameter: str | None
    detail: str
    code: str

    @classmethod
    def of(cls, document: Any) -> Self:  # noqa: ANN401 - JSON, whatever its form
        """Return the fault of a document; what is not as it should be is told as it is."""
        if not isinstance(document, dict):
            return cls(None, None, str(document), "")
        pointer, parameter = document.get("pointer"), document.get("parameter")
        detail, code = str(document.get("detail") or ""), str(document.get("code") or "")
        return cls(pointer, parameter, detail, code)

    @property
    def place(self) -> str:
        """Where it is, for people; empty if it is not said."""
        return " ".join(str(part) for part in (self.parameter, self.pointer) if part)

    def __str__(self) -> str:
        """Return it in one line for people."""
        return f"{self.place}: {self.detail}"


class ProblemError(ClientError):
    """The service refuses a request, or a job has failed (RFC 9457).

    Each code of the catalog has a class of its own in `simulacra.client.problems`. This one stands
    for codes that are newer than the client.

    Attributes:
        code: stable, such as ``simio_unknown_condition_column``.
        type: address of the page that explains the code.
        title: of the code.
        detail: what is wrong with this request.
        status: of HTTP.
        request_id: to be quoted to support.
        retryable: whether the same request may succeed later.
        errors: the fields at fault.
        document: all of the problem, with ``job_id``, ``quota`` and others where they apply.
        response: the answer that it came with.
        idempotency_key: that the request was sent with, if any.
    """

    CODE: ClassVar[str | None] = None

    def __init__(
        self,
        document: Mapping[str, Any],
        response: httpx.Response,
        idempotency_key: str | None = None,
    ) -> None:
        self.document = dict(document)
        self.response = response
        self.idempotency_key = idempotency_key
        self.code = str(document["code"])
        self.type = str(document.get("type") or "")
        self.title = str(document.get("title") or "")
        self.detail = str(document.get("detail") or self.title)
        status = document.get("status")
        self.status = status if isinstance(status, int) else response.status_code
        self.request_id: str | None = document.get("request_id") or response.headers.get(
            "x-request-id"
        )
        self.retryable = bool(document.get("retryable"))
        faults = document.get("errors")
        self.errors = tuple(map(FieldFault.of, faults if isinstance(faults, list) else ()))
        super().__init__(self._text())

    def _text(self) -> str:
        request = f" (request {self.request_id})" if self.request_id else ""
        faults = filter(None, map(self._fault, self.errors))
        return "\n".join(
            [f"{self.code}: {self.detail}{request}", *(f"  {fault}" for fault in faults)]
        )

    def _fault(self, fault: FieldFault) -> str:
        """Return what a fault says beyond the detail, which has the text of a single one."""
        if fault.detail not in self.detail:
            return str(fault)
        return "" if fault.place in self.detail else f"at {fault.place}"
