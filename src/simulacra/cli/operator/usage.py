"""`simulacra operator usage`: the rows that tenants use, and whether their ledger is right."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli import option_types
from simulacra.cli.operator import console, installation, naming

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.usage.verification import LedgerCheck


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("usage", help="see the rows tenants use, verify the ledger")
    usage = parser.add_subparsers(metavar="VERB", required=True)
    showing = usage.add_parser("show", help="list a tenant's windows, the newest first")
    naming.add_tenant(showing)
    before = "only windows that begin before this time, ISO 8601"
    console.add_page(showing, "before", "TIME", before, option_types.moment)
    console.add_options(showing)
    showing.set_defaults(run=show)
    verify = usage.add_parser("verify", help="recompute every balance from the ledger")
    naming.add_tenant_filter(verify, "only this one's")
    console.add_options(verify)
    verify.set_defaults(run=print_check)


def show(arguments: argparse.Namespace) -> int:
    """List a tenant's windows."""
    fields, page = installation.use(arguments.data_dir, lambda parts, _: _read(parts, arguments))
    console.print_one(arguments, fields, "Windows", page)
    return 0


async def _read(
    parts: "Installation", arguments: argparse.Namespace
) -> "tuple[dict[str, console.Value], console.Page]":
    from simulacra.service import tenancy
    from simulacra.service.tenants import administration
    from simulacra.service.usage import ledger, windows

    async with parts.database.transaction(tenancy.SYSTEM) as session:
        tenant = await administration.find(session, arguments.tenant)
        current = await windows.current(session, tenant)
        limit, before = arguments.limit, arguments.before
        found = list(await windows.all_of(session, tenant.id, before=before, limit=limit + 1))
        if current not in found and (before is None or current.starts_at < before):
            found.insert(0, current)
        following = console.plain(found[limit - 1].starts_at) if len(found) > limit else None
        rows: list[dict[str, console.Value]] = [
            {
                "starts_at": it.starts_at,
                "ends_at": it.ends_at,
                "rows_used": it.rows_used,
                "rows_reserved": it.rows_reserved,
                "generations": await ledger.billed_generations(session, it),
            }
            for it in found[:limit]
        ]
    return {
        "tenant_id": tenant.id,
        "subscription_rows": tenant.subscription_rows,
        "rows_remaining": windows.remaining(tenant, current),
        "max_rows_per_request": tenant.max_rows_per_request,
    }, console.Page(rows, "before", following)


def print_check(arguments: argparse.Namespace) -> int:
    """Check the ledger; the exit code is 1 where it has a fault."""
    check = installation.use(arguments.data_dir, lambda parts, _: _verify(parts, arguments.tenant))
    if arguments.json:
        console.print_json(
            {"windows": check.windows, "entries": check.entries, "faults": check.faults}
        )
    elif not check.faults:
        print(f"Right: {check.windows:,} windows are the sums of {check.entries:,} entries.")
    else:
        print("\n".join(check.faults))
    return 1 if check.faults else 0


async def _verify(parts: "Installation", name: str | None) -> "LedgerCheck":
    from simulacra.service.usage import verification

    tenant_id = await naming.tenant_id_if_given(parts, name)
    return await verification.verify(parts.database, tenant_id)
