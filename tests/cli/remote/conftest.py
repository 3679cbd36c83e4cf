"""Commands whose server is a function."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from simulacra.cli.main import main
from tests.client.conftest import BASE, SECRET, Service

ENVIRONMENT = {"SIMIO_API_BASE": BASE, "SIMIO_CLIENT_ID": "client", "SIMIO_CLIENT_SECRET": SECRET}
SECRETS = (SECRET, "a-new-secret", "a-claim-token", "token-1")


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


Remote = Callable[..., Ended]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """The server; all that it was told to answer must have been asked for."""
    it = Service()
    client = httpx.Client
    transport = httpx.MockTransport(it)
    monkeypatch.setattr("httpx.Client", lambda **about: client(**about | {"transport": transport}))
    yield it
    assert it.answers == []


@pytest.fixture
def profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of profiles, which is not there yet; no credentials in the environment."""
    path = tmp_path / "profiles.toml"
    monkeypatch.setenv("SIMIO_PROFILES_FILE", str(path))
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SIMIO_PROFILE", raising=False)
    return path


@pytest.fixture
def credentials(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """Credentials in the environment alone."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def remote(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Remote:
    """Run a command with a text on standard input; it may print none of the secrets."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str, stdin: str = "", may_print: tuple[str, ...] = ()) -> Ended:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        try:
            code = main(["remote", *words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        for secret in {*SECRETS} - {*may_print}:
            assert secret not in printed.out + printed.err
        return Ended(code, printed.out, printed.err)

    return run
