"""Notices to an operator: by webhook, by mail, and always in the log."""

import asyncio
import dataclasses
import email.message
import logging
import smtplib
import ssl
from typing import Literal, Protocol

import httpx

from simulacra.service.monitoring.alerts import Alert

TIMEOUT_SECONDS = 10.0

logger = logging.getLogger(__name__)

Security = Literal["tls", "starttls", "none"]


class Channel(Protocol):
    """A way to an operator."""

    name: str

    async def send(self, alert: Alert) -> None:
        """Send one notice.

        Raises:
            DeliveryError: it did not get through.
        """


class DeliveryError(Exception):
    """A notice did not get through; the text names no address, since those may hold secrets."""


@dataclasses.dataclass(frozen=True)
class Webhook:
    """POSTs JSON with a ``text`` to an address, which is what chat services ask for.

    Attributes:
        url: may hold a secret, as those of chat services do.
        installation: base URL of the service, for who has several.
        client: knows the proxy and the authorities of the environment that it was made in; a
            worker forgets them, since jobs inherit its environment.
    """

    url: str
    installation: str
    client: httpx.AsyncClient = dataclasses.field(
        default_factory=lambda: httpx.AsyncClient(timeout=TIMEOUT_SECONDS)
    )
    name = "webhook"

    async def send(self, alert: Alert) -> None:
        """Send one notice."""
        document = {
            "text": f"{self.installation} [{alert.severity}] {alert.text}",
            "alert": alert.key,
            "severity": alert.severity,
            "installation": self.installation,
        }
        try:
            answer = await self.client.post(self.url, json=document)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise DeliveryError(f"the webhook met {type(error).__name__}") from None
        if not answer.is_success:
            raise DeliveryError(f"the webhook answered {answer.status_code}")


@dataclasses.dataclass(frozen=True)
class Mail:
    """Sends mail through an SMTP server.

    Attributes:
        host, port: of the server.
        security: TLS from the start, STARTTLS (RFC 3207), or none, for a server on this machine.
        login: user and password; None for a server that asks for none.
        sender, recipients: addresses.
        installation: base URL of the service.
        context: knows the authorities of the environment that it was made in.
    """

    host: str
    port: int
    security: Security
    login: tuple[str, str] | None
    sender: str
    recipients: tuple[str, ...]
    installation: str
    context: ssl.SSLContext = dataclasses.field(default_factory=ssl.create_default_context)
    name = "mail"

    async def send(self, alert: Alert) -> None:
        """Send one notice."""
        try:
            await asyncio.to_thread(self._send, alert)
        except (smtplib.SMTPException, OSError) as error:
            raise DeliveryError(f"the mail server met {type(error).__name__}") from None

    def _send(self, alert: Alert) -> None:
        message = email.message.EmailMessage()
        message["From"], message["To"] = self.sender, ", ".join(self.recipients)
        message["Subject"] = f"[Simulacra {alert.severity}] {alert.key}"
        message.set_content(f"{alert.text}\n\n{self.installation}\n")
        with self._connect() as server:
            if self.security == "starttls":
                server.starttls(context=self.context)
            if self.login is not None:
                server.login(*self.login)
            server.send_message(message)

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(
                self.host, self.port, timeout=TIMEOUT_SECONDS, context=self.context
            )
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)


async def is_sent(channel: Channel, alert: Alert) -> bool:
    """Send a notice by a channel, and tell whether it got through; the log says why not."""
    try:
        await channel.send(alert)
    except DeliveryError as error:
        logger.error("the alert %s was not sent: %s", alert.key, error)  # noqa: TRY400 - it says all
    except Exception as error:  # noqa: BLE001 - libraries refuse odd settings in many ways
        logger.error("the alert %s met %s in the %s", alert.key, type(error).__name__, channel.name)  # noqa: TRY400 - the text may quote an address
    else:
        return True
    return False
