"""`simulacra operator usage`: the rows that tenants use, and whether their ledger is right."""

import argparse
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.service.runtime import Runtime
    from simulacra.service.usage.verification import LedgerCheck


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("usage", help="see the rows tenants use, verify the ledger")
    usage = parser.add_subparsers(metavar="VERB", required=True)
    showing = usage.add_parser("show", help="list a tenant's windows, the newest first")
    showing.add_argument("tenant_id", metavar="TENANT_ID")
    console.add_options(showing)
    showing.set_defaults(run=show)
    verify = usage.add_parser("verify", help="recompute every balance from the ledger")
    verify.add_argument("--tenant", dest="tenant_id", metavar="TENANT_ID", help="only this one's")
    console.add_options(verify)
    verify.set_defaults(run=print_check)


def show(arguments: argparse.Namespace) -> int:
    """List a tenant's windows."""
    fields, rows = installation.use(
        arguments.data_dir, lambda runtime, _: _read(runtime, arguments.tenant_id)
    )
    console.print_one(arguments, fields, "Windows", rows)
    return 0


async def _read(
    runtime: "Runtime", tenant_id: str
) -> "tuple[dict[str, console.Value], list[dict[str, console.Value]]]":
    from simulacra.service import tenancy
    from simulacra.service.tenants import administration
    from simulacra.service.usage import ledger, windows

    async with runtime.database.transaction(tenancy.SYSTEM) as session:
        tenant = await administration.get(session, tenant_id)
        current = await windows.current(session, tenant)
        stored = await windows.all_of(session, tenant_id)
        found = stored if current in stored else [current, *stored]
        rows: list[dict[str, console.Value]] = [
            {
                "starts_at": it.starts_at,
                "ends_at": it.ends_at,
                "rows_used": it.rows_used,
                "rows_reserved": it.rows_reserved,
                "generations": await ledger.billed_generations(session, it),
            }
            for it in found
        ]
    return {
        "tenant_id": tenant_id,
        "subscription_rows": tenant.subscription_rows,
        "rows_remaining": windows.remaining(tenant, current),
        "max_rows_per_request": tenant.max_rows_per_request,
    }, rows


def print_check(arguments: argparse.Namespace) -> int:
    """Check the ledger; the exit code is 1 where it has a fault."""
    check = installation.use(
        arguments.data_dir, lambda runtime, _: _verify(runtime, arguments.tenant_id)
    )
    if arguments.json:
        console.print_json(
            {"windows": check.windows, "entries": check.entries, "faults": check.faults}
        )
    elif not check.faults:
        print(f"Right: {check.windows:,} windows are the sums of {check.entries:,} entries.")
    else:
        print("\n".join(check.faults))
    return 1 if check.faults else 0


async def _verify(runtime: "Runtime", tenant_id: str | None) -> "LedgerCheck":
    from simulacra.service import tenancy
    from simulacra.service.tenants import administration
    from simulacra.service.usage import verification

    if tenant_id is not None:
        async with runtime.database.transaction(tenancy.SYSTEM) as session:
            await administration.get(session, tenant_id)
    return await verification.verify(runtime.database, tenant_id)
