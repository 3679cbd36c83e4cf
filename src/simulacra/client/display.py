"""What a person at a terminal sees while work goes on; elsewhere nothing is shown."""

from __future__ import annotations

import contextlib
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from simulacra.engine.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from collections.abc import Iterator

Display = ProgressCallback | bool | None
"""What is to be shown of progress: a callback that is told; True for a bar on standard error; False
for nothing; None for a bar if standard error is a terminal."""
NAME_OF_STEP = {"fitting": "column", "sampling": "step"}


@contextlib.contextmanager
def progress(wanted: Display) -> Iterator[ProgressCallback | None]:
    """Yield whom to tell of progress, if anybody."""
    if callable(wanted):
        yield wanted
    elif wanted or (wanted is None and sys.stderr.isatty() and has_bars()):
        with _bar() as shown:
            yield shown
    else:
        yield None


def has_bars() -> bool:
    """Tell whether rich is installed, which the client does without."""
    return find_spec("rich") is not None


@contextlib.contextmanager
def _bar() -> Iterator[ProgressCallback]:
    from rich import console  # noqa: PLC0415 - where nothing is shown, it need not be loaded
    from rich import progress as bars  # noqa: PLC0415 - likewise

    columns = (
        bars.TextColumn("{task.description:<11}", markup=False),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.fields[steps]}", markup=False),
    )
    with bars.Progress(*columns, console=console.Console(stderr=True)) as shown:
        task = shown.add_task("starting", total=1.0, steps="")

        def on_progress(update: Progress) -> None:
            name = "".join(it if it.isprintable() else "?" for it in update.stage)
            shown.update(task, description=name, completed=update.fraction, steps=_steps(update))

        yield on_progress


def _steps(update: Progress) -> str:
    if not update.steps:
        return ""
    return f"{NAME_OF_STEP.get(update.stage, 'step')} {update.step:,} of {update.steps:,}"


def asks_to_cancel(job_id: str) -> bool:
    """Ask a person who has interrupted the waiting whether the job is to end too.

    Without a person the job goes on, as it does when a connection is lost.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"\nCancel the job {job_id} on the server too? [y/N] ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip().lower() in ("y", "yes")
    except KeyboardInterrupt:
        return False
