"""`simulacra operator create-tenant`: a tenant without a request for access."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    create = verbs.add_parser(
        "create-tenant", help="make an approved tenant and print its credentials once"
    )
    create.add_argument("--company", required=True, type=_name, help="name of the company")
    create.add_argument("--email", required=True, type=_email, help="contact at the company")
    console.add_options(create)
    create.set_defaults(run=create_tenant)


def _name(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return text.strip()


def _email(text: str) -> str:
    local, _, domain = text.strip().rpartition("@")
    if not local or "." not in domain:
        raise argparse.ArgumentTypeError("give an address such as data@acme.example")
    return text.strip()


def create_tenant(arguments: argparse.Namespace) -> int:
    """Make a tenant; the server may run or not."""

    async def create(parts: "Installation", _: "Settings") -> tuple[str, dict[str, str]]:
        tenant = await parts.runtime.tenants.create(
            company=arguments.company, email=arguments.email, actor=installation.actor()
        )
        return tenant.tenant_id, {
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "token_url": parts.runtime.identity.token_url,
            "audience": parts.runtime.identity.audience,
        }

    tenant_id, credential = installation.use(arguments.data_dir, create)
    if arguments.json:
        console.print_json(credential)
        return 0
    print(f"Tenant {tenant_id} of {arguments.company} is active.\n")
    console.print_fields(credential)
    print("\nThe secret is shown this once and is not stored: put it in a secret manager now.")
    return 0
