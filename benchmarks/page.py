"""A page of the documentation that a benchmark writes: prose, tables, and where they come from."""

import os
import platform
import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "benchmarks"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, its columns aligned so that a terminal can show it as well."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[position]) for row in cells) for position in range(len(head))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def at_most(figure: float, goal: float, digits: int) -> str:
    """Return a figure, its goal, and whether it is reached."""
    mark = "✓" if figure <= goal else "✗"
    return f"{figure:.{digits}f} {mark} (≤ {goal:.{digits}f})"


def at_least(figure: float, goal: float, digits: int) -> str:
    """Return a figure, its goal, and whether it is reached."""
    mark = "✓" if figure >= goal else "✗"
    return f"{figure:.{digits}f} {mark} (≥ {goal:.{digits}f})"


def write(name: str, title: str, parts: Sequence[str], *, save: bool) -> None:
    """Print a page, and write it to docs/benchmarks/NAME.md if it is to be saved."""
    text = "\n\n".join([f"# {title}", _origin(), *parts]) + "\n"
    print(text)
    if save:
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{name}.md").write_text(text, encoding="utf-8")


def _origin() -> str:
    machine = f"{platform.machine()}, {os.cpu_count()} shared cores"
    python = f"Python {platform.python_version()}"
    arguments = [part for part in sys.argv[1:] if part != "--data" and not Path(part).is_absolute()]
    command = shlex.join(["python", "-m", "benchmarks.run", *arguments])
    return f"{time.strftime('%Y-%m-%d')}; {machine}; {python}; `{command}`."
