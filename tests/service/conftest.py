"""The process that the jobs of this session are forked from, and a model for them."""

from pathlib import Path

import pytest

import simulacra
from examples import study
from simulacra.service import compose
from simulacra.service.jobs import child


@pytest.fixture(scope="session", autouse=True)
def _fork_server() -> None:
    """Start it as a worker does, with the engine loaded.

    The first job would start one that has nothing loaded, and each job of the session, whichever
    test it is of, would load the engine anew.
    """
    child.start_server(kind.function for kind in compose.JOB_KINDS)


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The saved model of the study of the examples; tests only read it."""
    folder = tmp_path_factory.mktemp("model")
    study.write(folder / "study.csv")
    simulacra.fit(folder / "study.csv").save(folder / "model")
    return folder / "model"
