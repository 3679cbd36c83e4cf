"""The process that the jobs of this session are forked from."""

import pytest

from simulacra.service import compose
from simulacra.service.jobs import child


@pytest.fixture(scope="session", autouse=True)
def _fork_server() -> None:
    """Start it as a worker does, with the engine loaded.

    The first job would start one that has nothing loaded, and each job of the session, whichever
    test it is of, would load the engine anew.
    """
    child.start_server(kind.function for kind in compose.JOB_KINDS)
