"""Output for people: texts that are safe to print, and progress."""

import contextlib
import shutil
import sys
import textwrap
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
    """Print lines that may contain untrusted text; prose is broken between words."""
    for line in text.split("\n"):
        for part in _fitting(printable(line)):
            print(part)


def _fitting(line: str) -> list[str]:
    """Return a line in parts that fit a terminal; tables and what is to be copied stay whole."""
    if "  " in line or not sys.stdout.isatty():
        return [line]
    return textwrap.wrap(line, shutil.get_terminal_size().columns, break_long_words=False) or [line]


def say_lines(lines: Iterable[str]) -> None:
    """Print lines that may contain untrusted text."""
    for line in lines:
        say(line)


@contextlib.contextmanager
def progress() -> Iterator[ProgressCallback]:
    """Show progress on standard error: as a bar on a terminal, elsewhere as one line a stage."""
    has_bars = sys.stderr.isatty() and find_spec("rich") is not None
    with _bar() if has_bars else contextlib.nullcontext(stages()) as on_progress:
        yield on_progress


def stages() -> ProgressCallback:
    """Return what prints a line on standard error for each stage."""
    stage = ""

    def on_progress(update: Progress) -> None:
        nonlocal stage
        if update.stage != stage:
            stage = update.stage
            print(printable(stage), file=sys.stderr, flush=True)

    return on_progress


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
