"""`simulacra operator people`: who of a tenant may use the study page."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli import terminal
from simulacra.cli.operator import console, installation, naming

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.people.accounts import Invitation
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("people", help="invite people of a tenant to the study page")
    people = parser.add_subparsers(metavar="VERB", required=True)
    listing = naming.add_verb(people, "list", "list the people of a tenant")
    listing.set_defaults(run=show)
    inviting = naming.add_verb(
        people, "invite", "print a link by which somebody sets a password; again for a lost one"
    )
    inviting.add_argument("--email", required=True, metavar="ADDRESS", help="who is invited")
    inviting.set_defaults(run=invite)
    removing = people.add_parser(
        "remove", help="refuse somebody from their next request on, for good"
    )
    removing.add_argument("person_id", metavar="PERSON_ID")
    console.add_options(removing)
    removing.set_defaults(run=remove)


def show(arguments: argparse.Namespace) -> int:
    """List the people of a tenant."""
    from simulacra.service import tenancy
    from simulacra.service.people import accounts
    from simulacra.service.tenants import administration

    async def read(parts: "Installation", _: "Settings") -> list[dict[str, console.Value]]:
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            tenant = await administration.find(session, arguments.tenant)
            return [
                {
                    "person_id": it.id,
                    "email": it.email,
                    "invited_until": it.invitation_ends_at,
                    "joined_at": it.joined_at,
                }
                for it in await accounts.listed(session, tenant.id)
            ]

    console.print_rows(arguments, installation.use(arguments.data_dir, read))
    return 0


def invite(arguments: argparse.Namespace) -> int:
    """Invite somebody, and print the link by which the invitation is taken up."""
    from simulacra.service.people import accounts

    async def change(parts: "Installation", settings: "Settings") -> "tuple[Invitation, str]":
        tenant_id = await naming.tenant_id(parts, arguments.tenant)
        people = accounts.People(parts.database, parts.runtime.keyring)
        made = await people.invite(tenant_id, arguments.email, installation.actor())
        return made, accounts.link(settings.base_url, made.token)

    made, link = installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json(
            {"person_id": made.person_id, "invitation_link": link, "ends_at": made.ends_at}
        )
    else:
        print(
            f"{terminal.printable(made.email)} is invited. The link is shown this once and works "
            "once; pass it on over a channel that you trust.\n"
        )
        console.print_fields({"invitation_link": link, "ends_at": made.ends_at})
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Refuse somebody from their next request on."""
    from simulacra.service.people import accounts

    async def change(parts: "Installation", _: "Settings") -> None:
        people = accounts.People(parts.database, parts.runtime.keyring)
        await people.remove(arguments.person_id, installation.actor())

    installation.use(arguments.data_dir, change)
    if arguments.json:
        console.print_json({"person_id": arguments.person_id})
    else:
        print(f"{arguments.person_id} is removed, and signed out everywhere.")
    return 0
