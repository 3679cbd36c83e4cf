"""`simulacra operator clients`: what can be done with the credentials of a tenant."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.service.runtime import Runtime
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("clients", help="revoke the credentials of a tenant")
    clients = parser.add_subparsers(metavar="VERB", required=True)
    revoking = clients.add_parser(
        "revoke", help="refuse a client from its next request on, for good"
    )
    revoking.add_argument("client_id", metavar="CLIENT_ID")
    console.add_options(revoking)
    revoking.set_defaults(run=revoke)


def revoke(arguments: argparse.Namespace) -> int:
    """Revoke a client."""
    from simulacra.service.tenants import administration

    async def change(running: "Runtime", _: "Settings") -> None:
        database, identity = running.database, running.identity
        actor = installation.actor()
        await administration.revoke_client(database, identity, arguments.client_id, actor)

    installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"client_id": arguments.client_id})
    else:
        print(f"Client {arguments.client_id} is revoked.")
    return 0
