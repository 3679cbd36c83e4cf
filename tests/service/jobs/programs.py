"""Functions for `test_child.py` to run in child processes."""

import inspect
import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from simulacra.engine import errors, limits
from simulacra.engine.progress import Progress, ProgressCallback
from simulacra.engine.reading import source
from simulacra.service.confinement import layers

Request = dict[str, Any]
Result = dict[str, Any]


def work(request: Request, report: ProgressCallback) -> Result:
    report(Progress("fitting", 0.5, 7, 15))
    says_to = str(Path("/proc/self/fd/2").readlink())
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    return {"text": request["text"], "pid": os.getpid(), "niceness": niceness, "says_to": says_to}


def refuse(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    raise errors.StudyError("three rows are too few")


def refuse_an_option(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    raise errors.OptionError("weight_column", "the weight is negative")


def refuse_at_length(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    raise errors.OptionError("weight_column", request["text"])


def refuse_conditions(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    field = errors.FieldError("/region", "there is no such level", "unknown_condition_level")
    raise errors.ConditionError([field] * 600)


def fail(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    raise ValueError("could not convert 'salary of Ann' to float")


def lie(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    progress = Progress("fitting", 0.5)
    object.__setattr__(progress, "fraction", 1e9)
    report(progress)
    return {}


def connection(report: ProgressCallback) -> Connection:
    """Return the way to the worker, as a stranger's file may that has taken the child over."""
    send = inspect.getclosurevars(report).nonlocals["send"]
    sender = inspect.getclosurevars(send).nonlocals["sender"]
    assert isinstance(sender, Connection)
    return sender


def send(request: Request, report: ProgressCallback) -> Result:
    connection(report).send_bytes(request["text"].encode())
    return {}


def stop_short(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    """Begin a message, and say no more."""
    os.write(connection(report).fileno(), b"\0\0")  # of the four bytes that tell its length
    time.sleep(600)
    return {}


def crash(request: Request, report: ProgressCallback) -> Result:
    report(Progress(request["stage"], 0.0))
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def hog(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    return {"bytes": len(bytearray(8 * 1024**3))}


def flood(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    with open(request["path"], "wb") as file:  # noqa: PTH123 - sparse, so that nothing is written
        file.seek(3 * 1024**3)
        file.write(b"x")
    return {}


def read(request: Request, report: ProgressCallback) -> Result:
    report(Progress("reading", 0.0))
    return {"rows": source.read(request["path"], limits.DEFAULT).table.num_rows}


def spin(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    report(Progress("fitting", 0.0))
    while True:
        pass


def sleep(request: Request, report: ProgressCallback) -> Result:
    with open(request["pid_file"], "w") as file:  # noqa: PTH123 - a line is enough
        file.write(str(os.getpid()))
    report(Progress("fitting", 0.0))
    time.sleep(60)
    return {}


_remembered: dict[str, str] = {}


def recall(request: Request, report: ProgressCallback) -> Result:  # noqa: ARG001 - the form of a job
    """Load what a file says, or remember it."""
    file = Path(request["path"])
    was_there = file.exists()
    text = _remembered.setdefault(request["path"], file.read_text() if was_there else "nothing")
    if request.get("fails"):
        raise ValueError("it has failed")
    if request.get("dies"):
        os.kill(os.getpid(), signal.SIGKILL)
    if "elsewhere" in request:
        Path(request["elsewhere"]).read_text()
    if request.get("leaves_folder"):
        Path(request["path"]).with_name("folder").mkdir()
    if request.get("seconds"):
        time.sleep(request["seconds"])
    held = sorted(layers.entered())
    return {"text": text, "was_there": was_there, "pid": os.getpid(), "layers": held}
