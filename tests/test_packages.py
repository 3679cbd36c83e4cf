"""Two distributions from one source tree: which files are whose, and what their pages say."""

import re
import subprocess
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import grimp
import pytest

from simulacra.cli import main
from tools import packages

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
WHOLE = tomllib.loads((ROOT / "pyproject.toml").read_text())
CLIENT = tomllib.loads((ROOT / "packages" / "client" / "pyproject.toml").read_text())
LISTED = CLIENT["tool"]["hatch"]["build"]["only-include"]
BEHIND_GUARDS = ("simulacra.service", "simulacra.engine.pipeline")
"""What modules of both import only in functions, once they know that it is there."""
LINK = re.compile(r"\]\((?!https?:|#)")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, zipfile.ZipFile]:
    """Both wheels, built from source distributions."""
    folder = tmp_path_factory.mktemp("dist")
    command = [packages.UV, "build", "--quiet", "--all-packages", "--out-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True)
    assert len(list(folder.glob("*.tar.gz"))) == 2
    return {path.name.partition("-")[0]: zipfile.ZipFile(path) for path in folder.glob("*.whl")}


def metadata(wheel: zipfile.ZipFile) -> Message:
    (name,) = (it for it in wheel.namelist() if it.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def test_both_have_one_version_and_name_the_same_files() -> None:
    whole, client = WHOLE["project"], CLIENT["project"]
    assert whole["version"] == client["version"]
    assert f"simulacra-client=={client['version']}" in whole["dependencies"]
    assert whole["scripts"] == client["scripts"], "each has the command by itself, as pipx wants it"
    assert whole["classifiers"] == client["classifiers"]
    excluded = WHOLE["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"]
    assert excluded == [f"/{path}" for path in LISTED]
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "packages/client/LICENSE").read_bytes()


def test_what_the_client_imports_is_in_its_package() -> None:
    graph = grimp.build_graph("simulacra", cache_dir=None)
    waiting = [it for it in graph.modules if it.startswith(("simulacra.client", "simulacra.cli."))]
    waiting = [it for it in waiting if it.startswith("simulacra.client") or is_listed(it)]
    needed = {"simulacra", *waiting}  # what that one imports comes with the first use
    while waiting:
        for name in graph.find_modules_directly_imported_by(waiting.pop()) - needed:
            if not name.startswith(BEHIND_GUARDS):
                needed.add(name)
                waiting.append(name)
    assert [it for it in sorted(needed) if not is_listed(it)] == [], "add them to both lists"


def test_functions_that_take_what_is_at_the_service_are_in_the_package_of_the_client() -> None:
    assert is_listed("simulacra.engine.tabulating.functions")  # simulacra.crosstab and compare


def is_listed(module: str) -> bool:
    path = f"src/{module.replace('.', '/')}"
    return any(
        it in (f"{path}.py", f"{path}/__init__.py", path) or path.startswith(f"{it}/")
        for it in LISTED
    )


def test_every_file_is_in_one_wheel_alone(wheels: dict[str, zipfile.ZipFile]) -> None:
    client, whole = (set(wheels[it].namelist()) for it in ("simulacra_client", "simulacra"))
    assert not client & whole
    files = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    packed = {it for it in client | whole if ".dist-info/" not in it}
    assert packed == files | {"simulacra/CHANGELOG.md"}
    assert "simulacra/py.typed" in client
    for wheel, names in ((wheels["simulacra_client"], client), (wheels["simulacra"], whole)):
        (licence,) = (it for it in names if it.endswith(".dist-info/licenses/LICENSE"))
        assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_a_page_of_a_package_leads_nowhere_that_is_not_there(
    wheels: dict[str, zipfile.ZipFile],
) -> None:
    for wheel in wheels.values():
        page = metadata(wheel).get_payload()
        assert isinstance(page, str)
        assert len(page) > 500
        assert not LINK.findall(page)


def test_the_client_alone_asks_for_little(wheels: dict[str, zipfile.ZipFile]) -> None:
    wanted = metadata(wheels["simulacra_client"]).get_all("Requires-Dist", [])
    needed = [it for it in wanted if "extra ==" not in it]
    assert needed == ["httpx>=0.28", "jinja2>=3.1.6", "shtab>=1.13", "xlsxwriter>=3.2"]


def test_a_command_of_the_library_says_what_to_install_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "COMMANDS", ("compile", "nowhere"))
    assert main.main(["nowhere", "study.csv"]) == main.USAGE
    assert "pip install simulacra" in capsys.readouterr().err
