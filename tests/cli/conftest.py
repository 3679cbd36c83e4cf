import pytest

import simulacra
from examples import study


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of a model of the example study; tests only read it."""
    folder = tmp_path_factory.mktemp("model")
    study.write(folder / "study.csv")
    simulacra.fit(folder / "study.csv").save(folder / "study.model")
    return str(folder / "study.model")
