"""The glossary names what is in the code."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOMES = ("simulacra", "simulacra.engine", "simulacra.service")
HOMES_OF_CLASSES = (
    *("simulacra.engine.columns.schema", "simulacra.engine.columns.tree_codes"),
    *("simulacra.engine.report.report", "simulacra"),
)
"""Where the classes are that the glossary names without their module."""
SET_BY_INIT = {"Model.rules"}
"""Attributes that only an instance has."""


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield the cells of each row of the tables."""
    for line in (ROOT / "docs" / "glossary.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and not set(cells[0]) <= set("- "):
            yield cells[0], cells[1], cells[2]


def names() -> list[str]:
    """Return the code names in the last column."""
    return sorted({name for row in rows() for name in re.findall(r"`([A-Za-z_.]+)`", row[2])})


def resolves(name: str) -> bool:
    """Tell whether a name leads to a module, or to something in one."""
    first, *rest = name.split(".")
    for module in HOMES_OF_CLASSES:
        value = getattr(importlib.import_module(module), first, None)
        if value is not None and has(value, rest):
            return True
    return any(_below(f"{home}.{name}") for home in HOMES)


def has(value: object, path: list[str]) -> bool:
    """Tell whether an attribute, or a field of a dataclass, is there."""
    if not path:
        return True
    fields = getattr(value, "__dataclass_fields__", {})
    written = getattr(value, "__annotations__", {})
    if path[0] in fields or path[0] in written:
        return True
    return hasattr(value, path[0]) and has(getattr(value, path[0]), path[1:])


def _below(path: str) -> bool:
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        return has(module, parts[length:])
    return False


def test_no_term_is_explained_twice() -> None:
    terms = [term for term, _, _ in rows() if term != "term"]
    assert len(terms) > 30
    assert sorted(terms) == sorted(set(terms))


@pytest.mark.parametrize("name", names())
def test_a_name_in_the_last_column_is_in_the_code(name: str) -> None:
    assert name in SET_BY_INIT or resolves(name)
