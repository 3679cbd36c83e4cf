"""`simulacra operator tenants storage`: a bucket and a key of a tenant's own."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from simulacra.cli import failures
from simulacra.cli.operator import console, installation, naming

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.database import tables
    from simulacra.service.settings import Settings
    from simulacra.service.tenants.own_storage import Wanted

ADDRESSES = {
    "region": "of the bucket (default: us-east-1)",
    "role": "ARN of a role to assume, for bucket and key, in place of an access key",
    "external_id": "that the role asks for",
    "s3_endpoint": "address of the bucket's host, where it is not AWS",
    "kms_endpoint": "address of the key service, where it is not AWS's of the key's region",
    "sts_endpoint": "address of the service that gives out roles, likewise",
}


def register(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verbs below `storage`."""
    parser = nouns.add_parser("storage", help="keep a tenant's data in a bucket of its own")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    setting = naming.add_verb(verbs, "set", "try a bucket and a key, and use them from now on")
    setting.add_argument(
        "--bucket", required=True, metavar="URL", help="with a key prefix: s3://bucket/prefix"
    )
    setting.add_argument(
        "--key",
        required=True,
        metavar="URL",
        help="that wraps the keys of objects: aws-kms://ARN, or file:///path of 32 bytes",
    )
    setting.add_argument(
        "--access-key-id",
        metavar="ID",
        help="of the customer's; its secret is asked for, or read from stdin",
    )
    setting.add_argument(
        "--studies", action="store_true", help="for seed files and models too, not artifacts alone"
    )
    for name, meaning in ADDRESSES.items():
        setting.add_argument(f"--{name.replace('_', '-')}", metavar="TEXT", help=meaning)
    setting.set_defaults(run=set_up)
    naming.add_verb(verbs, "show", "show where a tenant's data lie").set_defaults(run=show)
    checking = naming.add_verb(
        verbs, "check", "write, read and delete an object under the tenant's key"
    )
    checking.set_defaults(run=check)
    removing = naming.add_verb(
        verbs, "remove", "keep what the tenant makes from now on in our own store"
    )
    removing.set_defaults(run=remove)


def set_up(arguments: argparse.Namespace) -> int:
    """Set the storage of a tenant."""
    from simulacra.service.tenants import own_storage

    wanted = _wanted(arguments)

    async def change(parts: "Installation", _: "Settings") -> "tables.CustomerStore":
        tenant_id = await naming.tenant_id(parts, arguments.tenant)
        stores, actor = parts.runtime.stores, installation.actor()
        return await own_storage.set_up(parts.database, stores, tenant_id, wanted, actor)

    return _report(arguments, installation.use(arguments.data_dir, change))


def check(arguments: argparse.Namespace) -> int:
    """Try the storage of a tenant."""
    from simulacra.service.tenants import own_storage

    async def attempt(parts: "Installation", _: "Settings") -> "tables.CustomerStore":
        tenant_id = await naming.tenant_id(parts, arguments.tenant)
        return await own_storage.check(parts.database, parts.runtime.stores, tenant_id)

    return _report(arguments, installation.use(arguments.data_dir, attempt))


def remove(arguments: argparse.Namespace) -> int:
    """Go back to the installation's store."""
    from simulacra.service.tenants import own_storage

    async def change(parts: "Installation", _: "Settings") -> None:
        tenant_id = await naming.tenant_id(parts, arguments.tenant)
        await own_storage.remove(parts.database, tenant_id, installation.actor())

    installation.use(arguments.data_dir, change)
    return show(arguments)


def show(arguments: argparse.Namespace) -> int:
    """Show the storage of a tenant, and those before it that hold something."""
    from simulacra.service import tenancy
    from simulacra.service.tenants import administration, own_storage

    async def read(parts: "Installation", _: "Settings") -> list[dict[str, console.Value]]:
        tenant_id = await naming.tenant_id(parts, arguments.tenant)
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            administration.note_view(session, installation.actor(), tenant_id)
            found = await own_storage.listed(session, tenant_id)
        return [{**_fields(it.row), "objects": it.objects} for it in found]

    rows = installation.use(arguments.data_dir, read)
    if not rows and not arguments.json:
        print("All of it lies in the installation's own store.")
        return 0
    console.print_rows(arguments, rows)
    return 0


def _wanted(arguments: argparse.Namespace) -> "Wanted":
    """Return what the options ask for; what is wrong with them ends the command."""
    import pydantic

    from simulacra.service.stores import wrapping
    from simulacra.service.stores.location import Credentials, Location
    from simulacra.service.tenants.own_storage import Wanted

    given = {name: getattr(arguments, name) for name in ("bucket", "key", *ADDRESSES)}
    try:
        location = Location(**{name: it for name, it in given.items() if it is not None})
        wrapping.check(location)
        credentials = None
        if arguments.access_key_id is not None:
            credentials = Credentials.model_validate(
                {
                    "access_key_id": arguments.access_key_id,
                    "secret_access_key": _read_secret(),
                }
            )
    except pydantic.ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        option = "--" + "-".join(str(part) for part in first["loc"]).replace("_", "-")
        told = first["msg"].removeprefix("Value error, ")
        raise failures.CommandError(f"{option}: {told}".removeprefix("--: ")) from None
    except ValueError as error:
        raise failures.CommandError(f"--{error}") from None
    return Wanted(location, credentials, arguments.studies)


def _read_secret() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass("Secret access key: ")


def _report(arguments: argparse.Namespace, row: "tables.CustomerStore") -> int:
    if arguments.json:
        console.print_json(_fields(row))
        return 0
    console.print_fields(_fields(row))
    print("\nA key was wrapped, and an object written, read and deleted: the storage works.")
    return 0


def _fields(row: "tables.CustomerStore") -> dict[str, console.Value]:
    location = row.location
    access = "role" if location.get("role") else "access key" if row.sealed_credentials else None
    return {
        "storage_id": row.id,
        "bucket": location["bucket"],
        "key": location["key"],
        "access": access or "the service's own",
        "holds": "artifacts, seed files, models" if row.holds_studies else "artifacts",
        "checked_at": row.checked_at,
        "ended_at": row.ended_at,
    }
