"""Environment variables that go to a child through a pipe.

The environment that a process was started with stays readable in `/proc` as long as it runs, and
goes to all of its children. What comes through a pipe can be read once.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping

DESCRIPTOR = "SIMULACRA_HANDOVER"
"""The variable that names the pipe's descriptor."""


@contextlib.contextmanager
def offered(variables: Mapping[str, str]) -> Iterator[int]:
    """Yield a descriptor with the variables, to be inherited and named by `DESCRIPTOR`.

    Raises:
        BlockingIOError: they are longer than a pipe holds, which is 64 KiB on Linux.
    """
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(json.dumps(dict(variables)).encode())
        yield reader
    finally:
        os.close(reader)


def name(descriptor: int, environment: Mapping[str, str] | None) -> dict[str, str]:
    """Return `environment`, or ours if it is None, with the name of an offered descriptor."""
    return {**(os.environ if environment is None else environment), DESCRIPTOR: str(descriptor)}


def accept() -> None:
    """Take up the variables that our parent offers, if it does.

    Raises:
        OSError: the descriptor is none.
    """
    descriptor = os.environ.pop(DESCRIPTOR, None)
    if descriptor is not None:
        with os.fdopen(int(descriptor), "rb") as pipe:
            os.environ.update(json.load(pipe))
