"""What the service publishes, as the objects of the library and as plain records."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

from simulacra.engine.columns.schema import (
    AnswerList,
    CleaningAction,
    Column,
    MultipleResponseSet,
    Schema,
    SurveyWeight,
)

Names = str | Sequence[str]
"""A name of a column or multiple-response set, or several."""
FIELDS_OF_OPTIONS = {
    "types": "column_types",
    "keep": "keep_columns",
    "drop": "drop_columns",
    "missing": "missing_values",
    "dates": "date_orders",
    "weight": "weight_column",
}
"""Form fields whose names differ from those of the arguments of `simulacra.fit`."""
PARTS_OF_SCHEMA: dict[str, type] = {
    "schema": Column,
    "cleaning": CleaningAction,
    "multiple_response_sets": MultipleResponseSet,
    "answer_lists": AnswerList,
}


def schema(document: Mapping[str, Any]) -> Schema:
    """Return the schema of a dataset; members of a later version are left out."""
    known = dict(document)
    for name, kind in PARTS_OF_SCHEMA.items():
        known[name] = [_known(kind, it) for it in document.get(name) or ()]
    if document.get("weight") is not None:
        known["weight"] = _known(SurveyWeight, document["weight"])
    else:
        known.pop("weight", None)
    arguments = {field: argument for argument, field in FIELDS_OF_OPTIONS.items()}
    known["overrides"] = {
        arguments.get(name, name): value
        for name, value in (document.get("overrides") or {}).items()
        if value is not None
    }
    return Schema.from_json(known)


def day(moment: str | None) -> str | None:
    """Return the day of a moment in ISO 8601 as people write it; None if there is none."""
    if moment is None:
        return None
    read = dt.datetime.fromisoformat(moment)
    return f"{read.day} {read:%B %Y}"


def _known(kind: type, document: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in document.items() if name in names}


def form(options: Mapping[str, Any]) -> dict[str, str]:
    """Return what is said about a study as fields of a form: those of several values as JSON."""
    given = {name: it for name, it in options.items() if it is not None and it != []}
    return {FIELDS_OF_OPTIONS.get(name, name): _field(it) for name, it in given.items()}


def _field(value: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(value, str | int):
        return str(value)
    return json.dumps(dict(value) if isinstance(value, Mapping) else list(value))


def conditions(**kinds: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a scenario as the service takes it: kinds that are not asked for are left out."""
    return {name: asked for name, asked in kinds.items() if asked}


def output(file_format: str, layout: str, values: str) -> dict[str, Any]:
    """Return which file to make, as the service takes it; an earlier one knows no values."""
    asked = {"output_format": file_format, "output_layout": layout}
    return asked if values == "labels" else asked | {"output_values": values}


def table(
    rows: Names, columns: Names | None, banner: Names | None, weight: str | None
) -> dict[str, Any]:
    """Return which cross table to make, as the service takes it.

    Raises:
        ValueError: `columns` and `banner` are both given.
    """
    if columns is not None and banner is not None:
        raise ValueError("give columns or banner, which are the same, not both")
    across = banner if columns is None else columns
    return {"rows": _names(rows), "banner": _names(across or ()), "weight": weight}


def comparison(other: str | None, columns: Names | None) -> dict[str, Any]:
    """Return what to compare, as the service takes it; without another generation, the study."""
    return {"with": other, "columns": None if columns is None else _names(columns)}


def _names(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else [*names]


@dataclasses.dataclass(frozen=True)
class Record:
    """A document of the service.

    Attributes:
        document: all of it as it came, members of later versions included.
    """

    document: Mapping[str, Any] = dataclasses.field(repr=False, compare=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the record of a document; moments are given as such."""
        names = [field.name for field in dataclasses.fields(cls) if field.name != "document"]
        return cls(document, **{name: _value(name, document.get(name)) for name in names})


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str) and name.endswith(("_at", "_until")):
        return dt.datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


@dataclasses.dataclass(frozen=True)
class Usage(Record):
    """The current window of the subscription, and what is left of it.

    Attributes:
        window_starts_at, window_ends_at: of the window.
        subscription_rows: rows of a window; None: no limit.
        rows_used: that were billed in it.
        rows_reserved: held for generations that have not ended yet.
        rows_remaining: neither used nor reserved; None: no limit.
        max_rows_per_request: cap of one request.
        generations: that were billed in it.
    """

    window_starts_at: dt.datetime
    window_ends_at: dt.datetime
    subscription_rows: int | None
    rows_used: int
    rows_reserved: int
    rows_remaining: int | None
    max_rows_per_request: int
    generations: int


@dataclasses.dataclass(frozen=True)
class ClientRecord(Record):
    """A client of the tenant; its secret is never shown.

    Attributes:
        client_id: its id.
        name: what it is for; None of the first one.
        scopes: what its tokens may grant.
        created_at: when it was made.
        last_minted_at, last_rotated_at, revoked_at: None: never.
    """

    client_id: str
    name: str | None
    scopes: tuple[str, ...]
    created_at: dt.datetime
    last_minted_at: dt.datetime | None
    last_rotated_at: dt.datetime | None
    revoked_at: dt.datetime | None


@dataclasses.dataclass(frozen=True)
class Signup(Record):
    """A request for access.

    Attributes:
        request_id: to ask with how it stands.
        status: ``pending``, ``approved`` or ``declined``.
        created_at, decided_at: None: not decided yet.
        client_id: once it is approved.
        credential_claim_token: once it is approved, until it is redeemed or expires.
    """

    request_id: str
    status: str
    created_at: dt.datetime
    decided_at: dt.datetime | None
    client_id: str | None
    credential_claim_token: str | None = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True)
class Credential(Record):
    """A client's credential, which is shown once.

    Attributes:
        client_id, client_secret: of the client.
        token_url, audience: where and for what tokens are minted.
    """

    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    token_url: str
    audience: str


@dataclasses.dataclass(frozen=True)
class WebhookSecret(Record):
    """The new secret of a webhook, which is shown once.

    Attributes:
        webhook_id: of the webhook.
        secret: that signs its messages, ``whsec_...``.
        old_secret_signs_until: None if the old one has ended.
    """

    webhook_id: str
    secret: str = dataclasses.field(repr=False)
    old_secret_signs_until: dt.datetime | None


@dataclasses.dataclass(frozen=True)
class Delivery(Record):
    """A message to a webhook, and what became of it.

    Attributes:
        delivery_id: the ``webhook-id`` of the message, the same at each attempt.
        webhook_id: of the webhook.
        event: of which it tells.
        status: ``waiting``, ``delivered`` or ``failed``.
        attempts: how often it was sent.
        created_at, last_attempt_at, next_attempt_at, ended_at: None: not, or not yet.
        response_status: of the last answer, if there was one.
        failure: of the last attempt, such as ``timeout`` or ``tls``.
    """

    delivery_id: str
    webhook_id: str
    event: str
    status: str
    attempts: int
    created_at: dt.datetime
    last_attempt_at: dt.datetime | None
    next_attempt_at: dt.datetime | None
    ended_at: dt.datetime | None
    response_status: int | None
    failure: str | None


@dataclasses.dataclass(frozen=True)
class CustodyStep(Record):
    """A step in the life of a study.

    Attributes:
        name: an identifier of the step.
        what: is held.
        place: where it lies.
        key: that it is encrypted under.
        readers: who can read it.
        end: when it ends, and how.
        recorded: actions of the audit trail that it leaves.
    """

    name: str
    what: str
    place: str
    key: str
    readers: str
    end: str
    recorded: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Custody:
    """Where a study lies, and who can read it.

    Attributes:
        retention_hours: life of what is made from now on.
        steps: in the order in which a study takes them.
        document: all of it as it came.
    """

    retention_hours: float
    steps: tuple[CustodyStep, ...]
    document: Mapping[str, Any] = dataclasses.field(repr=False, compare=False)

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the custody of a document."""
        steps = tuple(map(CustodyStep.of, document["steps"]))
        return cls(float(document["retention_hours"]), steps, document)

    def __str__(self) -> str:
        """Return it for people, a paragraph a step."""
        told = [
            f"{step.what}\n"
            f"  lies in: {step.place}\n"
            f"  key: {step.key}\n"
            f"  readers: {step.readers}\n"
            f"  ends: {step.end}"
            for step in self.steps
        ]
        return "\n\n".join([f"Retention: {self.retention_hours:g} hours.", *told])

    def _repr_pretty_(self, printer: Any, _: bool) -> None:  # noqa: ANN401, FBT001 - as IPython calls it
        printer.text(str(self))
