from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from examples import study
from simulacra.mcp import server
from simulacra.mcp.backends.library import LibraryBackend
from simulacra.mcp.folders import Folders
from simulacra.mcp.server import SimulacraServer
from simulacra.mcp.setup import Setup

MakeServer = Callable[..., SimulacraServer]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models that tests of one process share."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the example study."""
    folder = tmp_path / "root"
    folder.mkdir()
    study.write(folder / "study.csv")
    return folder


@pytest.fixture
def backend(models: Path) -> Iterator[LibraryBackend]:
    with LibraryBackend.opened(models) as it:
        yield it


@pytest.fixture
def make_server(root: Path, backend: LibraryBackend) -> MakeServer:
    """Makes a server that works with the library, and with more of its setup if given."""

    @asynccontextmanager
    async def opened(_: str | None) -> Any:  # noqa: ANN401 - an iterator over one back end
        yield backend

    open_backend: Callable[[str | None], AbstractAsyncContextManager[Any]] = opened

    def make(**more: Any) -> SimulacraServer:  # noqa: ANN401 - members of the setup
        return server.create(
            Setup(**{"folders": Folders.of([root])} | more, open_backend=open_backend)
        )

    return make
