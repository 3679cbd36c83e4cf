"""`simulacra operator webhooks`: see where a tenant's events go, and stop them."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation, naming

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("webhooks", help="see where a tenant's events go, and stop them")
    webhooks = parser.add_subparsers(metavar="VERB", required=True)
    listing = naming.add_verb(
        webhooks, "list", "list a tenant's webhooks, without the paths of their addresses"
    )
    listing.set_defaults(run=print_all)
    disabling = webhooks.add_parser(
        "disable", help="send nothing to a webhook until its tenant enables it again"
    )
    disabling.add_argument("webhook_id", metavar="WEBHOOK_ID")
    console.add_options(disabling)
    disabling.set_defaults(run=disable)


def print_all(arguments: argparse.Namespace) -> int:
    """List the webhooks of a tenant."""
    from simulacra.service import tenancy
    from simulacra.service.webhooks import administration

    async def read(parts: "Installation", _: "Settings") -> "list[dict[str, console.Value]]":
        tenant_id = await naming.tenant_id(parts, arguments.tenant)
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            found = await administration.listed(session, tenant_id, installation.actor())
            return [
                {
                    "webhook_id": it.row.id,
                    "client_id": it.row.client_id,
                    "origin": it.origin,
                    "events": " ".join(it.row.events),
                    "waiting": it.waiting,
                    "created_at": it.row.created_at,
                    "failing_since": it.row.failing_since,
                    "disabled_at": it.row.disabled_at,
                    "disabled_reason": it.row.disabled_reason,
                }
                for it in found
            ]

    console.print_rows(arguments, installation.use(arguments.data_dir, read))
    return 0


def disable(arguments: argparse.Namespace) -> int:
    """Disable a webhook."""
    from simulacra.service.webhooks import administration

    async def change(parts: "Installation", _: "Settings") -> None:
        actor = installation.actor()
        await administration.disable(parts.database, arguments.webhook_id, actor)

    installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"webhook_id": arguments.webhook_id})
    else:
        print(
            f"Webhook {arguments.webhook_id} is disabled. Its tenant can enable it again; to stop "
            "a tenant for good, suspend it."
        )
    return 0
