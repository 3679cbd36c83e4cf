"""`simulacra compile`: compile the engine's loops before the first study needs them."""

import argparse
import logging


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "compile", help="compile the engine's loops into the cache, so that no study waits for them"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Compile the loops for this machine and this version."""
    from simulacra.engine import compilation

    # Its notice that a fit waits is for those who have not run this command.
    logging.getLogger("simulacra.engine.model.kernels").setLevel(logging.WARNING)
    compilation.compile_loops()
    return 0
