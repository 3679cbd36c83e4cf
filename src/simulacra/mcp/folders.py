"""Which files the tools may read and write: those in some folders, and nothing else."""

import contextlib
import dataclasses
import difflib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from simulacra.mcp import wording
from simulacra.mcp.faults import Refusal

STUDIES = (
    *("csv", "tsv", "txt", "xlsx", "xls", "sav", "zsav", "por", "dta", "sas7bdat", "xpt"),
    *("parquet", "sss", "xml", "zip"),
)
"""Suffixes of files that may be studies; no other file is read."""
ROWS = ("parquet", "csv", "arrow", "xlsx", "sav", "zsav", "dta", "zip")
"""Suffixes of files that rows are written to."""
DEPTH, MOST_SEEN = 2, 5_000
"""How far below a folder studies are listed, and how many entries are looked at."""


@dataclasses.dataclass(frozen=True)
class Folders:
    """Folders that may be used, all of them real paths.

    A path is refused by where it really is: links are followed first, so that none leads out. What
    is outside is refused in the same words whether it is there or not.

    Attributes:
        roots: the folders; relative paths begin at the first.
        opened: what the client has opened, if it says so: a path has to be in one of these too.
    """

    roots: tuple[Path, ...]
    opened: tuple[Path, ...] | None = None

    @classmethod
    def of(cls, roots: Iterable[str | Path]) -> Self:
        """Return folders.

        Raises:
            NotADirectoryError: one of them is no folder.
        """
        real = tuple(Path(os.path.realpath(root)) for root in roots)
        for path in real:
            if not path.is_dir():
                raise NotADirectoryError(20, "Not a folder", str(path))
        return cls(real)

    def within(self, uris: Sequence[str]) -> "Folders":
        """Return the same folders, narrowed to what a client has opened.

        A client that names no folder does not narrow them. Without folders of our own, those of
        the client are the ones.
        """
        opened = tuple(path for path in map(_of_uri, uris) if path is not None)
        if not uris:
            return self
        if not self.roots:
            return Folders(opened, opened)
        return dataclasses.replace(self, opened=opened)

    def study(self, path: str) -> Path:
        """Return the real path of a file that may be read as a study.

        Raises:
            Refusal: it is not in a folder that may be used, or is no file of a study.
        """
        real = self._real(path)
        if real.suffix.lstrip(".").lower() not in STUDIES:
            raise Refusal(
                f"path: {real.name!r} is no study. Files of these kinds are: {', '.join(STUDIES)}."
            )
        try:
            mode = real.stat().st_mode
        except FileNotFoundError:
            raise Refusal(f"path: there is no file {path!r}. {self._near(real)}") from None
        if not stat.S_ISREG(mode):
            raise Refusal(f"path: {path!r} is no file. {self._near(real)}")
        return real

    def new_file(self, path: str) -> Path:
        """Return the real path of a file that may be written with rows.

        Raises:
            Refusal: it may not be, or is there already: no file is ever replaced.
        """
        real = self._real(path)
        if real.suffix.lstrip(".").lower() not in ROWS:
            raise Refusal(f"path: end it in .{', .'.join(ROWS)}, which says in which format.")
        if not real.parent.is_dir():
            raise Refusal(f"path: there is no folder {str(real.parent)!r}.")
        if os.path.lexists(real):
            raise Refusal(f"path: {path!r} is there already, and is not replaced: name another.")
        return real

    def studies(self) -> list[str]:
        """Return files that may be studies, the latest first, as they can be given as paths."""
        found: dict[Path, float] = {}
        for root in self.roots:
            for path in _below(root):
                if path.suffix.lstrip(".").lower() in STUDIES and self._allows(path):
                    with contextlib.suppress(OSError):  # it is gone by now
                        found[path] = path.stat().st_mtime
        return [self.shown(path) for path in sorted(found, key=lambda path: -found[path])]

    def shown(self, path: Path) -> str:
        """Return a path as it can be given again: below the first folder without it."""
        first = self.roots[0]
        return str(path.relative_to(first) if path.is_relative_to(first) else path)

    def _real(self, path: str) -> Path:
        if not self.roots:
            raise Refusal(
                "No folder may be used: start the server with --root FOLDER, or open a folder in "
                "the client."
            )
        if "\0" in path:
            raise Refusal("path: it has a NUL character.")
        given = Path(path)
        with contextlib.suppress(RuntimeError):  # there is nobody of that name: it is a name then
            given = given.expanduser()
        real = Path(os.path.realpath(self.roots[0] / given))
        if not self._allows(real):
            allowed = ", ".join(map(str, self.roots))
            narrowed = ""
            if self.opened is not None and self.opened != self.roots:
                narrowed = f", and within what your client has opened: {_listed(self.opened)}"
            raise Refusal(f"path: give one in {allowed}{narrowed}. Hidden files are left alone.")
        return real

    def _allows(self, real: Path) -> bool:
        root = next((it for it in self.roots if real.is_relative_to(it)), None)
        if root is None or any(part.startswith(".") for part in real.relative_to(root).parts):
            return False
        return self.opened is None or any(real.is_relative_to(it) for it in self.opened)

    def _near(self, real: Path) -> str:
        known = self.studies()
        near = difflib.get_close_matches(real.name, known, 3, 0.4) or known[:5]
        listed = ", ".join(repr(wording.plain(path, wording.NAME)) for path in near)
        return f"There are: {listed}." if near else "There is none."


def _listed(paths: Sequence[Path]) -> str:
    return ", ".join(map(str, paths)) or "no folder"


def _of_uri(uri: str) -> Path | None:
    """Return the folder that a client names by a file URI; None if it is none on this machine."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    real = Path(os.path.realpath(unquote(parts.path)))
    return real if real.is_dir() else None


def _below(root: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those just below it; no links, and nothing hidden."""
    seen = 0
    waiting = [(root, 1)]
    while waiting:
        folder, depth = waiting.pop(0)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            continue  # not ours to read
        for entry in entries:
            seen += 1
            if seen > MOST_SEEN:
                return
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False) and depth < DEPTH:
                waiting.append((Path(entry.path), depth + 1))
            elif entry.is_file(follow_symlinks=False):
                yield Path(entry.path)
