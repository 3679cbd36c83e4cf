"""`simulacra operator tenants`: see tenants, suspend them, set what they may use."""

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from simulacra.cli.operator import console, installation, naming, storage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from simulacra.cli.operator.installation import Installation
    from simulacra.service.audit.entry import Actor
    from simulacra.service.database import tables
    from simulacra.service.settings import Settings
    from simulacra.service.tenancy import Database
    from simulacra.service.tenants.administration import Usage

UNLIMITED = "none"
LIMITS = {
    "subscription_rows": "rows of one window; 'none' for as many as they like",
    "subscription_window_days": "length of a window, days",
    "max_rows_per_request": "rows of one generation",
    "retention_hours": "life of what they make from now on, hours; 'none' for the service's",
    "max_stored_bytes": "bytes of seed files and artifacts; 'none' for the service's limit",
    "max_trainings": "trainings that may wait or run; 'none' for the service's limit",
    "max_uploads": "uploads at a time in each API process; 'none' for the service's limit",
    "max_downloads": "downloads at a time in each API process; 'none' for the service's limit",
}
NEEDED = ("subscription_window_days", "max_rows_per_request")  # administration.REMOVABLE: the rest


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("tenants", help="see tenants, suspend them, set their limits")
    tenants = parser.add_subparsers(metavar="VERB", required=True)
    listing = tenants.add_parser("list", help="list tenants by company")
    console.add_page(listing, "after", "TENANT_ID", "only tenants that come after this one")
    console.add_options(listing)
    listing.set_defaults(run=print_all)
    naming.add_verb(tenants, "show", "show a tenant, its clients and its usage").set_defaults(
        run=show
    )
    refused = "refuse a tenant's clients from their next request on"
    naming.add_verb(tenants, "suspend", refused).set_defaults(run=suspend)
    naming.add_verb(tenants, "reactivate", "let a suspended tenant in again").set_defaults(
        run=reactivate
    )
    setting = naming.add_verb(tenants, "set", "set what a tenant may use; what is left out stays")
    for name, meaning in LIMITS.items():
        kind = _number if name in NEEDED else _number_or_none
        option = f"--{name.replace('_', '-')}"
        setting.add_argument(option, type=kind, metavar="N", help=meaning)
    setting.set_defaults(run=set_limits)
    storage.register(tenants)


def _number(text: str) -> int:
    try:
        return int(text.replace("_", "").replace(",", ""))
    except ValueError:
        raise argparse.ArgumentTypeError(f"give a whole number, not {text!r}") from None


def _number_or_none(text: str) -> int | str:
    return UNLIMITED if text == UNLIMITED else _number(text)


def print_all(arguments: argparse.Namespace) -> int:
    """List tenants."""
    from simulacra.service import tenancy
    from simulacra.service.tenants import administration

    async def read(parts: "Installation", _: "Settings") -> "console.Page":
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            found, following = await administration.page(session, arguments.limit, arguments.after)
            administration.note_view(session, installation.actor())
            rows = [_row(it, await administration.usage_of(session, it)) for it in found]
        return console.Page(rows, "after", following)

    console.print_page(arguments, installation.use(arguments.data_dir, read))
    return 0


def _row(tenant: "tables.Tenant", usage: "Usage") -> "dict[str, console.Value]":
    return {
        "tenant_id": tenant.id,
        "company": tenant.company_name,
        "status": tenant.status,
        "datasets": usage.datasets,
        "rows_in_window": usage.window.rows_used,
        "subscription_rows": tenant.subscription_rows,
        "created_at": tenant.created_at,
    }


def show(arguments: argparse.Namespace) -> int:
    """Show one tenant."""
    fields, clients = installation.use(
        arguments.data_dir, lambda parts, _: _read(parts, arguments.tenant)
    )
    console.print_one(arguments, fields, "Clients", console.Page(clients))
    return 0


async def _read(
    parts: "Installation", name: str
) -> "tuple[dict[str, console.Value], list[dict[str, console.Value]]]":
    from simulacra.service import tenancy
    from simulacra.service.identity import clients
    from simulacra.service.tenants import administration

    async with parts.database.transaction(tenancy.SYSTEM) as session:
        tenant = await administration.find(session, name)
        usage = await administration.usage_of(session, tenant)
        listed = await clients.listed(session, tenant.id)
        administration.note_view(session, installation.actor(), tenant.id)
    fields: dict[str, console.Value] = {
        "tenant_id": tenant.id,
        "company": tenant.company_name,
        "contact": tenant.contact_email,
        "status": tenant.status,
        "created_at": tenant.created_at,
        **dataclasses.asdict(administration.limits_of(tenant)),
        "datasets": usage.datasets,
        "stored_bytes": usage.stored_bytes,
        "window_ends_at": usage.window.ends_at,
        "generations_in_window": usage.generations,
        "rows_in_window": usage.window.rows_used,
        "rows_reserved": usage.window.rows_reserved,
    }
    return fields, [
        {
            "client_id": it.id,
            "name": it.name,
            "created_at": it.created_at,
            "last_minted_at": it.last_minted_at,
            "revoked_at": it.revoked_at,
        }
        for it in listed
    ]


def suspend(arguments: argparse.Namespace) -> int:
    """Refuse a tenant's clients."""
    from simulacra.service.tenants import administration

    return _change(arguments, administration.suspend)


def reactivate(arguments: argparse.Namespace) -> int:
    """Let a tenant's clients in again."""
    from simulacra.service.tenants import administration

    return _change(arguments, administration.reactivate)


def set_limits(arguments: argparse.Namespace) -> int:
    """Set what a tenant may use."""
    from simulacra.service import tenancy
    from simulacra.service.tenants import administration

    asked = {name: getattr(arguments, name) for name in LIMITS}
    given = {name: value for name, value in asked.items() if value is not None}
    figures: dict[str, Any] = {
        name: None if value == UNLIMITED else value for name, value in given.items()
    }

    async def change(database: "Database", tenant_id: str, actor: "Actor") -> None:
        async with database.transaction(tenancy.SYSTEM) as session:
            before = administration.limits_of(await administration.get(session, tenant_id))
        limits = dataclasses.replace(before, **figures)
        await administration.set_limits(database, tenant_id, limits, actor)

    return _change(arguments, change)


def _change(
    arguments: argparse.Namespace, change: "Callable[[Database, str, Actor], Awaitable[None]]"
) -> int:
    """Make a change and show the tenant as it is then."""

    async def make(parts: "Installation", _: "Settings") -> None:
        tenant_id = await naming.tenant_id(parts, arguments.tenant)
        await change(parts.database, tenant_id, installation.actor())

    installation.use(arguments.data_dir, make)
    return show(arguments)
