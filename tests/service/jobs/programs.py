"""Functions for `test_child.py` to run in child processes."""

import inspect
import os
import signal
import time
from pathlib import Path
from typing import Any

from simulacra.engine.stages import Progress, Tell

from simulacra.engine import errors, limits
from simulacra.engine.reading import source


def work(report: Tell, text: str) -> dict[str, Any]:
    report(Progress("fitting", 0.5, 7, 15))
    says_to = str(Path("/proc/self/fd/2").readlink())
    return {"text": text, "pid": os.getpid(), "niceness": os.nice(0), "says_to": says_to}


def refuse(report: Tell) -> dict[str, Any]:  # noqa: ARG001 - the form of a job
    raise errors.StudyError("three rows are too few")


def fail(report: Tell) -> dict[str, Any]:  # noqa: ARG001 - the form of a job
    raise ValueError("could not convert 'salary of Ann' to float")


def lie(report: Tell) -> dict[str, Any]:
    progress = Progress("fitting", 0.5)
    object.__setattr__(progress, "fraction", 1e9)
    report(progress)
    return {}


def stop_short(report: Tell) -> dict[str, Any]:
    """Begin a message, as a child may that a stranger's file has taken over, and say no more."""
    pipe = inspect.getclosurevars(report).nonlocals["send"]
    sender = inspect.getclosurevars(pipe).nonlocals["sender"]
    os.write(sender.fileno(), b"\0\0")  # of the four bytes that tell its length
    time.sleep(600)
    return {}


def crash(report: Tell, stage: str) -> dict[str, Any]:
    report(Progress(stage, 0.0))
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def hog(report: Tell) -> dict[str, Any]:  # noqa: ARG001 - the form of a job
    return {"bytes": len(bytearray(8 * 1024**3))}


def flood(report: Tell, path: str) -> dict[str, Any]:  # noqa: ARG001 - the form of a job
    with open(path, "wb") as file:  # noqa: PTH123 - sparse, so that nothing is written
        file.seek(3 * 1024**3)
        file.write(b"x")
    return {}


def read(report: Tell, path: str) -> dict[str, Any]:
    report(Progress("reading", 0.0))
    return {"rows": source.read(path, limits.DEFAULT).table.num_rows}


def spin(report: Tell) -> dict[str, Any]:
    report(Progress("fitting", 0.0))
    while True:
        pass


def sleep(report: Tell, pid_file: str) -> dict[str, Any]:
    with open(pid_file, "w") as file:  # noqa: PTH123 - a line is enough
        file.write(str(os.getpid()))
    report(Progress("fitting", 0.0))
    time.sleep(60)
    return {}
