"""`simulacra operator`: what the person who runs the service does."""

import argparse
import asyncio
import contextlib
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulacra.cli import settings as cli_settings

if TYPE_CHECKING:
    from simulacra.service.settings import Settings
    from simulacra.service.tenants.service import Credential


def register(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its verbs."""
    parser = nouns.add_parser("operator", help="manage tenants")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    create = verbs.add_parser(
        "create-tenant", help="make an approved tenant and print its credentials once"
    )
    create.add_argument("--company", required=True, type=_name, help="name of the company")
    create.add_argument("--email", required=True, type=_email, help="contact at the company")
    create.add_argument("--json", action="store_true", help="print one JSON object")
    cli_settings.add_data_dir(create)
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
    settings = cli_settings.load_as_served(arguments.data_dir)
    with _database_url(settings) as dsn:
        credential, token_url = asyncio.run(
            _create(settings, dsn, arguments.company, arguments.email)
        )
    document = {
        "client_id": credential.client_id,
        "client_secret": credential.client_secret,
        "token_url": token_url,
        "audience": settings.audience,
    }
    if arguments.json:
        print(json.dumps(document))
    else:
        print(f"Tenant {credential.tenant_id} of {arguments.company} is active.\n")
        for name, value in document.items():
            print(f"  {name:<14} {value}")
        print("\nThe secret is shown this once and is not stored: put it in a secret manager now.")
    return 0


async def _create(
    settings: "Settings", dsn: str, company: str, email: str
) -> "tuple[Credential, str]":
    from simulacra.service import compose, tenancy
    from simulacra.service.tenants import service

    keyring = settings.keyring()
    database = tenancy.Database(dsn, keyring, pool_size=1)
    identity = compose.identity_of(settings, database, keyring)
    try:
        credential = await service.create(
            database,
            keyring,
            identity,
            company=company,
            email=email,
            max_rows_per_request=settings.max_rows_per_request,
        )
    finally:
        await identity.close()
        await database.close()
    return credential, identity.token_url


@contextlib.contextmanager
def _database_url(settings: "Settings") -> Iterator[str]:
    """Yield the URL of a migrated database: the configured one, or the embedded one."""
    from simulacra.service.database import migrate
    from simulacra.service.embedded import postgres

    with contextlib.ExitStack() as stack:
        if settings.database_url is not None:
            dsn, owner_dsn = settings.dsn(), settings.migration_dsn()
        else:
            cluster = stack.enter_context(postgres.running(settings.data_dir))
            dsn, owner_dsn = cluster.url(), cluster.owner_url()
        migrate.upgrade(dsn, owner_dsn)
        yield dsn
