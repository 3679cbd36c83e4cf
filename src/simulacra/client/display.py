"""What a person sees while work goes on, at a terminal or in a notebook; elsewhere nothing."""

from __future__ import annotations

import contextlib
import html
import sys
import threading
import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from simulacra.engine.progress import Progress, ProgressCallback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bars

Display = ProgressCallback | bool | None
"""What is to be shown of progress: a callback that is told; True for a bar; False for nothing; None
for a bar in a notebook, and where standard error is a terminal."""
NAME_OF_STEP = {"fitting": "column", "sampling": "step"}
CELL_SECONDS = 0.2
"""Between two changes of what a notebook shows, each of which is a message."""


@contextlib.contextmanager
def progress(wanted: Display) -> Iterator[ProgressCallback | None]:
    """Yield whom to tell of progress, if anybody."""
    if callable(wanted):
        yield wanted
    elif wanted is not False and is_notebook():
        yield _Cell()
    elif wanted or (wanted is None and sys.stderr.isatty() and has_bars()):
        with _TERMINAL.bar() as shown:
            yield shown
    else:
        yield None


def has_bars() -> bool:
    """Tell whether rich is installed, which the client does without."""
    return find_spec("rich") is not None


def is_notebook() -> bool:
    """Tell whether this process runs the cells of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class _Terminal:
    """The bars on standard error: one display, for all that is waited for at the same time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bars: Bars | None = None
        self._open = 0

    @contextlib.contextmanager
    def bar(self) -> Iterator[ProgressCallback]:
        """Show one more bar."""
        with self._lock:
            if self._bars is None:
                self._bars = _new_bars()
                self._bars.start()
            bars = self._bars
            self._open += 1
        task = bars.add_task("starting", total=1.0, steps="")

        def on_progress(update: Progress) -> None:
            name = "".join(it if it.isprintable() else "?" for it in update.stage)
            bars.update(task, description=name, completed=update.fraction, steps=_steps(update))

        try:
            yield on_progress
        finally:
            with self._lock:
                self._open -= 1
                if not self._open:
                    bars.stop()
                    self._bars = None

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Draw nothing meanwhile, so that a question stays to be read."""
        with self._lock:
            if self._bars is not None:
                self._bars.stop()
            try:
                yield
            finally:
                if self._bars is not None and self._open > 1:  # others are still waited for
                    self._bars.start()


_TERMINAL = _Terminal()


def _new_bars() -> Bars:
    from rich import console  # noqa: PLC0415 - where nothing is shown, it need not be loaded
    from rich import progress as bars  # noqa: PLC0415 - likewise

    return bars.Progress(
        bars.TextColumn("{task.description:<11}", markup=False),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.fields[steps]}", markup=False),
        console=console.Console(stderr=True),
    )


class _Cell:
    """A bar below the cell of a notebook that is running."""

    def __init__(self) -> None:
        self._update = Progress("starting", 0.0)
        self._next = 0.0
        show: Any = import_module("IPython.display").display
        self._handle = show(self, display_id=True)

    def __call__(self, update: Progress) -> None:
        """Show how far it has come."""
        self._update = update
        if time.monotonic() >= self._next or update.fraction >= 1:
            self._next = time.monotonic() + CELL_SECONDS
            self._handle.update(self)

    def __repr__(self) -> str:
        """Return it for front ends without HTML."""
        steps = _steps(self._update)
        return f"{self._update.stage} {self._update.fraction:.0%} {steps}".rstrip()

    def _repr_html_(self) -> str:
        bar = f'<progress max="1" value="{self._update.fraction:.3f}"></progress>'
        return f"{bar} {html.escape(repr(self))}"


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
    with _TERMINAL.paused():
        sys.stderr.write(f"\nCancel the job {job_id} on the server too? [y/N] ")
        sys.stderr.flush()
        try:
            return sys.stdin.readline().strip().lower() in ("y", "yes")
        except KeyboardInterrupt:
            return False
