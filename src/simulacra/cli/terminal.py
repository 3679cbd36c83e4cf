"""Output for people: texts that are safe to print, and progress."""

import contextlib
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator

from simulacra.engine.progress import Progress, ProgressCallback


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
    from simulacra.engine.display import progress as showing

    has_bars = sys.stderr.isatty() and showing.has_bars()
    with (
        showing.progress(wanted=True)
        if has_bars
        else contextlib.nullcontext(stages()) as on_progress
    ):
        yield on_progress or stages()


def stages() -> ProgressCallback:
    """Return what prints a line on standard error for each stage."""
    stage = ""

    def on_progress(update: Progress) -> None:
        nonlocal stage
        if update.stage != stage:
            stage = update.stage
            print(printable(stage), file=sys.stderr, flush=True)

    return on_progress
