"""`simulacra operator status`: what waits, what failed, what is stored, and what is the matter."""

import argparse
import dataclasses
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.monitoring.alerts import Alert
    from simulacra.service.monitoring.state import State
    from simulacra.service.settings import Settings

GIB = 1024**3


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun."""
    parser = verbs.add_parser(
        "status", help="show what waits, failed and is stored; exit code 1 if something is critical"
    )
    console.add_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Show the state of the installation."""
    state, alerts = installation.use(arguments.data_dir, _read)
    if arguments.json:
        console.print_json(
            {**dataclasses.asdict(state), "alerts": [dataclasses.asdict(it) for it in alerts]}
        )
    else:
        console.print_fields(_fields(state))
        print("\nJobs:\n")
        console.print_rows(arguments, _backlogs(state))
        print("\nWhat is the matter:\n")
        print("\n".join(f"  [{it.severity}] {it.text}" for it in alerts) or "  Nothing.")
        print(
            "\nWorkers check the audit trail and the ledger; so do `audit verify`, `usage verify`."
        )
    return 1 if any(it.severity == "critical" for it in alerts) else 0


async def _read(parts: "Installation", settings: "Settings") -> "tuple[State, list[Alert]]":
    from simulacra.service.monitoring import alerts, state

    folders = state.folders_of(settings.data_dir)
    seen = await state.read(parts.database, folders, settings.served_certificate())
    return seen, list(alerts.raised(alerts.Situation(seen, (), settings.job_seconds)))


def _fields(state: "State") -> "dict[str, console.Value]":
    return {
        "datasets": state.datasets,
        "generations": state.generations,
        "stored_bytes": state.stored_bytes,
        "rows_last_hour": state.rows,
        "jobs_completed_last_hour": state.completed,
        "jobs_failed_last_hour": state.failed,
        "webhook_deliveries_waiting": state.deliveries,
        "requests_for_access": len(state.waiting_signups),
        "refusals_last_hour": state.refusals,
        "other_tenant_last_hour": state.other_tenant,
        "certificate_expires": state.certificate_expires,
        **{
            f"free_for_{name}": f"{disk.free / GIB:,.1f} of {disk.total / GIB:,.1f} GiB"
            for name, disk in state.disks.items()
        },
    }


def _backlogs(state: "State") -> "list[dict[str, console.Value]]":
    return [
        {
            "operation": operation,
            "waiting": backlog.waiting,
            "running": backlog.running,
            "longest_wait_seconds": round(backlog.longest_wait),
            "longest_run_seconds": round(backlog.longest_run),
        }
        for operation, backlog in state.backlogs.items()
    ]
