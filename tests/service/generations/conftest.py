from pathlib import Path

import pytest

import simulacra
from examples import study


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The saved model of the study of the examples; tests only read it."""
    folder = tmp_path_factory.mktemp("model")
    study.write(folder / "study.csv")
    simulacra.fit(folder / "study.csv").save(folder / "model")
    return folder / "model"
