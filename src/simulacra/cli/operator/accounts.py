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
        ("enable-totp", enable_totp, "ask an account for one-time codes; shows the secret once"),
        ("disable-totp", disable_totp, "ask an account for its password alone again"),
        ("sessions", print_sessions, "list where an account is signed in"),
        ("sign-out", sign_out, "end all sessions of an account"),
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
        {
            "name": it.name,
            "created_at": it.created_at,
            "password_set_at": it.password_set_at,
            "second_factor": "totp" if it.totp_secret is not None else None,
        }
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


def enable_totp(arguments: argparse.Namespace) -> int:
    """Give an account a second factor, and print its secret and its recovery codes once."""
    from simulacra.service.operators import second_factor

    async def enable(parts: "Installation", _: "Settings") -> second_factor.Enrolment:
        factors = second_factor.SecondFactors(parts.database, parts.keyring)
        return await factors.enable(arguments.name, installation.actor())

    enrolled = installation.use(arguments.data_dir, enable)
    if arguments.json:
        console.print_json({"uri": enrolled.uri, "recovery_codes": enrolled.recovery_codes})
        return 0
    if sys.stdout.isatty():
        import segno

        segno.make(enrolled.uri).terminal(compact=True)
    print(f"\n  {enrolled.uri}\n\nScan or enter this in an authenticator. It is shown this once,")
    print("as are the recovery codes, each of which stands in for the authenticator once:\n")
    print("\n".join(f"  {code}" for code in enrolled.recovery_codes))
    print(f"\nAccount {arguments.name} is signed out everywhere.")
    return 0


def disable_totp(arguments: argparse.Namespace) -> int:
    """Take the second factor of an account away."""
    from simulacra.service.operators import second_factor

    async def disable(parts: "Installation", _: "Settings") -> None:
        factors = second_factor.SecondFactors(parts.database, parts.keyring)
        await factors.disable(arguments.name, installation.actor())

    installation.use(arguments.data_dir, disable)
    return _report(arguments, f"Account {arguments.name} signs in with its password alone.")


def print_sessions(arguments: argparse.Namespace) -> int:
    """List where an account is signed in."""
    from simulacra.service.operators import sessions

    async def read(parts: "Installation", _: "Settings") -> "list[tables.OperatorSession]":
        found = sessions.Sessions(parts.database, parts.keyring)
        return list(await found.of(arguments.name))

    rows: list[dict[str, console.Value]] = [
        {"signed_in_at": it.created_at, "seen_at": it.seen_at}
        for it in installation.use(arguments.data_dir, read)
    ]
    console.print_rows(arguments, rows)
    return 0


def sign_out(arguments: argparse.Namespace) -> int:
    """End all sessions of an account."""
    from simulacra.service.operators import sessions

    async def end(parts: "Installation", _: "Settings") -> int:
        found = sessions.Sessions(parts.database, parts.keyring)
        return await found.close_all(arguments.name, installation.actor())

    count = installation.use(arguments.data_dir, end)
    return _report(arguments, f"Account {arguments.name} is signed out ({count} sessions).")


def _report(arguments: argparse.Namespace, sentence: str) -> int:
    if arguments.json:
        console.print_json({"name": arguments.name})
    else:
        print(sentence)
    return 0


def _read_password() -> str:
    """Ask twice at a terminal, or read one line: never an argument, which others could list."""
    from simulacra.service import errors, passwords

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"Password ({passwords.LENGTH[0]} characters or more): ")
    if getpass.getpass("Once more: ") != password:
        raise errors.AccountError("The two passwords differ.")
    return password
