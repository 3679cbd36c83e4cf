"""What stands in docs/gallery.md beside its text: the code of the studies and what it prints.

The page's text is written by hand. In each section the first Python block is the body of `run` of
the study's module in `examples/gallery`, the next block is what that prints, and the paragraph that
begins with "The truth" is what `truth` says.
"""

import contextlib
import importlib
import inspect
import io
import re
import textwrap
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

import simulacra

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 118
"""Of a line of the page's text."""


def module_of(name: str) -> ModuleType:
    """Return the module of a worked study."""
    return importlib.import_module(f"examples.gallery.{name}")


def run(module: ModuleType) -> tuple[simulacra.Model, simulacra.Generation, str]:
    """Return model and rows of a worked study, and what it prints."""
    printed = io.StringIO()
    work: Callable[[], tuple[simulacra.Model, simulacra.Generation]] = module.run
    with contextlib.redirect_stdout(printed):
        model, made = work()
    lines = (line.rstrip() for line in printed.getvalue().splitlines())
    return model, made, "\n".join(lines).strip()


def weights_of(module: ModuleType) -> np.ndarray | None:
    """Return the weights of the respondents, if the study has any."""
    weight = getattr(module, "WEIGHT", None)
    return None if weight is None else module.study()[weight].to_numpy()


def code_of(module: ModuleType) -> str:
    """Return the body of `run`, without its docstring and what it returns."""
    source = inspect.getsource(module.run)
    body = source.split('"""', 2)[2].rsplit("    return ", 1)[0]
    return textwrap.dedent(body.strip("\n")).strip()


def with_blocks(page: str, heading: str, code: str, printed: str, truth: str) -> str:
    """Return the page with other code, output and truth in one section.

    Raises:
        ValueError: the section lacks a place for them.
    """
    before, section, after = parts_of(page, heading)
    for pattern, written in (
        (r"```python\n.*?\n```\n\n```\n.*?\n```", f"```python\n{code}\n```\n\n```\n{printed}\n```"),
        (r"\*\*The truth\.\*\* .*?(?=\n\n|\n*\Z)", textwrap.fill(f"**The truth.** {truth}", WIDTH)),
    ):
        literal = written.replace("\\", r"\\")
        section, number = re.subn(pattern, literal, section, count=1, flags=re.DOTALL)
        if not number:
            raise ValueError(f"the section {heading!r} has no place for: {written[:40]}")
    return before + section + after


def parts_of(page: str, heading: str) -> tuple[str, str, str]:
    """Return what is before a section, the section, and what is behind it."""
    start = page.index(f"\n## {heading}\n")
    end = page.find("\n## ", start + 1)
    end = len(page) if end < 0 else end
    return page[:start], page[start:end], page[end:]
