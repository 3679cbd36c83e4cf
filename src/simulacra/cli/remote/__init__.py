"""`simulacra remote`: what customers do at a server; one module for each theme."""

import importlib
from typing import TYPE_CHECKING

from simulacra.cli.remote.command import Commands

if TYPE_CHECKING:
    import argparse

THEMES = ("access", "studies", "rows", "jobs")


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its own commands."""
    parser = commands.add_parser("remote", help="upload studies and generate rows at a server")
    own = Commands(parser, "Upload studies to a server and generate rows there.")
    for name in THEMES:
        importlib.import_module(f"simulacra.cli.remote.{name}").register(own)
    own.describe()
