"""Commands against a server start fast, and need neither the service nor what handles rows."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("numpy", "pyarrow", "scipy", "numba", "pyreadstat", "python_calamine")
SERVICE = ("fastapi", "sqlalchemy", "psycopg", "pydantic", "procrastinate", "simulacra.service")
SLOW = ("httpx", "rich", "simulacra.client", "simulacra.engine.columns", "importlib.metadata")

LOADED = """
import sys
from simulacra.cli.main import main
try:
    main({words!r})
except SystemExit:
    pass
sys.stdout.flush()
print(*sorted(sys.modules), file=sys.stderr)
"""
WITHOUT = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing())
from simulacra.cli.main import main
sys.exit(main({words!r}))
"""


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"SIMIO_PROFILES_FILE": str(folder / "profiles.toml"), "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def loaded(words: list[str], folder: Path) -> set[str]:
    return {*python(LOADED.format(words=words), folder).stderr.split()}


@pytest.mark.parametrize(
    "words",
    [["remote", "--help"], ["remote", "generate", "--help"], ["remote", "upload", "--help"]],
)
def test_help_loads_what_it_shows_and_nothing_else(words: list[str], tmp_path: Path) -> None:
    modules = loaded(words, tmp_path)
    assert "simulacra.cli.remote.rows" in modules
    slow = {"simulacra.engine.columns.registry", *SLOW} - {"simulacra.engine.columns"}
    assert modules & {*HEAVY, *SERVICE, *slow} == set()


def test_the_list_of_commands_loads_nothing_heavy(tmp_path: Path) -> None:
    modules = loaded(["--help"], tmp_path)
    assert "simulacra.cli.operator.tenants" in modules
    assert modules & {*HEAVY, *SLOW, "fastapi", "sqlalchemy", "pydantic"} <= {
        "simulacra.engine.columns"
    }


def test_a_command_needs_neither_the_service_nor_what_handles_rows(tmp_path: Path) -> None:
    for words, code in ((["remote", "usage"], 3), (["remote", "login", "https://x"], 2)):
        ended = python(WITHOUT.format(missing=(*HEAVY, *SERVICE), words=words), tmp_path)
        assert (ended.returncode, "Traceback" in ended.stderr) == (code, False), ended.stderr


def test_without_the_client_its_package_is_named(tmp_path: Path) -> None:
    ended = python(WITHOUT.format(missing=("httpx",), words=["remote", "usage"]), tmp_path)
    assert ended.returncode == 1
    assert "pip install 'simulacra-client'" in ended.stderr
