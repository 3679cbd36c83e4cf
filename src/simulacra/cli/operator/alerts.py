"""`simulacra operator alerts`: try the ways by which operators are told."""

import argparse
import asyncio
from typing import TYPE_CHECKING

from simulacra.cli import settings as cli_settings
from simulacra.cli.operator import console

if TYPE_CHECKING:
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verb."""
    parser = verbs.add_parser("alerts", help="try the webhook and the mail of alerts")
    alerts = parser.add_subparsers(metavar="VERB", required=True)
    test = alerts.add_parser("test", help="send a notice by every way that is configured")
    console.add_options(test)
    test.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send a notice; the exit code is 1 if one did not get through, or there is no way."""
    results = asyncio.run(_send(cli_settings.load_as_served(arguments.data_dir)))
    if arguments.json:
        console.print_json(results)
    elif not results:
        print("No way is configured: set alert_webhook_url or alert_mail_to.")
    for name, fault in () if arguments.json else results.items():
        print(f"  {name}: {fault or 'sent'}")
    return 1 if not results or any(results.values()) else 0


async def _send(settings: "Settings") -> "dict[str, str | None]":
    from simulacra.service import compose
    from simulacra.service.monitoring import alerts, notices

    notice = alerts.Alert("test", alerts.Severity.INFO, "This is a test; nothing is the matter.")
    results: dict[str, str | None] = {}
    for channel in compose.channels_of(settings):
        try:
            await channel.send(notice)
            results[channel.name] = None
        except notices.DeliveryError as error:
            results[channel.name] = str(error)
    return results
