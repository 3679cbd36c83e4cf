"""`simulacra operator signups`, `approve` and `decline`: requests for access."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli import terminal
from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.database import tables
    from simulacra.service.settings import Settings

STATUSES = ("pending", "approved", "declined", "all")


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun, and the two decisions."""
    parser = verbs.add_parser("signups", help="see who asks for access")
    listing = parser.add_subparsers(metavar="VERB", required=True).add_parser(
        "list", help="list requests for access, the oldest first"
    )
    listing.add_argument("--status", choices=STATUSES, default="pending")
    console.add_page(listing, "after", "REQUEST_ID", "only requests that are newer than this one")
    console.add_options(listing)
    listing.set_defaults(run=print_all)
    approving = verbs.add_parser("approve", help="approve a request for access")
    approving.add_argument("request_id", metavar="REQUEST_ID")
    approving.add_argument(
        "--hand-over",
        action="store_true",
        help="print the claim token, for you to pass on, and do not show it to the requester",
    )
    console.add_options(approving)
    approving.set_defaults(run=approve)
    declining = verbs.add_parser("decline", help="decline a request for access")
    declining.add_argument("request_id", metavar="REQUEST_ID")
    console.add_options(declining)
    declining.set_defaults(run=decline)


def print_all(arguments: argparse.Namespace) -> int:
    """List requests."""
    from simulacra.service import tenancy
    from simulacra.service.signups import service

    wanted = None if arguments.status == "all" else service.SignupStatus(arguments.status)

    async def read(parts: "Installation", _: "Settings") -> "console.Page":
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            found, following = await service.page(session, wanted, arguments.limit, arguments.after)
        return console.Page([_row(it) for it in found], "after", following)

    console.print_page(arguments, installation.use(arguments.data_dir, read))
    return 0


def approve(arguments: argparse.Namespace) -> int:
    """Approve a request."""
    from simulacra.service.signups import service

    async def change(
        parts: "Installation", settings: "Settings"
    ) -> "tuple[dict[str, console.Value], str | None, str]":
        row, token = await service.approve(
            parts.runtime.tenants,
            parts.runtime.claims,
            arguments.request_id,
            installation.actor(),
            hand_over=arguments.hand_over,
        )
        return _row(row), token, settings.base_url

    shown, token, base_url = installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json(shown | ({"credential_claim_token": token} if token else {}))
        return 0
    print(f"The request of {terminal.printable(str(shown['company']))} is approved.\n")
    if token is None:
        print("The requester now finds a claim token, and exchanges it for the secret, once:\n")
        console.print_fields(
            {
                "claim token": f"{base_url}/v1/signup/{arguments.request_id}",
                "exchange": f"{base_url}/v1/credential-claims",
                "instructions": f"{base_url}/__docs__/access",
            }
        )
    else:
        console.print_claim_token(token, base_url)
    return 0


def decline(arguments: argparse.Namespace) -> int:
    """Decline a request."""
    from simulacra.service.signups import service

    async def change(parts: "Installation", _: "Settings") -> "dict[str, console.Value]":
        actor = installation.actor()
        return _row(await service.decline(parts.database, arguments.request_id, actor))

    shown = installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json(shown)
    else:
        print(f"The request of {terminal.printable(str(shown['company']))} is declined.")
    return 0


def _row(row: "tables.Signup") -> "dict[str, console.Value]":
    return {
        "request_id": row.id,
        "company": row.company_name,
        "contact": row.contact_email,
        "status": row.status,
        "repeats": row.repeats,
        "created_at": row.created_at,
        "tenant_id": row.tenant_id,
    }
