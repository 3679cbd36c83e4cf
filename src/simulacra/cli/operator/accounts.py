"""`simulacra operator accounts`: who may use the operator's page."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.database import tables
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("accounts", help="make accounts for the operator's page")
    accounts = parser.add_subparsers(metavar="VERB", required=True)
    console.add_options(listing := accounts.add_parser("list", help="list the accounts"))
    listing.set_defaults(run=print_all)
    for verb, run, meaning in (
        ("create", create, "make an account; the password is asked for, or read from stdin"),
        ("set-password", set_password, "replace a password and sign the account out everywhere"),
        ("remove", remove, "remove an account and end its sessions"),
    ):
        changing = accounts.add_parser(verb, help=meaning)
        changing.add_argument("name", metavar="NAME", help="for example: ann.lee")
        console.add_options(changing)
        changing.set_defaults(run=run)


def print_all(arguments: argparse.Namespace) -> int:
    """List the accounts."""
    from simulacra.service.operators import accounts

    async def read(parts: "Installation", _: "Settings") -> "list[tables.OperatorAccount]":
        return list(await accounts.all_accounts(parts.database))

    found = installation.use(arguments.data_dir, read)
    rows: list[dict[str, console.Value]] = [
        {"name": it.name, "created_at": it.created_at, "password_set_at": it.password_set_at}
        for it in found
    ]
    console.print_rows(arguments, rows)
    return 0


def create(arguments: argparse.Namespace) -> int:
    """Make an account."""
    from simulacra.service.operators import accounts

    password = _read_password()

    async def make(parts: "Installation", settings: "Settings") -> str:
        actor = installation.actor()
        await accounts.create(parts.database, arguments.name, password, actor)
        return settings.base_url

    base_url = installation.use(arguments.data_dir, make)
    return _report(arguments, f"Account {arguments.name} can sign in at {base_url}/operator/.")


def set_password(arguments: argparse.Namespace) -> int:
    """Replace a password."""
    from simulacra.service.operators import accounts

    password = _read_password()

    async def change(parts: "Installation", _: "Settings") -> None:
        actor = installation.actor()
        await accounts.set_password(parts.database, arguments.name, password, actor)

    installation.use(arguments.data_dir, change)
    return _report(arguments, f"Account {arguments.name} is signed out and has a new password.")


def remove(arguments: argparse.Namespace) -> int:
    """Remove an account."""
    from simulacra.service.operators import accounts

    async def drop(parts: "Installation", _: "Settings") -> None:
        await accounts.remove(parts.database, arguments.name, installation.actor())

    installation.use(arguments.data_dir, drop)
    return _report(arguments, f"Account {arguments.name} is removed.")


def _report(arguments: argparse.Namespace, sentence: str) -> int:
    if arguments.json:
        console.print_json({"name": arguments.name})
    else:
        print(sentence)
    return 0


def _read_password() -> str:
    """Ask twice at a terminal, or read one line: never an argument, which others could list."""
    from simulacra.service import errors
    from simulacra.service.operators import accounts

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"Password ({accounts.PASSWORD_LENGTH[0]} characters or more): ")
    if getpass.getpass("Once more: ") != password:
        raise errors.AccountError("The two passwords differ.")
    return password
