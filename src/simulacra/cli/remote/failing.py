"""Failures of commands against a server: by kind, with an exit code for each."""

import argparse
import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from simulacra.cli import failures, scenario_options

if TYPE_CHECKING:
    from simulacra.client import (
        ClientError,
        FieldFault,
        JobEndedError,
        ProblemError,
        WaitingError,
    )

FAILED, USAGE, CREDENTIALS, REFUSED, UNREACHABLE, JOB_FAILED, PARTIAL, NOT_ENDED = range(1, 9)
MEANINGS = {
    0: "done",
    FAILED: "failed on this machine: a file cannot be read or written",
    USAGE: "an invalid option, or options that do not go together",
    CREDENTIALS: "credentials are missing or refused",
    REFUSED: "the service refuses the request",
    UNREACHABLE: "no answer, or none of the service",
    JOB_FAILED: "the job has failed, was cancelled or has expired",
    PARTIAL: "there are fewer rows than were asked for",
    NOT_ENDED: "the job has not ended in --timeout; it goes on",
    130: "interrupted with Ctrl-C",
}
KINDS = {
    FAILED: "failed",
    USAGE: "usage",
    CREDENTIALS: "credentials",
    REFUSED: "refused",
    UNREACHABLE: "unreachable",
    JOB_FAILED: "job_failed",
    NOT_ENDED: "not_ended",
}
"""What programs are told beside the exit code."""
OPTIONS = {
    "row_count": "--rows",
    "output_format": "--output",
    "output_layout": "--layout",
    "output_values": "--values",
    "rows": "--show",
    "seed_file": "STUDY",
    "display_name": "--name",
    "retention_hours": "HOURS",
    "company_name": "--company",
    "contact_email": "--email",
    "against": "--against",
    "Idempotency-Key": "--idempotency-key",
}
"""The option for a field of a request, where it has another name."""
CONDITIONS = "/conditions"


@dataclasses.dataclass(frozen=True)
class Failure:
    """Why a command has failed.

    Attributes:
        exit_code: by the kind of the failure.
        lines: for people.
        details: for programs, besides kind and text.
    """

    exit_code: int
    lines: list[str]
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """The failure for programs."""
        return {"kind": KINDS[self.exit_code], "detail": "\n".join(self.lines)} | dict(self.details)


class DeclinedError(failures.CommandError):
    """A person does not want what a command would do."""


def of(error: Exception, arguments: argparse.Namespace) -> Failure | None:
    """Return the failure that an exception stands for; None: it is a fault of our own."""
    if isinstance(error, failures.CommandError):
        code = FAILED if isinstance(error, DeclinedError) else USAGE
        return Failure(code, str(error).split("\n"))
    if isinstance(error, ModuleNotFoundError):  # the client cannot be asked what went wrong
        return _explained(error)

    from simulacra import client

    match error:
        case client.ProblemError():
            lines = [*_lines_of(error, arguments)]
            return Failure(_code_of(error), lines, error.document | {"job_id": _job_of(error)})
        case client.WaitingError() | client.JobEndedError():
            return _of_job(error, arguments)
        case client.ClientError():
            return _of_client(error, arguments)
    return _explained(error)


def _of_job(error: "WaitingError | JobEndedError", arguments: argparse.Namespace) -> Failure:
    from simulacra import client
    from simulacra.cli.remote import command

    job = {"job_id": error.job_id}
    if isinstance(error, client.WaitingError):
        watch = command.following(arguments, "watch", error.job_id)
        return Failure(
            NOT_ENDED, [f"{error.job_id} has not ended in time. It goes on: {watch}"], job
        )
    verb = "has" if error.status == "expired" else "was"
    line = f"{error.job_id} {verb} {error.status}."
    return Failure(JOB_FAILED, [line], job | {"status": error.status})


def _of_client(error: "ClientError", arguments: argparse.Namespace) -> Failure:
    from simulacra import client
    from simulacra.client import errors

    match error:
        case errors.NotConfiguredError():
            return Failure(CREDENTIALS, [str(error), *_how_to_begin(arguments)])
        case client.ConfigurationError():
            return Failure(CREDENTIALS, [str(error)])
        case client.TokenError():
            return Failure(CREDENTIALS, [f"The issuer gives no access token: {error}"])
        case client.UnreachableError():
            lines = [str(error), *_again(error.idempotency_key)]
            if "certificate" in str(error):
                lines.append(_how_to_trust(arguments))
            return Failure(UNREACHABLE, lines, {"idempotency_key": error.idempotency_key})
        case client.UnexpectedAnswerError():
            return Failure(UNREACHABLE, [str(error)])
    return Failure(FAILED, [str(error)])


def _explained(error: Exception) -> Failure | None:
    explanation = failures.explain(error)
    return None if explanation is None else Failure(FAILED, explanation.split("\n"))


def _how_to_begin(arguments: argparse.Namespace) -> list[str]:
    if hasattr(arguments, "address"):  # it is one of the commands that are named here
        return []
    return [
        "`simulacra remote login ADDRESS` stores the address and the credentials in a profile;",
        "`simulacra remote signup ADDRESS` asks for access.",
    ]


def _how_to_trust(arguments: argparse.Namespace) -> str:
    if hasattr(arguments, "ca_file"):
        return "--ca-file FILE does it for this profile."
    return "`simulacra remote login ADDRESS --ca-file FILE` does it for a profile."


def _again(key: str | None) -> list[str]:
    if key is None:
        return []
    return [f"Run it again with --idempotency-key {key}, and nothing is done twice."]


def _code_of(error: "ProblemError") -> int:
    if _job_of(error) is not None:
        return JOB_FAILED
    return CREDENTIALS if error.status in (401, 403) else REFUSED


def _job_of(error: "ProblemError") -> str | None:
    """Return the id of the job whose problem it is; None: the request itself is refused."""
    is_job = error.response.is_success  # an answer that shows a job with its problem
    document = error.response.json() if is_job else error.document
    return document.get("job_id")


def _lines_of(error: "ProblemError", arguments: argparse.Namespace) -> Iterator[str]:
    """Yield the faults with their options, then the code and whom to ask."""
    faults = [_fault(it, arguments) for it in error.errors]
    yield from faults or error.detail.split("\n")
    job_id = _job_of(error)
    about = [] if job_id is None else [f"job {job_id}"]
    about += [f"request {error.request_id}"] if error.request_id else []
    yield f"  {', '.join([error.code, *about])}"
    if error.type:
        yield f"  {error.type}"
    if error.retryable and error.idempotency_key is not None:
        yield from _again(error.idempotency_key)


def _fault(fault: "FieldFault", arguments: argparse.Namespace) -> str:
    """Return one fault with the option that it comes from."""
    pointer = fault.pointer or ""
    if pointer.startswith(f"{CONDITIONS}/") and hasattr(arguments, "conditions"):
        within = [(pointer.removeprefix(CONDITIONS), fault.detail)]
        return scenario_options.faults_of(within, arguments)[0]
    if fault.parameter is not None:
        place = pointer.removeprefix(f"/{fault.parameter}")
        return f"{f'{_option(fault.parameter)} {place}'.rstrip()}: {fault.detail}"
    name, _, rest = pointer.removeprefix("/").partition("/")
    if not name:
        return fault.detail
    place = f" /{rest}" if rest and not rest.isdecimal() else ""
    return f"{_option(name)}{place}: {fault.detail}"


def _option(field: str) -> str:
    from simulacra.client.documents import FIELDS_OF_OPTIONS

    arguments = {name: argument for argument, name in FIELDS_OF_OPTIONS.items()}
    return OPTIONS.get(field) or f"--{arguments.get(field, field).replace('_', '-')}"
