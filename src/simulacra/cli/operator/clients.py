"""`simulacra operator clients`: what can be done with the credentials of a tenant."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.service.runtime import Runtime
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("clients", help="replace or revoke the credentials of a tenant")
    clients = parser.add_subparsers(metavar="VERB", required=True)
    rotating = clients.add_parser(
        "rotate-secret", help="make a new secret for a customer who has lost theirs"
    )
    rotating.add_argument("client_id", metavar="CLIENT_ID")
    console.add_options(rotating)
    rotating.set_defaults(run=rotate_secret)
    revoking = clients.add_parser(
        "revoke", help="refuse a client from its next request on, for good"
    )
    revoking.add_argument("client_id", metavar="CLIENT_ID")
    console.add_options(revoking)
    revoking.set_defaults(run=revoke)


def rotate_secret(arguments: argparse.Namespace) -> int:
    """Make a new secret, and print the token of the claim on it."""
    from simulacra.service.credentials import rotations

    async def change(runtime: "Runtime", _: "Settings") -> str:
        database, identity, claims = runtime.database, runtime.identity, runtime.claims
        return await rotations.rotate_for_operator(
            database, identity, claims, arguments.client_id, installation.actor()
        )

    token = installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"client_id": arguments.client_id, "credential_claim_token": token})
    else:
        print(f"A new secret of client {arguments.client_id} waits to be claimed.\n")
        console.print_claim_token(token)
    return 0


def revoke(arguments: argparse.Namespace) -> int:
    """Revoke a client."""
    from simulacra.service.tenants import administration

    async def change(runtime: "Runtime", _: "Settings") -> None:
        database, identity = runtime.database, runtime.identity
        actor = installation.actor()
        await administration.revoke_client(database, identity, arguments.client_id, actor)

    installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"client_id": arguments.client_id})
    else:
        print(f"Client {arguments.client_id} is revoked.")
    return 0
