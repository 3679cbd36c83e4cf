"""Output for people: texts that are safe to print, and progress."""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from importlib.util import find_spec

from simulacra.engine.progress import Progress, ProgressCallback

STEP_NAMES = {"fitting": "column", "sampling": "step"}
"""The name of a step, by stage."""


def printable(text: str) -> str:
    """Return an untrusted text without characters that could control the terminal."""
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def say(text: str) -> None:
    """Print lines that may contain untrusted text."""
    for line in text.split("\n"):
        print(printable(line))


def say_lines(lines: Iterable[str]) -> None:
    """Print lines that may contain untrusted text."""
    for line in lines:
        say(line)


@contextlib.contextmanager
def progress() -> Iterator[ProgressCallback]:
    """Show progress on standard error: as a bar on a terminal, elsewhere as one line a stage."""
    has_bars = sys.stderr.isatty() and find_spec("rich") is not None
    with _bar() if has_bars else _lines() as on_progress:
        yield on_progress


@contextlib.contextmanager
def _lines() -> Iterator[ProgressCallback]:
    stage = ""

    def on_progress(update: Progress) -> None:
        nonlocal stage
        if update.stage != stage:
            stage = update.stage
            print(printable(stage), file=sys.stderr, flush=True)

    yield on_progress


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

        def on_progress(update: Progress) -> None:
            name = printable(update.stage)
            shown.update(task, description=name, completed=update.fraction, steps=_steps(update))

        yield on_progress
        shown.update(task, description="done", completed=1.0, steps="")


def _steps(update: Progress) -> str:
    if not update.steps:
        return ""
    return f"{STEP_NAMES.get(update.stage, 'step')} {update.step:,} of {update.steps:,}"
