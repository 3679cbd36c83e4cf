"""What people see: texts that are safe to print, and how far a piece of work has come."""

import contextlib
import sys
from collections.abc import Iterator

from simulacra.engine.progress import Progress, ProgressCallback

STEPS = {"fitting": "link", "sampling": "step"}
"""What is counted, by stage."""


def printable(text: str) -> str:
    """Return text of a stranger without what would move the cursor or colour the terminal."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def say(text: str) -> None:
    """Print lines that may hold texts of a stranger."""
    for line in text.split("\n"):
        print(printable(line))


def say_first(lines: list[str], most: int) -> None:
    """Print the first of the lines, and how many there are beyond."""
    for line in lines[:most]:
        say(f"  {line}")
    if len(lines) > most:
        print(f"  and {len(lines) - most:,} more")


@contextlib.contextmanager
def progress() -> Iterator[ProgressCallback]:
    """Show progress on standard error: as a bar on a terminal, elsewhere as one line a stage."""
    with _bar() if sys.stderr.isatty() else _lines() as tell:
        yield tell


@contextlib.contextmanager
def _lines() -> Iterator[ProgressCallback]:
    stage = ""

    def tell(told: Progress) -> None:
        nonlocal stage
        if told.stage != stage:
            stage = told.stage
            print(printable(stage), file=sys.stderr, flush=True)

    yield tell


@contextlib.contextmanager
def _bar() -> Iterator[ProgressCallback]:
    from rich import console
    from rich import progress as bars

    columns = (
        bars.TextColumn("{task.description:<10}", markup=False),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.fields[steps]}", markup=False),
    )
    with bars.Progress(*columns, console=console.Console(stderr=True)) as shown:
        task = shown.add_task("starting", total=1.0, steps="")

        def tell(told: Progress) -> None:
            name = printable(told.stage)
            shown.update(task, description=name, completed=told.fraction, steps=_steps(told))

        yield tell
        shown.update(task, description="done", completed=1.0, steps="")


def _steps(told: Progress) -> str:
    if not told.steps:
        return ""
    return f"{STEPS.get(told.stage, 'step')} {told.step:,} of {told.steps:,}"
