"""`simulacra operator clients`: what can be done with the credentials of a tenant."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation, naming
from simulacra.service.identity.principal import SCOPES

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.settings import Settings

MAX_NAME_LENGTH = 100


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("clients", help="list, create, replace or revoke credentials")
    clients = parser.add_subparsers(metavar="VERB", required=True)
    listing = clients.add_parser("list", help="list the clients of a tenant and their last use")
    naming.add_tenant(listing)
    console.add_page(listing, "after", "CLIENT_ID", "only clients that are newer than this one")
    console.add_options(listing)
    listing.set_defaults(run=show)
    creating = clients.add_parser("create", help="make one more client of a tenant")
    naming.add_tenant(creating)
    creating.add_argument("--name", required=True, type=_name, help="what it is for")
    creating.add_argument(
        "--scopes",
        nargs="+",
        choices=SCOPES,
        default=SCOPES,
        metavar="SCOPE",
        help=f"what its tokens may grant, of {', '.join(SCOPES)} (default: all)",
    )
    console.add_options(creating)
    creating.set_defaults(run=create)
    ending = clients.add_parser(
        "revoke-tokens", help="refuse the tokens that a client has, and waiting secrets"
    )
    ending.add_argument("client_id", metavar="CLIENT_ID")
    console.add_options(ending)
    ending.set_defaults(run=revoke_tokens)
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


def _name(text: str) -> str:
    name = text.strip()
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise argparse.ArgumentTypeError(
            f"give a printable name of at most {MAX_NAME_LENGTH} characters"
        )
    return name


def show(arguments: argparse.Namespace) -> int:
    """List the clients of a tenant."""
    from simulacra.service import tenancy
    from simulacra.service.identity import clients
    from simulacra.service.tenants import administration

    async def read(parts: "Installation", _: "Settings") -> "console.Page":
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            tenant = await administration.find(session, arguments.tenant)
            found, following = await clients.page(
                session, tenant.id, arguments.limit, arguments.after
            )
            rows: list[dict[str, console.Value]] = [
                {
                    "client_id": it.id,
                    "name": it.name,
                    "scopes": " ".join(clients.scopes_of(it)),
                    "created_at": it.created_at,
                    "last_minted_at": it.last_minted_at,
                    "last_rotated_at": it.last_rotated_at,
                    "revoked_at": it.revoked_at,
                }
                for it in found
            ]
        return console.Page(rows, "after", following)

    console.print_page(arguments, installation.use(arguments.data_dir, read))
    return 0


def create(arguments: argparse.Namespace) -> int:
    """Make a client, and print the token of the claim on its secret."""
    from simulacra.service.tenants import administration

    async def change(parts: "Installation", settings: "Settings") -> tuple[str, str, str]:
        tenant_id = await naming.tenant_id(parts, arguments.tenant)
        client_id, token = await administration.create_client(
            parts.database,
            parts.runtime.identity,
            parts.runtime.claims,
            administration.NewClient(tenant_id, arguments.name, arguments.scopes),
            installation.actor(),
        )
        return client_id, token, settings.base_url

    client_id, token, base_url = installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"client_id": client_id, "credential_claim_token": token})
    else:
        print(f"The secret of client {client_id} waits to be claimed.\n")
        console.print_claim_token(token, base_url)
    return 0


def revoke_tokens(arguments: argparse.Namespace) -> int:
    """Refuse the tokens that a client has."""
    from simulacra.service.tenants import administration

    async def change(parts: "Installation", _: "Settings") -> None:
        await administration.revoke_tokens(
            parts.database, arguments.client_id, installation.actor()
        )

    installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"client_id": arguments.client_id})
    else:
        print(
            f"The tokens of client {arguments.client_id} are refused, and secrets that waited to "
            "be claimed are gone. If its secret may be known too, rotate that."
        )
    return 0


def rotate_secret(arguments: argparse.Namespace) -> int:
    """Make a new secret, and print the token of the claim on it."""
    from simulacra.service.credentials import rotations

    async def change(parts: "Installation", settings: "Settings") -> tuple[str, str]:
        database, identity, claims = parts.database, parts.runtime.identity, parts.runtime.claims
        token = await rotations.rotate_for_operator(
            database, identity, claims, arguments.client_id, installation.actor()
        )
        return token, settings.base_url

    token, base_url = installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"client_id": arguments.client_id, "credential_claim_token": token})
    else:
        print(f"A new secret of client {arguments.client_id} waits to be claimed.\n")
        console.print_claim_token(token, base_url)
    return 0


def revoke(arguments: argparse.Namespace) -> int:
    """Revoke a client."""
    from simulacra.service.tenants import administration

    async def change(parts: "Installation", _: "Settings") -> None:
        database, identity = parts.database, parts.runtime.identity
        actor = installation.actor()
        await administration.revoke_client(database, identity, arguments.client_id, actor)

    installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"client_id": arguments.client_id})
    else:
        print(f"Client {arguments.client_id} is revoked.")
    return 0
