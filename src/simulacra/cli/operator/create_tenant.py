"""`simulacra operator create-tenant`: a tenant without a request for access."""

import argparse
import contextlib
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from simulacra.cli import failures, option_types, shell, terminal
from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulacra.cli.operator.installation import Installation
    from simulacra.service.settings import Settings

FILE_HEADER = """\
# A credential of Simulacra, for sh: put a dot and a space before the name of this file.
# Whoever reads it can act as the tenant."""
ONLY_IN_FILE = """
The file alone has the secret, which is neither shown nor stored, and you alone can read it. From
a study to rows, in any shell:
"""
SHOWN_ONCE = """
The secret is shown this once and is not stored: put it in a secret manager now. From a study to
rows, in any shell: paste these lines, then the secret, which no history of a shell gets so.
(With --env-file PATH a file has them.)
"""
READING_IT = "printf 'client_secret: '; read -r SIMIO_CLIENT_SECRET; export SIMIO_CLIENT_SECRET"
FROM_STUDY_TO_ROWS = 'Simulacra().upload("study.csv").generate(5000).write("synthetic.csv")'


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    create = verbs.add_parser(
        "create-tenant", help="make an approved tenant and print its credentials once"
    )
    create.add_argument("--company", required=True, type=_name, help="name of the company")
    create.add_argument("--email", required=True, type=_email, help="contact at the company")
    create.add_argument(
        "--env-file",
        type=option_types.new_file,
        metavar="PATH",
        help="write the credential to this new file, as variables for sh, and do not print it",
    )
    console.add_options(create)
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

    async def create(
        parts: "Installation", settings: "Settings"
    ) -> "tuple[str, dict[str, str], list[str]]":
        tenant = await parts.runtime.tenants.create(
            company=arguments.company, email=arguments.email, actor=installation.actor()
        )
        credential = {
            "client_id": tenant.client_id,
            "client_secret": tenant.client_secret,
            "token_url": parts.runtime.identity.token_url,
            "audience": parts.runtime.identity.audience,
        }
        lines = shell.client_lines(
            settings, credential["token_url"], credential["audience"], tenant.client_id
        )
        return tenant.tenant_id, credential, lines

    path = arguments.env_file and arguments.env_file.absolute()
    with _new_file(path) as file:
        tenant_id, credential, lines = installation.use(arguments.data_dir, create)
        if file is not None:
            secret = {"SIMIO_CLIENT_SECRET": credential.pop("client_secret")}
            file.write("\n".join([FILE_HEADER, *lines, *shell.exports(secret), ""]))
            credential["env_file"] = str(path)
    if arguments.json:
        console.print_json(credential)
        return 0
    print(f"Tenant {tenant_id} of {terminal.printable(arguments.company)} is active.\n")
    console.print_fields(credential)
    if file is None:
        print(SHOWN_ONCE)
        _print_lines(*lines, READING_IT)
        print("\nThen:\n")
    else:
        print(ONLY_IN_FILE)
        _print_lines(f". {shlex.quote(str(path))}")
    _print_lines(
        shell.command("sample", "study.csv"),
        f"{shell.python()} -c 'from simulacra.client import Simulacra; {FROM_STUDY_TO_ROWS}'",
    )
    print("\nIn the place of the sample any study will do: .csv, .xlsx, .sav and others.")
    return 0


def _print_lines(*lines: str) -> None:
    for line in lines:
        print(f"  {line}")


@contextlib.contextmanager
def _new_file(path: Path | None) -> "Iterator[TextIO | None]":
    """Open a file of mode 0600 before anything is made, and leave none behind if that fails."""
    if path is None:
        yield None
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise failures.CommandError(
            f"{path} is there already, and what it holds may be in use. Name another file."
        ) from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
    except BaseException:
        path.unlink()
        raise
