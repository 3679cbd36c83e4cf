"""One job, one process: a crash, a leak or a bomb touches that job alone.

The child gets a function by its address and one request; `kept` has those that stay for the next
one. It is limited in memory and processor time and dies with its parent. Before the function sees a
byte of a customer's, the child is confined to one folder (`confinement`). What it reports are
`messages`.
"""

import asyncio
import dataclasses
import errno
import multiprocessing
import os
import resource
import signal
import stat
import sys
from collections.abc import Awaitable, Callable, Iterable
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pydantic

from simulacra.engine import errors as engine_errors
from simulacra.engine.progress import Progress, ProgressCallback
from simulacra.service import errors
from simulacra.service.confinement import layers
from simulacra.service.embedded import lifeline
from simulacra.service.errors import catalog, study
from simulacra.service.jobs import functions, messages
from simulacra.service.jobs.functions import Request, Result

PRELOAD = "simulacra.service.jobs.preload"
"""What the fork server does before the first job."""

NICENESS = 5
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE)
"""How parsers in C and Rust end on a malformed file, or when memory runs out."""

OnProgress = Callable[[Progress], Awaitable[None]]


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one job may use."""

    memory_bytes: int  # of address space; also of a file that it writes
    seconds: int  # of wall clock; also of processor time
    requires_confinement: bool = False  # fail rather than work without `layers.REQUIRED`


class KilledError(Exception):
    """The job's process was killed from outside, for all we know to free memory for others."""


class ChildFaultError(Exception):
    """The job's function failed in a way that nobody foresaw; the text names the exception."""


def start_server(children: Iterable[functions.ChildFunction[Any, Any]]) -> None:
    """Start the process that children are forked from, with what `children` call loaded.

    From now on the main module of this process has neither a name nor a file: multiprocessing
    would run it again in every child, and none needs anything of it.
    """
    main = sys.modules["__main__"]
    main.__spec__, main.__file__ = None, None
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*(function.module for function in children), PRELOAD])
    forkserver.ensure_running()


async def run(
    function: functions.ChildFunction[Request, Result],
    request: Request,
    folder: Path,
    limits: Limits,
    on_progress: OnProgress,
) -> Result:
    """Call `function` with `request` in a child, and return its result.

    Args:
        function: what to call.
        request: what to call it with.
        folder: the only place that the child can write to, and read a customer's data from.
        limits: what the child may use.
        on_progress: called whenever the function reports.

    Raises:
        errors.JobFailedError: the engine refused the input, or a limit was reached.
        KilledError: the child was killed; the same job may well succeed later.
        ChildFaultError: anything else went wrong in the child.
    """
    receiver, sender = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("forkserver")
    arguments = (function, request, folder, limits, sender)
    process = context.Process(target=_main, args=arguments, daemon=True)
    try:
        await start(process, sender)
        async with asyncio.timeout(limits.seconds):
            message, stage = await listen(receiver, on_progress)
    except TimeoutError:
        raise limit_error(f"it took more than {limits.seconds} seconds") from None
    finally:
        if process.pid is not None:
            await end(process)
        receiver.close()  # now that nobody can be reading from it any more
    if message is None:
        raise ended_without_result(stage, process.exitcode, limits)
    result = result_of(function, message, limits)
    await asyncio.to_thread(check_files, folder)
    return result


async def start(process: ForkServerProcess, sender: Connection) -> None:
    """Start the child in a thread: the first one waits until its server has loaded the engine.

    The loop must not wait with it, or the worker's heartbeat stops and the job goes to another.
    """
    starting = asyncio.get_running_loop().run_in_executor(None, process.start)
    starting.add_done_callback(lambda _: sender.close())
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        starting.add_done_callback(lambda started: _abandon(process, started))
        raise


def _abandon(process: ForkServerProcess, started: "asyncio.Future[None]") -> None:
    """End a child that nobody wanted any more when it came."""
    if started.exception() is None:
        process.kill()


async def listen(
    receiver: Connection, on_progress: OnProgress
) -> tuple[messages.Message | None, str]:
    """Return the last message of the child, or None if it ended without one, and its stage."""
    loop = asyncio.get_running_loop()
    stage = "starting"
    while True:
        readable = loop.create_future()
        loop.add_reader(receiver.fileno(), _wake, readable)
        try:
            await readable
        finally:
            loop.remove_reader(receiver.fileno())
        # uvloop makes what it watches non-blocking, and a long message is still being written.
        os.set_blocking(receiver.fileno(), True)
        try:
            # In a thread: half a message, sent on purpose, would stop the loop and its timeouts.
            text = await asyncio.to_thread(receiver.recv_bytes, messages.MAX_BYTES)
        except (EOFError, OSError):
            return None, stage
        try:
            message = messages.decode(text)
        except messages.MalformedError:
            raise ChildFaultError("malformed message") from None
        if not isinstance(message, messages.ProgressMade):
            return message, stage
        stage = message.progress.stage
        await on_progress(message.progress)


def _wake(readable: "asyncio.Future[None]") -> None:
    if not readable.done():
        readable.set_result(None)


async def end(process: ForkServerProcess) -> None:
    """Reap the child; one that is still at work is not wanted any more."""
    await asyncio.to_thread(process.join, 1)
    if process.is_alive():
        process.kill()
        await asyncio.to_thread(process.join)


def result_of(
    function: functions.ChildFunction[Any, Result], message: messages.Message, limits: Limits
) -> Result:
    """Return the result that the last message of a child holds.

    Raises:
        errors.JobFailedError: it says that the input was refused, or a limit reached.
        ChildFaultError: anything else went wrong in the child.
    """
    match message:
        case messages.Completion(result):
            try:
                return function.parse_result(result)
            except pydantic.ValidationError:
                raise ChildFaultError(f"malformed result of {function.address}") from None
        case messages.Refusal(code, detail, faults) if _are_known(code, faults):
            raise errors.JobFailedError(code, detail, faults)
        case messages.Refusal():
            raise ChildFaultError(f"unknown error code of {function.address}")
        case messages.LimitReached("memory"):
            raise limit_error(f"it needed more than {limits.memory_bytes:,} bytes of memory")
        case messages.LimitReached("file"):
            raise limit_error(f"it wrote more than {limits.memory_bytes:,} bytes to one file")
        case messages.UnforeseenError(name):
            raise ChildFaultError(f"{name} in {function.address}")
    raise AssertionError("progress is not the end of a child")


def _are_known(code: str, faults: Iterable[errors.Fault]) -> bool:
    """Tell whether the catalog explains the codes of a refusal."""
    return {code, *(fault.code for fault in faults)} <= catalog.CATALOG.keys()


def ended_without_result(stage: str, exit_code: int | None, limits: Limits) -> Exception:
    """Return the error of a child that could not say how it ended."""
    if exit_code == -signal.SIGKILL:
        return KilledError(f"killed while {stage}")
    if exit_code == -signal.SIGXCPU:
        return limit_error(f"it took more than {limits.seconds} seconds of processor time")
    return _crash(stage, exit_code)


def _crash(stage: str, exit_code: int | None) -> errors.JobFailedError:
    """Return the error of a child that a signal or its parser ended."""
    number = -exit_code if exit_code is not None and exit_code < 0 else 0
    how = signal.Signals(number).name if number else f"exit code {exit_code}"
    if stage == "reading" and number in CRASHES:
        return errors.JobFailedError(
            "simio_upload_invalid",
            f"The reader of the file broke down ({how}): the file is damaged, or made to exhaust "
            "it. Open the study where it was made, save it anew, and upload that.",
        )
    return errors.JobFailedError(
        "simio_job_limit_exceeded",
        f"The process of the job ended without a result while {stage} ({how}).",
    )


def check_files(folder: Path) -> None:
    """Return if the child left folders and regular files alone: its worker will read them.

    Raises:
        ChildFaultError: there is a link, say, that would lead the worker to a file of its own.
    """
    for parent, folders, names in os.walk(folder):
        modes = (Path(parent, name).lstat().st_mode for name in (*folders, *names))
        if not all(stat.S_ISREG(mode) or stat.S_ISDIR(mode) for mode in modes):
            raise ChildFaultError("the child left something that is no file")


def limit_error(what: str) -> errors.JobFailedError:
    """Return the error of a job that reached a limit."""
    return errors.JobFailedError("simio_job_limit_exceeded", f"The job was stopped: {what}.")


def _be_silent() -> None:
    """Let nothing reach the log of the worker: what a parser prints may quote a cell."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _main(
    function: functions.ChildFunction[Any, Any],
    request: object,
    folder: Path,
    limits: Limits,
    sender: Connection,
) -> None:
    """Run in the child."""
    work = prepare(function, limits)

    def send(message: messages.Message) -> None:
        sender.send_bytes(messages.encode(message))

    def report(progress: Progress) -> None:
        send(messages.ProgressMade(progress))

    def answer() -> object:
        confine(folder, limits, sender)
        return work(request, report)

    send_end(function, answer, send)


def prepare(
    function: functions.ChildFunction[Request, Any], limits: Limits
) -> Callable[[Request, ProgressCallback], object]:
    """Bind this process, a child, to its parent and its limits, and return what it is to do."""
    lifeline.die_with_parent(signal.SIGKILL)
    work = function.load()
    os.nice(NICENESS)  # the API and the database go first
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.seconds, limits.seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.memory_bytes, limits.memory_bytes))
    _be_silent()
    return work


def send_end(
    function: functions.ChildFunction[Any, Any],
    answer: Callable[[], object],
    send: Callable[[messages.Message], None],
) -> None:
    """Send what `answer` returns, or how it failed; runs in a child."""
    try:
        send(messages.Completion(answer()))
    except engine_errors.EngineError as error:
        refused = study.translate(error, function.conditions_at)
        faults = [
            dataclasses.replace(fault, detail=messages.shortened(fault.detail))
            for fault in refused.faults[: messages.MAX_FAULTS]
        ]
        send(messages.Refusal(refused.code, messages.shortened(refused.detail), tuple(faults)))
    except MemoryError:
        send(messages.LimitReached("memory"))
    except OSError as error:
        is_full = error.errno == errno.EFBIG
        send(messages.LimitReached("file") if is_full else _unforeseen(error))
    except Exception as error:  # noqa: BLE001 - the text may quote a cell, so only the type goes on
        send(_unforeseen(error))


def confine(folder: Path, limits: Limits, sender: Connection) -> None:
    """Give up what the job does not need.

    Raises:
        layers.UnconfinedError: the machine has not what it takes, and that is required.
    """
    parent = os.getppid()
    entered = layers.enter(folder, kept_descriptor=sender.fileno())
    lifeline.die_with_parent(signal.SIGKILL, parent)  # forgotten with the change of account
    if limits.requires_confinement:
        layers.check(entered)


def _unforeseen(error: Exception) -> messages.UnforeseenError:
    return messages.UnforeseenError(type(error).__name__)
