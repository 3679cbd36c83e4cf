"""`simulacra completion`: what makes a shell complete commands, options and files."""

import argparse

SHELLS = ("bash", "zsh", "fish")
FILES = ("FILE", "FILE.json", "STUDY", "MODEL")
"""How help names the values that are files."""


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "completion",
        help="print what makes a shell complete commands, options and files",
        description="Print what makes a shell complete commands, options and files.",
        epilog="bash:  simulacra completion bash > "
        "~/.local/share/bash-completion/completions/simulacra\n"
        "zsh:   simulacra completion zsh > ~/.zfunc/_simulacra    (with ~/.zfunc in fpath)\n"
        "fish:  simulacra completion fish > ~/.config/fish/completions/simulacra.fish\n\n"
        "Do it again after an update.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the script for a shell."""
    import shtab

    from simulacra.cli import main

    parser = main.new_parser()
    _prepare(parser)
    print(shtab.complete(parser, arguments.shell))
    return 0


def _prepare(parser: argparse.ArgumentParser) -> None:
    """Have files completed as such, and commands that help shows by theme completed at all."""
    import shtab

    for action in parser._actions:  # noqa: SLF001 - argparse has no public way to them
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - likewise
            action.help = None
            for each in action.choices.values():
                _prepare(each)
        elif action.metavar in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]  # which shtab looks for
