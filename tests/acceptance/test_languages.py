"""The helpers for other languages against a real server, with faults between: nothing doubled."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.harness import ServerProcess, clean_environment
from tests.acceptance.languages import tools
from tests.acceptance.languages.between import Between

CLIENTS = Path(__file__).parents[2] / "clients"
FAULTS = {
    "/oauth/token": ["unreached", "503"],
    "/v1/datasets": ["unreached", "answer lost", "503", "429"],
    "/generations": ["answer lost", "503", "unreached", "429"],
    "/artifact": ["cut", "503", "answer lost"],
}


@pytest.fixture
def between(server: ServerProcess) -> Iterator[Between]:
    with Between(server).running() as it:
        yield it


def variables(server: ServerProcess, between: Between) -> dict[str, str]:
    """Those of a client of a new tenant, whose requests pass what is between."""
    credential = server.create_tenant("Speakers of other languages")
    server.secrets.add(credential["client_secret"])
    return clean_environment() | {
        "SIMIO_API_BASE": between.url,
        "SIMIO_AUDIENCE": credential["audience"],
        "SIMIO_CLIENT_ID": credential["client_id"],
        "SIMIO_CLIENT_SECRET": credential["client_secret"],
        "SIMIO_CA_FILE": os.fspath(server.data_dir / "ca.pem"),
    }


def check_nothing_doubled(between: Between) -> None:
    """All faults have happened, and the attempts of one intent had one key."""
    assert between.faults == {end: [] for end in FAULTS}
    for path in ("/v1/datasets", "/generations"):
        keys = [key for method, it, key in between.seen if method == "POST" and it.endswith(path)]
        assert None not in keys
        assert keys[:5] == keys[:1] * 5  # four faults, and what came of it
        assert keys[5] != keys[0]


def test_the_r_package_passes_its_check_and_its_tests(
    server: ServerProcess, between: Between, tmp_path: Path
) -> None:
    """R CMD check compares code and manual, and runs the tests of the package, on this server."""
    tools.need("R", "Rscript")
    between.faults = {end: [*faults] for end, faults in FAULTS.items()}
    library = tmp_path / "library"
    library.mkdir()
    environment = variables(server, between) | tools.r_with_arrow(library)
    for words in (
        ["R", "CMD", "build", os.fspath(CLIENTS / "r")],
        ["R", "CMD", "check", "--no-manual", "simulacra_0.1.0.tar.gz"],
    ):
        ended = subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        logs = [*tmp_path.glob("simulacra.Rcheck/tests/*.Rout*")]
        told = "\n".join([ended.stdout, ended.stderr, *(it.read_text() for it in logs)])
        assert ended.returncode == 0, told
    assert "Status: OK" in ended.stdout, told
    assert "SKIP 0" in told, told
    check_nothing_doubled(between)


def test_the_julia_package_passes_its_tests(
    server: ServerProcess, between: Between, tmp_path: Path
) -> None:
    program, environment = tools.julia(tmp_path)
    between.faults = {end: [*faults] for end, faults in FAULTS.items()}
    ended = subprocess.run(
        [program, os.fspath(CLIENTS / "julia" / "test" / "runtests.jl")],
        cwd=tmp_path,
        env=variables(server, between) | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Refusals have the types of their codes" in ended.stdout
    check_nothing_doubled(between)
