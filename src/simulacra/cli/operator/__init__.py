"""`simulacra operator`: what the person who runs the service does; one module a noun."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

COMMANDS = (
    "status",
    "alerts",
    "signups",
    "create_tenant",
    "tenants",
    "clients",
    "people",
    "jobs",
    "webhooks",
    "rotate_signing_key",
    "rotate_master_key",
    "accounts",
    "audit",
    "usage",
    "backup",
)


def register(nouns: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its nouns."""
    parser = nouns.add_parser(
        "operator",
        help="decide on requests for access, manage tenants and jobs, read trail and ledger",
    )
    verbs = parser.add_subparsers(metavar="NOUN", required=True)
    for name in COMMANDS:
        importlib.import_module(f"simulacra.cli.operator.{name}").register(verbs)
