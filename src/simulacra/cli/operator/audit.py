"""`simulacra operator audit`: read the audit trail, take it away, and check that it is whole."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from simulacra.cli import option_types
from simulacra.cli.operator import console, installation, naming

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.audit.trail import Head, TrailCheck
    from simulacra.service.database import tables
    from simulacra.service.settings import Settings

FILTERS = {
    "subject": "subject_id",
    "actor": "actor_id",
    "request": "request_id",
    "action": "action",
    "outcome": "outcome",
}


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("audit", help="read, export and verify the audit trail")
    audit = parser.add_subparsers(metavar="VERB", required=True)
    listing = audit.add_parser("list", help="list entries, the newest first")
    for option, field in FILTERS.items():
        listing.add_argument(f"--{option}", dest=field, help=f"only entries with this {option}")
    naming.add_tenant_filter(listing, "only entries about this tenant")
    console.add_page(
        listing, "before", "NUMBER", "only entries before this one", option_types.WholeNumber(1)
    )
    console.add_options(listing)
    listing.set_defaults(run=print_entries)
    export = audit.add_parser(
        "export", help="write every entry as one line of JSON, and its hashes"
    )
    export.add_argument("--output", type=Path, help="file to write (default: standard output)")
    console.add_options(export)
    export.set_defaults(run=write_entries)
    verify = audit.add_parser(
        "verify", help="check that no entry was altered, removed or slipped in"
    )
    verify.add_argument(
        "--head", type=_head, metavar="NUMBER:HASH", help="what an earlier check said; still there?"
    )
    console.add_options(verify)
    verify.set_defaults(run=print_check)


def _head(text: str) -> "Head":
    from simulacra.service.audit import trail

    try:
        return trail.Head.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError("give what `audit verify` printed: NUMBER:HASH") from None


def _document(it: "tables.AuditEntry") -> "dict[str, console.Value]":
    return {
        "number": it.number,
        "at": it.at,
        "actor": it.actor_kind if it.actor_id is None else f"{it.actor_kind} {it.actor_id}",
        "action": it.action,
        "subject_id": it.subject_id,
        "outcome": it.outcome,
        "details": it.details,
        "tenant_id": it.tenant_id,
        "request_id": it.request_id,
    }


def print_entries(arguments: argparse.Namespace) -> int:
    """List entries."""
    from simulacra.service import tenancy
    from simulacra.service.audit import search, trail
    from simulacra.service.audit.entry import Action

    fields = {field: getattr(arguments, field) for field in FILTERS.values()}

    async def read(parts: "Installation", _: "Settings") -> "console.Page":
        tenant_id = await naming.tenant_id_if_given(parts, arguments.tenant)
        wanted = search.Filter(**fields, tenant_id=tenant_id)
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            found, following = await search.newest(
                session, wanted, arguments.limit, arguments.before
            )
            viewed = Action.AUDIT_VIEWED
            trail.record(session, installation.actor(), viewed, tenant_id=tenant_id)
        return console.Page([_document(it) for it in found], "before", following)

    console.print_page(arguments, installation.use(arguments.data_dir, read))
    return 0


def write_entries(arguments: argparse.Namespace) -> int:
    """Write the whole trail."""
    if arguments.output is None:
        count = installation.use(arguments.data_dir, lambda parts, _: _write(parts, sys.stdout))
    else:
        with arguments.output.open("w") as file:
            count = installation.use(arguments.data_dir, lambda parts, _: _write(parts, file))
    print(f"{count:,} entries", file=sys.stderr)
    return 0


async def _write(parts: "Installation", file: TextIO) -> int:
    from simulacra.service import tenancy
    from simulacra.service.audit import trail
    from simulacra.service.audit.entry import Action, Detail

    count = 0
    async with parts.database.transaction(tenancy.SYSTEM) as session:
        async for it in trail.entries(session):
            fields = {column.key: getattr(it, column.key) for column in it.__table__.columns}
            file.write(json.dumps(fields, default=console.plain) + "\n")
            count += 1
        exported = Action.AUDIT_EXPORTED
        trail.record(session, installation.actor(), exported, details={Detail.COUNT: count})
    return count


def print_check(arguments: argparse.Namespace) -> int:
    """Check the chain; the exit code is 1 where it is broken."""

    async def verify(parts: "Installation", _: "Settings") -> "TrailCheck":
        return await parts.database.verify_trail(arguments.head)

    check = installation.use(arguments.data_dir, verify)
    if arguments.json:
        console.print_json({"head": str(check.head), "fault": check.fault})
    elif check.fault is None:
        print(f"Unbroken: {check.head.number:,} entries. Note its head somewhere else:\n")
        print(f"  {check.head}\n")
        print("`simulacra operator audit verify --head ...` then shows whether an end was cut off.")
    else:
        print(f"BROKEN: {check.fault}.\nThe chain holds up to its head {check.head}.")
    return 0 if check.fault is None else 1
