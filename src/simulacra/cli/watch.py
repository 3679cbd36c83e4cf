"""`simulacra watch`: what `simulacra remote watch` does, under its first name."""

from typing import TYPE_CHECKING

from simulacra.cli.remote import command, jobs

if TYPE_CHECKING:
    import argparse


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("watch", help="follow a job on a server; as `remote watch`")
    jobs.add_watch(parser)
    command.add_common(parser, jobs.follow)
