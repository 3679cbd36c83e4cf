"""One real server for the tests that leave it alive, and clients of two tenants."""

import contextlib
from collections.abc import Iterator

import pytest

from examples import study
from tests.acceptance import harness, secrecy


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[harness.ServerProcess]:
    """One server for all tests that leave it alive; none of their secrets is written down."""
    with harness.running_server(
        tmp_path_factory.mktemp("server"),
        SIMULACRA_MAX_UPLOAD_BYTES="20000000",
        SIMULACRA_TRUSTED_PROXIES="127.0.0.1",  # so that a test can come from elsewhere
        **harness.UNHURRIED,
    ) as it:
        yield it
        assert secrecy.leaks(it, it.secrets) == []


@pytest.fixture(scope="session")
def api(server: harness.ServerProcess) -> Iterator[harness.ApiClient]:
    """A client of a tenant."""
    with contextlib.closing(server.client(server.create_tenant())) as client:
        yield client


@pytest.fixture(scope="session")
def stranger(server: harness.ServerProcess) -> Iterator[harness.ApiClient]:
    """A client of another tenant."""
    with contextlib.closing(server.client(server.create_tenant())) as client:
        yield client


@pytest.fixture(scope="session")
def study_csv(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The example study."""
    path = tmp_path_factory.mktemp("study") / "seed.csv"
    study.write(path)
    return path.read_bytes()


@pytest.fixture(scope="session")
def dataset_id(api: harness.ApiClient, study_csv: bytes) -> str:
    """A trained dataset."""
    return api.train(study_csv)
