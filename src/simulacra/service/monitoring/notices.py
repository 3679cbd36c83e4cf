"""Notices to an operator: by webhook, by mail, and always in the log."""

import asyncio
import dataclasses
import email.message
import logging
import smtplib
import ssl
from typing import Literal, Protocol

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
    """

    url: str
    installation: str
    name = "webhook"

    async def send(self, alert: Alert) -> None:
        """Send one notice."""
        import httpx  # noqa: PLC0415 - only who sends waits for it to be loaded

        document = {
            "text": f"{self.installation} [{alert.severity}] {alert.text}",
            "alert": alert.key,
            "severity": alert.severity,
            "installation": self.installation,
        }
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
                answer = await client.post(self.url, json=document)
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
    """

    host: str
    port: int
    security: Security
    login: tuple[str, str] | None
    sender: str
    recipients: tuple[str, ...]
    installation: str
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
        context = ssl.create_default_context()
        with self._connect(context) as server:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.login is not None:
                server.login(*self.login)
            server.send_message(message)

    def _connect(self, context: ssl.SSLContext) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)


async def deliver(channels: tuple[Channel, ...], alert: Alert) -> bool:
    """Send a notice by every channel; tell whether all took it, or there is none."""
    level = logging.INFO if alert.severity == "info" else logging.WARNING
    logger.log(level, "alert %s: %s", alert.key, alert.text)
    are_sent = [await _sent(channel, alert) for channel in channels]
    return all(are_sent)


async def _sent(channel: Channel, alert: Alert) -> bool:
    try:
        await channel.send(alert)
    except DeliveryError as error:
        logger.error("the alert %s was not sent: %s", alert.key, error)  # noqa: TRY400 - it says all
        return False
    return True
