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
SHOWN_AFTER = 1.0
"""Seconds after which a bar is shown of itself: of what is done at once nothing flickers."""
TOLD_AFTER, TOLD_FROM = 2.0, 0.02
"""Seconds, and part of the work, after which something is said of how long the rest takes."""
NAME_OF_STEP = {"fitting": "column", "sampling": "step"}
CELL_SECONDS = 0.2
"""Between two changes of what a notebook shows, each of which is a message."""


@contextlib.contextmanager
def progress(wanted: Display) -> Iterator[ProgressCallback | None]:
    """Yield whom to tell of progress, if anybody."""
    if callable(wanted):
        yield wanted
    elif wanted is not False and is_notebook():
        cell = _Cell()
        yield cell
        cell.finish()
    elif wanted or (wanted is None and sys.stderr.isatty() and has_bars()):
        with TERMINAL.bar() as shown:
            yield shown
    else:
        yield None


@contextlib.contextmanager
def shown(wanted: Display) -> Iterator[ProgressCallback | None]:
    """Yield whom to tell of progress, if anybody, as `progress` does, of longer work alone.

    Where nobody has asked for a bar, it appears after `SHOWN_AFTER` seconds.
    """
    if wanted is not None:
        with progress(wanted) as callback:
            yield callback
    elif is_notebook() or (sys.stderr.isatty() and has_bars()):
        with contextlib.ExitStack() as stack:
            yield _Late(stack)
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


class _Late:
    """A bar that is shown once the work has taken a while."""

    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._due = time.monotonic() + SHOWN_AFTER
        self._bar: ProgressCallback | None = None

    def __call__(self, update: Progress) -> None:
        """Show how far it has come, if it is time."""
        if self._bar is None and time.monotonic() >= self._due:
            self._bar = self._stack.enter_context(progress(None))
        if self._bar is not None:
            self._bar(update)


class Remaining:
    """How long work still takes, as fast as it has gone since it began."""

    def __init__(self) -> None:
        self._first: tuple[float, float] | None = None

    def text(self, fraction: float) -> str:
        """Return it for people; empty as long as little is known.

        Args:
            fraction: of the work that is done.
        """
        now = time.monotonic()
        if self._first is None or fraction < self._first[1]:
            self._first = (now, fraction) if fraction > 0 else None
            return ""
        elapsed, done = now - self._first[0], fraction - self._first[1]
        if elapsed < TOLD_AFTER or done < TOLD_FROM or fraction >= 1:
            return ""
        return f"{duration(elapsed * (1 - fraction) / done)} left"


def duration(seconds: float) -> str:
    """Return about how long something takes: no more exactly than it can be told."""
    if seconds < 60:
        return f"about {max(5, 5 * round(seconds / 5))} s"
    minutes = round(seconds / 60)
    return f"about {minutes} min" if minutes < 60 else f"about {minutes // 60} h {minutes % 60} min"


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
        task, remaining = bars.add_task("starting", total=1.0, steps="", left=""), Remaining()

        def on_progress(update: Progress) -> None:
            name = "".join(it if it.isprintable() else "?" for it in update.stage)
            bars.update(
                task,
                description=name,
                completed=update.fraction,
                steps=_steps(update),
                left=remaining.text(update.fraction),
            )

        try:
            yield on_progress
            bars.update(task, completed=1.0, left="")
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


TERMINAL = _Terminal()


def _new_bars() -> Bars:
    from rich import console  # noqa: PLC0415 - where nothing is shown, it need not be loaded
    from rich import progress as bars  # noqa: PLC0415 - likewise

    return bars.Progress(
        bars.TextColumn("{task.description:<11}", markup=False),
        bars.BarColumn(),
        bars.TaskProgressColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.fields[left]}", markup=False),
        bars.TextColumn("{task.fields[steps]}", markup=False),
        console=console.Console(stderr=True),
    )


class _Cell:
    """A bar below the cell of a notebook that is running."""

    def __init__(self) -> None:
        self._update = Progress("starting", 0.0)
        self._next = 0.0
        self._remaining, self._left = Remaining(), ""
        self._began = time.monotonic()
        show: Any = import_module("IPython.display").display
        self._handle = show(self, display_id=True)

    def __call__(self, update: Progress) -> None:
        """Show how far it has come."""
        self._update, self._left = update, self._remaining.text(update.fraction)
        if time.monotonic() >= self._next or update.fraction >= 1:
            self._next = time.monotonic() + CELL_SECONDS
            self._handle.update(self)

    def finish(self) -> None:
        """Say how long it took, in place of the bar."""
        self._update = Progress("done", 1.0)
        self._left = f"after {time.monotonic() - self._began:,.0f} s"
        self._handle.update(self)

    def __repr__(self) -> str:
        """Return it for front ends without HTML."""
        if self._update.stage == "done":
            return f"done {self._left}"
        steps, left = _steps(self._update), self._left and f", {self._left}"
        return f"{self._update.stage} {self._update.fraction:.0%} {steps}".rstrip() + left

    def _repr_html_(self) -> str:
        if self._update.stage == "done":
            return f"<small>{html.escape(repr(self))}</small>"
        bar = f'<progress max="1" value="{self._update.fraction:.3f}"></progress>'
        return f"{bar} {html.escape(repr(self))}"


def _steps(update: Progress) -> str:
    if not update.steps:
        return ""
    return f"{NAME_OF_STEP.get(update.stage, 'step')} {update.step:,} of {update.steps:,}"
