"""How a command line names a tenant: by its id, its company or its contact's address."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation

METAVAR = "TENANT"
MEANING = "id, exact company name, or contact address"


def add_tenant(parser: argparse.ArgumentParser) -> None:
    """Add the tenant that a verb is about."""
    parser.add_argument("tenant", metavar=METAVAR, help=MEANING)


def add_verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", verb: str, meaning: str
) -> argparse.ArgumentParser:
    """Add a verb that is about one tenant."""
    parser = verbs.add_parser(verb, help=meaning)
    add_tenant(parser)
    console.add_options(parser)
    return parser


def add_tenant_filter(parser: argparse.ArgumentParser, meaning: str) -> None:
    """Add an option for the tenant to which a verb confines itself."""
    parser.add_argument("--tenant", metavar=METAVAR, help=f"{meaning} ({MEANING})")


async def tenant_id(parts: "Installation", name: str) -> str:
    """Return the id of the tenant that is meant.

    Raises:
        errors.TenantNotFoundError: there is none of this name.
        errors.AmbiguousTenantError: there are several; it names their ids.
    """
    from simulacra.service import tenancy
    from simulacra.service.tenants import administration

    async with parts.database.transaction(tenancy.SYSTEM) as session:
        return (await administration.find(session, name)).id


async def tenant_id_if_given(parts: "Installation", name: str | None) -> str | None:
    """Return the id of the tenant that is meant, or None if none is; raises like `tenant_id`."""
    return None if name is None else await tenant_id(parts, name)
