"""Children that stay for a while, so that the next question finds its model loaded.

Who moves a slider asks the same study again and again, and to load its model takes longer than to
answer. Such a child is confined like any other, to a folder of its own, and belongs to one model of
one dataset: nobody else's question ever reaches it. Its files are removed as soon as it has
read them, so that the model is in its memory alone, and there no longer than until it has been idle
for a minute. Every question is a job of its own, with all that is checked for one.
"""

import asyncio
import contextlib
import dataclasses
import multiprocessing
import os
import shutil
import time
from collections.abc import Awaitable, Callable, Coroutine
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, TypeVar

from simulacra.engine.progress import Progress
from simulacra.service import scratch
from simulacra.service.jobs import child, functions, messages
from simulacra.service.jobs.functions import Request, Result

IDLE_SECONDS = 60.0
"""How long a child waits for the next question."""
MAX_SECONDS = 900.0
"""How long it lives at most: what it fits for ever other columns adds up."""
ABANDONED_SECONDS = 10.0
"""How long a question goes on that nobody waits for any more."""

Value = TypeVar("Value")
Prepare = Callable[[Path, set[str]], Awaitable[Request]]
"""Writes files into the folder of a child and returns the request for it. The set has the names of
what the child was given before and still knows; what is given now is added to it."""


class _EndedError(Exception):
    """A child that had answered before ended without an answer: it has used up what it may."""


@dataclasses.dataclass(eq=False)
class _Kept:
    """One child.

    Attributes:
        folder: that it is confined to.
        process: of it.
        way: to it and back.
        far_end: of that way, which is the child's.
        stack: what ends with it.
        given: names of what it has loaded.
        began: when it was started.
        turn: whose question it answers.
        idle: ends it, unless a question comes before.
    """

    folder: Path
    process: ForkServerProcess
    way: Connection
    far_end: Connection
    stack: contextlib.ExitStack
    given: set[str] = dataclasses.field(default_factory=set)
    began: float = dataclasses.field(default_factory=time.monotonic)
    turn: asyncio.Lock = dataclasses.field(default_factory=asyncio.Lock)
    idle: asyncio.TimerHandle | None = None
    waiting: int = 0
    has_answered: bool = False
    is_over: bool = False


class Children:
    """The children of one worker that stay."""

    def __init__(self, most: int = 0) -> None:
        """Keep none yet, and never more than `most`; with 0, each question has a child anew."""
        self._most = most
        self._kept: dict[str, _Kept] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._abandoned: set[asyncio.Task[Any]] = set()

    async def ask(
        self,
        subject: str,
        function: functions.ChildFunction[Request, Result],
        prepare: Prepare[Request],
        limits: child.Limits,
        on_progress: child.OnProgress,
    ) -> Result:
        """Call `function` in the child of a subject, or in one that begins with it.

        A question whose asker is cancelled goes on for a while in the background: ending the child
        at once would cost the next one the model.

        Args:
            subject: the model that is asked about.
            function: what to call.
            prepare: gives what to call it with.
            limits: what the child may use.
            on_progress: called whenever the function reports.

        Raises:
            errors.JobFailedError: as of `child.run`, like all others.
            child.KilledError: likewise.
            child.ChildFaultError: likewise.
        """
        if not self._most:
            with scratch.folder() as folder:
                request = await prepare(folder, set())
                return await child.run(function, request, folder, limits, on_progress)
        while True:
            kept = await self._child_of(subject, function, limits)
            kept.waiting += 1
            try:
                await kept.turn.acquire()
            finally:
                kept.waiting -= 1
            if kept.is_over:
                kept.turn.release()
                continue
            asking = self._in_background(
                self._answer(subject, kept, function, prepare, limits, on_progress)
            )
            try:
                with contextlib.suppress(_EndedError):
                    return await asyncio.shield(asking)
            except asyncio.CancelledError:
                self._abandon(asking)
                raise

    async def close(self) -> None:
        """End all children."""
        for subject, kept in list(self._kept.items()):
            self._let_go(subject, kept)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _child_of(
        self, subject: str, function: functions.ChildFunction[Any, Any], limits: child.Limits
    ) -> _Kept:
        """Return the child of a subject, begun if there is none."""
        kept = self._kept.get(subject)
        if kept is not None and time.monotonic() - kept.began > MAX_SECONDS and _is_free(kept):
            self._let_go(subject, kept)
            kept = None
        if kept is not None:
            if kept.idle is not None:
                kept.idle.cancel()
            self._kept[subject] = self._kept.pop(subject)  # the last is the one used most recently
            return kept
        free = [(name, it) for name, it in self._kept.items() if _is_free(it)]
        if len(self._kept) >= self._most and free:
            self._let_go(*free[0])
        kept = _begin(function, limits)
        self._kept[subject] = kept  # before it is awaited, so that others wait for the same one
        async with kept.turn:
            try:
                await child.start(kept.process, kept.far_end)
            except BaseException:
                self._let_go(subject, kept)
                raise
        return kept

    async def _answer(
        self,
        subject: str,
        kept: _Kept,
        function: functions.ChildFunction[Request, Result],
        prepare: Prepare[Request],
        limits: child.Limits,
        on_progress: child.OnProgress,
    ) -> Result:
        """Ask a child whose turn it is, and release it; one that fails is not asked again."""
        is_alive = False
        try:
            request = await prepare(kept.folder, kept.given)
            await asyncio.to_thread(_open_files, kept.folder)
            try:
                async with asyncio.timeout(limits.seconds):
                    await asyncio.to_thread(kept.way.send, request)
                    message, stage = await child.listen(kept.way, on_progress)
            except TimeoutError:
                raise child.limit_error(f"it took more than {limits.seconds} seconds") from None
            except OSError:
                message, stage = None, "starting"
            if message is None:
                if kept.has_answered:
                    raise _EndedError
                await child.end(kept.process)
                raise child.ended_without_result(stage, kept.process.exitcode, limits)
            result = child.result_of(function, message, limits)
            await asyncio.to_thread(child.check_files, kept.folder)
            await asyncio.to_thread(_remove_files, kept.folder)
            kept.has_answered = is_alive = True
            return result
        finally:  # nothing in it is awaited or can fail, or the turn would never end
            if is_alive:
                self._rest(subject, kept)
            else:
                self._let_go(subject, kept)
            kept.turn.release()

    def _abandon(self, asking: "asyncio.Task[Any]") -> None:
        """Let a question that nobody waits for go on for a while, if no more than a few do.

        Its job is over, and the worker begins another one in its place. What goes on beside the
        jobs must therefore be bounded, or who asks and cancels would have as much memory and as
        many processors as they like.
        """
        if len(self._abandoned) >= self._most:
            asking.cancel()
            return
        ending = asyncio.get_running_loop().call_later(ABANDONED_SECONDS, asking.cancel)

        def forget(task: "asyncio.Task[Any]") -> None:
            ending.cancel()
            self._abandoned.discard(task)

        self._abandoned.add(asking)
        asking.add_done_callback(forget)

    def _rest(self, subject: str, kept: _Kept) -> None:
        """End a child after a while, unless it is asked again before."""
        if self._kept.get(subject) is not kept or len(self._kept) > self._most:
            self._let_go(subject, kept)
            return
        loop = asyncio.get_running_loop()
        kept.idle = loop.call_later(IDLE_SECONDS, self._let_go_idle, subject, kept)

    def _let_go_idle(self, subject: str, kept: _Kept) -> None:
        if _is_free(kept):
            self._let_go(subject, kept)

    def _let_go(self, subject: str, kept: _Kept) -> None:
        """End a child, in the background."""
        if self._kept.get(subject) is kept:
            del self._kept[subject]
        if kept.is_over:
            return
        kept.is_over = True
        if kept.idle is not None:
            kept.idle.cancel()
        self._in_background(_end(kept))

    def _in_background(self, work: Coroutine[Any, Any, Value]) -> "asyncio.Task[Value]":
        """Return a task that goes on when nobody waits for it any more."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # taken note of, so that nothing is logged if nobody waits


def _begin(function: functions.ChildFunction[Any, Any], limits: child.Limits) -> _Kept:
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(scratch.folder())
        ours, theirs = multiprocessing.Pipe()
        stack.callback(ours.close)
        context = multiprocessing.get_context("forkserver")
        arguments = (function, folder, limits, theirs)
        process = context.Process(target=_main, args=arguments, daemon=True)
        return _Kept(folder, process, ours, theirs, stack.pop_all())


async def _end(kept: _Kept) -> None:
    with kept.stack:
        if kept.process.pid is not None:
            kept.process.kill()  # it only waits, or has failed
            await child.end(kept.process)


def _is_free(kept: _Kept) -> bool:
    return not kept.turn.locked() and not kept.waiting


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name != scratch.LOCK]


def _open_files(folder: Path) -> None:
    """Let a child that has an account of its own by now read what its folder holds.

    The folder is closed to all others.
    """
    for path in _files(folder):
        # The child is alive by now: a link that it left here must not open a file elsewhere.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchmod(descriptor, 0o644)
        finally:
            os.close(descriptor)


def _remove_files(folder: Path) -> None:
    for path in _files(folder):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _main(
    function: functions.ChildFunction[Any, Any], folder: Path, limits: child.Limits, way: Connection
) -> None:
    """Run in the child, until its worker closes the way or ends it."""
    work, is_confined = child.prepare(function, limits), False

    def send(message: messages.Message) -> None:
        way.send_bytes(messages.encode(message))

    def report(progress: Progress) -> None:
        send(messages.ProgressMade(progress))

    def answer() -> object:
        nonlocal is_confined
        if not is_confined:  # the files of the first question are there, to be taken over
            child.confine(folder, limits, way)
            is_confined = True
        return work(request, report)

    while True:
        try:
            request = way.recv()  # the worker's: nothing that a child says is ever unpickled
        except EOFError:
            return
        child.send_end(function, answer, send)
