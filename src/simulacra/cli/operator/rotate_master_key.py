"""`simulacra operator rotate-master-key`: seal the root key under a new master key."""

import argparse
import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import failures, option_types
from simulacra.cli import settings as cli_settings
from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "rotate-master-key", help="replace the master key; processes that run go on meanwhile"
    )
    parser.add_argument(
        "--key-file",
        type=option_types.new_file,
        metavar="FILE",
        help="where the new key goes, if SIMULACRA_MASTER_KEY holds the present one",
    )
    console.add_options(parser)
    parser.set_defaults(run=rotate)


def rotate(arguments: argparse.Namespace) -> int:
    """Rotate the key; after a crash, run it again."""
    from simulacra.service import keys, root_key

    settings = cli_settings.load_as_served(arguments.data_dir)
    present = settings.keyring()
    successor_file = _successor_file(arguments, settings)
    keys.make_master_key(successor_file)  # one that a run before has made is kept
    successor = keys.read_master_key(successor_file)
    with installation.served(settings) as (served, owner_dsn):
        installation.migrate_if_needed(served, owner_dsn)
        root_key.rotate(served.dsn(), present, keys.Keyring(successor))
        retired = None if arguments.key_file else _replace(settings.master_key_file, successor_file)
        installation.use_served(_with_key(served, successor), owner_dsn, _record)
    _report(arguments, retired)
    return 0


def _successor_file(arguments: argparse.Namespace, settings: "Settings") -> Path:
    """Return where the new key goes.

    Raises:
        failures.CommandError: it is not clear, or a retired key is in the way.
    """
    if arguments.key_file is not None:
        return Path(arguments.key_file)
    if settings.master_key is not None:
        raise failures.CommandError(
            "SIMULACRA_MASTER_KEY holds the master key: say with --key-file where the new one goes."
        )
    file, retired = settings.master_key_file, _retired(settings.master_key_file)
    if retired.exists() and retired.read_bytes() != file.read_bytes():
        raise failures.CommandError(
            f"{retired} is there still: move it to where you keep keys of old backups."
        )
    return file.with_name("master.key.new")


def _retired(file: Path) -> Path:
    return file.with_name("master.key.old")


def _replace(file: Path, successor: Path) -> Path:
    """Put the new key in the place of the present one, which is kept beside it."""
    from simulacra.service.embedded import directory

    retired = _retired(file)
    with contextlib.suppress(FileExistsError):  # of a run that broke off here
        os.link(file, retired)
    successor.replace(file)
    directory.sync(file.parent)
    return retired


def _with_key(settings: "Settings", key: bytes) -> "Settings":
    import base64

    from pydantic import SecretStr

    return settings.model_copy(update={"master_key": SecretStr(base64.b64encode(key).decode())})


async def _record(parts: "Installation", _: "Settings") -> None:
    from simulacra.service import tenancy
    from simulacra.service.audit import trail
    from simulacra.service.audit.entry import Action

    async with parts.database.transaction(tenancy.SYSTEM) as session:
        trail.record(session, installation.actor(), Action.MASTER_KEY_ROTATED)


def _report(arguments: argparse.Namespace, retired: Path | None) -> None:
    if arguments.json:
        console.print_json({"retired": retired and str(retired), "key_file": arguments.key_file})
    elif retired is not None:
        print(
            f"The master key is replaced; keep a copy of the new one. The old one, {retired}, opens"
            "\nbackups made until now: move it to where you keep keys, and delete it with them."
        )
    else:
        print(
            f"The new master key is in {arguments.key_file}. Set SIMULACRA_MASTER_KEY of every "
            f"process\nto what `base64 -w0 {arguments.key_file}` prints, before one is restarted. "
            "The old key opens\nbackups made until now."
        )
