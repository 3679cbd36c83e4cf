"""ARCHITECTURE.md lists the folders and modules of the code, all of them and no others.

The list is the page's fenced block of the kind `text`. A line that begins with paths, such as
`engine/` or `main.py worker.py`, lists those, below the last path of the nearest line that is
indented less; any other line continues a description.
"""

import itertools
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = Path("src", "simulacra")
WITH_ALL_MODULES = (PACKAGE / "engine", PACKAGE / "service")
PATH = re.compile(r"[\w./-]*\w(/|\.py)")


def block() -> str:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    blocks: list[str] = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"ARCHITECTURE.md has {len(blocks)} blocks of the kind text"
    return blocks[0]


def listed() -> Iterator[Path]:
    """Return the paths that the block lists, from the root of the repository."""
    parents = [(-1, Path())]
    for line in block().splitlines():
        names = [*itertools.takewhile(PATH.fullmatch, line.split())]
        if names:
            indent = len(line) - len(line.lstrip())
            while parents[-1][0] >= indent:
                parents.pop()
            folder = parents[-1][1]
            yield from (folder / name for name in names)
            parents.append((indent, folder / names[-1]))


def package_folders() -> set[Path]:
    modules = (ROOT / PACKAGE).rglob("*.py")
    return {path.parent.relative_to(ROOT) for path in modules}


def modules_in(folder: Path) -> set[Path]:
    modules = {path.relative_to(ROOT) for path in (ROOT / folder).glob("*.py")}
    return modules - {folder / "__init__.py"}


def test_every_path_in_the_list_exists() -> None:
    assert [str(path) for path in listed() if not (ROOT / path).exists()] == []


def test_no_path_is_listed_twice() -> None:
    paths = [*listed()]
    assert len(paths) == len(set(paths))


def test_every_folder_of_the_package_is_listed() -> None:
    named = {folder for path in listed() for folder in (path, *path.parents)}
    assert sorted(map(str, package_folders() - named)) == []


def test_every_module_directly_inside_the_engine_and_the_service_is_listed() -> None:
    modules = {module for folder in WITH_ALL_MODULES for module in modules_in(folder)}
    assert len(modules) > 20
    assert sorted(map(str, modules - {*listed()})) == []


def test_every_file_and_folder_that_a_description_names_exists() -> None:
    source = {path.name for path in (ROOT / PACKAGE).rglob("*")}
    folders = {path.name for path in [*ROOT.glob("*/"), *ROOT.glob("*/*/")]}
    for name in re.findall(r"\b([a-z_]+)(?=/)", block()):
        assert name in source | folders, name
    for name in re.findall(r"\b([a-z_]+\.py)\b", block()):
        assert name in source, name


@pytest.mark.parametrize("room", ["service", "engine"])
def test_the_picture_shows_the_floors_that_are_checked(room: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [
        contract["layers"]
        for contract in contracts["contracts"]
        if contract.get("containers") == [f"simulacra.{room}"]
    ]
    assert floors(room) == [sorted(layer.split(" | ")) for layer in layers]


def floors(room: str) -> list[list[str]]:
    """Return the names on each floor of the picture, from the top down."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    picture = page.split("```")[1].splitlines()
    boxes = [line[:36] if room == "service" else line[53:] for line in picture]
    by_floor: list[list[str]] = []
    for line in boxes:
        if line.startswith("+--"):
            by_floor.append([])
        elif line.startswith("|") and by_floor:
            by_floor[-1] += re.findall(r"[a-z_]+", line)
    return [sorted(names) for names in by_floor if names]
