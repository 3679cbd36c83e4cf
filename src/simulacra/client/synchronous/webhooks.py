"""Webhooks: addresses that events are posted to.

Written by `make client` from the module of this name in `asynchronous`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Self

import httpx

from simulacra.client.documents import Delivery, WebhookSecret
from simulacra.client.requests import Request
from simulacra.client.synchronous.session import Session, document_of


class Webhook:
    """An address that the service posts events to.

    Attributes:
        id: of the webhook.
        document: what the service says of it, as of the last answer.
        response: that answer.
        secret: that signs its messages, of a webhook that was made just now; otherwise None, since
            it is shown once.
    """

    def __init__(
        self, session: Session, response: httpx.Response, document: dict[str, Any]
    ) -> None:
        self._session = session
        self.id = str(document["webhook_id"])
        self.secret: str | None = document.get("secret")
        self.document = {name: value for name, value in document.items() if name != "secret"}
        self.response = response

    def __repr__(self) -> str:
        events = ", ".join(self.events)
        return f"<{type(self).__name__} {self.id}: {self.status}, {self.url}, {events}>"

    @property
    def url(self) -> str:
        """Where events are posted to."""
        return str(self.document["url"])

    @property
    def events(self) -> tuple[str, ...]:
        """Of which it is told."""
        return tuple(map(str, self.document["events"]))

    @property
    def description(self) -> str | None:
        """A text for people."""
        return self.document.get("description")

    @property
    def status(self) -> str:
        """``enabled`` or ``disabled``."""
        return str(self.document["status"])

    @property
    def disabled_reason(self) -> str | None:
        """Why it is disabled, such as ``requested`` or ``failing``."""
        return self.document.get("disabled_reason")

    def refresh(self) -> Self:
        """Read it again."""
        self._take(self._session.call(Request("GET", self._path)))
        return self

    def update(
        self,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
    ) -> Self:
        """Change what is given; the rest stays.

        Args:
            url: https address.
            events: of which to tell, such as ``job.completed``.
            description: for people.

        Raises:
            ProblemError: it is gone, or the address is refused or has a webhook.
        """
        told = None if events is None else list(events)
        return self._change(url=url, events=told, description=description)

    def disable(self) -> Self:
        """Send nothing from now on; what happens meanwhile is not sent later either."""
        return self._change(status="disabled")

    def enable(self) -> Self:
        """Send events again, on behalf of this client."""
        return self._change(status="enabled")

    def rotate_secret(self, overlap_hours: int = 24) -> WebhookSecret:
        """Replace the secret. Store the new one: it is shown this once.

        Args:
            overlap_hours: how long messages are signed by the old secret too; 0 if it is known to
                others.

        Raises:
            ProblemError: it is gone.
            UnreachableError: there was no answer; it is not repeated if it may have arrived.
        """
        path, body = f"{self._path}/secret-rotations", {"overlap_hours": overlap_hours}
        request = Request("POST", path, json=body, is_repeatable=False)
        rotated = WebhookSecret.of(self._session.document(request))
        self.secret = rotated.secret
        return rotated

    def test(self) -> Delivery:
        """Have a ``webhook.test`` event posted; `deliveries` tell what became of it.

        Raises:
            ProblemError: it is gone, or disabled.
        """
        request = Request("POST", f"{self._path}/test", is_repeatable=False)
        return Delivery.of(self._session.document(request))

    def deliveries(self, status: str | None = None) -> Iterator[Delivery]:
        """Yield what was sent in the last seven days, or waits, the newest first.

        Args:
            status: only those in this state: ``waiting``, ``delivered`` or ``failed``.
        """
        pages = self._session.pages(f"{self._path}/deliveries", "deliveries", status=status)
        for page in pages:
            for document in document_of(page)["deliveries"]:
                yield Delivery.of(document)

    def delete(self) -> None:
        """Delete it, with its secrets and the record of its deliveries.

        Raises:
            ProblemError: it is gone already.
        """
        self._session.call(Request("DELETE", self._path))

    def _change(self, **members: object) -> Self:
        body = {name: value for name, value in members.items() if value is not None}
        self._take(self._session.call(Request("PATCH", self._path, json=body)))
        return self

    @property
    def _path(self) -> str:
        return f"/v1/webhooks/{self.id}"

    def _take(self, answer: httpx.Response) -> None:
        self.document, self.response = document_of(answer), answer
