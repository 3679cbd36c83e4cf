"""`simulacra operator backup`: put an installation into one file, and make one from it."""

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from simulacra.cli import option_types
from simulacra.cli import settings as cli_settings
from simulacra.cli.operator import console, installation

if TYPE_CHECKING:
    from simulacra.cli.operator.installation import Installation
    from simulacra.service.backups.archive import Manifest
    from simulacra.service.settings import Settings


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the noun and its verbs."""
    parser = verbs.add_parser("backup", help="back an installation up, verify and restore backups")
    backup = parser.add_subparsers(metavar="VERB", required=True)
    for verb, run, kind, meaning in (
        ("create", create, option_types.new_file, "write a backup; the server may run"),
        ("verify", verify, option_types.existing_file, "check that a backup is whole"),
        ("restore", restore, option_types.existing_file, "restore a backup where nothing is yet"),
    ):
        one = backup.add_parser(verb, help=meaning)
        one.add_argument("file", metavar="FILE", type=kind)
        console.add_options(one)
        one.set_defaults(run=run)


def create(arguments: argparse.Namespace) -> int:
    """Write a backup; the exit code is 1 if objects are missing that the database knows."""
    manifest = installation.use(
        arguments.data_dir,
        lambda parts, settings: _create(parts, settings, arguments.file.absolute()),
    )
    _print(arguments, manifest)
    return 1 if manifest.missing else 0


async def _create(parts: "Installation", settings: "Settings", file: Path) -> "Manifest":
    from simulacra.service import storage, tenancy
    from simulacra.service.audit import trail
    from simulacra.service.audit.entry import Action, Detail
    from simulacra.service.backups import making

    store = storage.Storage.at(settings.store_url())
    manifest = await asyncio.to_thread(
        making.make, file, parts.owner_dsn, store, settings.keyring(), settings.data_dir
    )
    async with parts.database.transaction(tenancy.SYSTEM) as session:
        created = Action.BACKUP_CREATED
        details = {Detail.BYTES: manifest.size_bytes, Detail.COUNT: len(manifest.members)}
        trail.record(session, installation.actor(), created, details=details)
    return manifest


def verify(arguments: argparse.Namespace) -> int:
    """Check a backup; needs the master key, and no database."""
    from simulacra.service.backups import archive

    settings = cli_settings.load(data_dir=arguments.data_dir)
    _print(arguments, archive.verify(arguments.file, settings.keyring()))
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Restore a backup; the exit code is 1 if what was restored does not hold."""
    from simulacra.service import storage
    from simulacra.service.backups import restoring

    settings = cli_settings.load(data_dir=arguments.data_dir)
    keyring = settings.keyring()
    manifest = restoring.check(arguments.file, keyring)
    if settings.database_url is None:
        restoring.check_is_new(settings.data_dir)
    with installation.served(settings) as (served, owner_dsn):
        store = storage.Storage.at(served.store_url())
        place = restoring.Place(served.dsn(), owner_dsn, store, served.data_dir)
        restoring.restore(arguments.file, keyring, place)
        faults = installation.use_served(
            served, owner_dsn, lambda parts, _: _check(parts, manifest)
        )
    if arguments.json:
        console.print_json({**_document(manifest), "faults": faults})
    else:
        _print(arguments, manifest)
        print("\n".join(faults) or "Restored: the audit trail is unbroken, the ledger is right.")
    return 1 if faults else 0


async def _check(parts: "Installation", manifest: "Manifest") -> list[str]:
    """Return what is wrong with the records of an installation, and put its making on record."""
    from simulacra.service import tenancy
    from simulacra.service.audit import trail
    from simulacra.service.audit.entry import Action, Detail
    from simulacra.service.usage import verification

    head = None if manifest.trail_head is None else trail.Head.parse(manifest.trail_head)
    check = await parts.database.verify_trail(head)
    ledger = await verification.verify(parts.database)
    faults = [f"The audit trail is broken: {check.fault}."] if check.fault else []
    faults += ledger.faults
    if not faults:
        async with parts.database.transaction(tenancy.SYSTEM) as session:
            restored = Action.BACKUP_RESTORED
            details = {Detail.BYTES: manifest.size_bytes, Detail.COUNT: len(manifest.members)}
            trail.record(session, installation.actor(), restored, details=details)
    return faults


def _print(arguments: argparse.Namespace, manifest: "Manifest") -> None:
    if arguments.json:
        console.print_json(_document(manifest))
        return
    console.print_fields(_fields(manifest))
    for path in manifest.missing:
        print(f"The object {path} is missing from the store.")


def _fields(manifest: "Manifest") -> "dict[str, console.Value]":
    from simulacra.service.backups import making

    return {
        "made_at": manifest.made_at,
        "version": manifest.version,
        "revision": manifest.revision,
        "trail_head": manifest.trail_head,
        "objects": sum(name.startswith(making.OBJECTS) for name in manifest.members),
        "size_bytes": manifest.size_bytes,
        "missing": len(manifest.missing),
    }


def _document(manifest: "Manifest") -> dict[str, object]:
    return {**_fields(manifest), "missing": manifest.missing}
