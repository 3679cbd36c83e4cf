"""The changelog as data: those of its changes that customers of the API notice."""

import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from pydantic import BaseModel, Field

_RELEASE = re.compile(
    r"## (?:\[?(?P<version>\d[\w.]*)\]?(?: - (?P<date>\d{4}-\d\d-\d\d))?|Unreleased)"
)
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)[^)]*\)")
OTHERS = ("Operators: ", "Library: ", "Command line: ")
"""How changes begin that no customer of the API notices."""
SUBJECTS = ("added", "changed", "deprecated", "removed", "fixed", "security")


class Release(BaseModel):
    """What changed in one version."""

    version: str | None = Field(description="Of the software; null: since the last release.")
    date: str | None = Field(description="Of the release, ISO 8601.")
    changes: dict[str, list[str]] = Field(
        description=f"Texts in Markdown by subject: {', '.join(SUBJECTS)}."
    )


def read() -> list[Release]:
    """Return the releases with what customers notice of them, the newest first."""
    return of(_text())


def of(text: str) -> list[Release]:
    """Return what customers notice of a changelog, without subjects and releases that are empty."""
    releases = list(_parse(text))
    for release in releases:
        noticed = {
            subject: [entry for entry in entries if not entry.startswith(OTHERS)]
            for subject, entries in release.changes.items()
        }
        release.changes = {subject: entries for subject, entries in noticed.items() if entries}
    return [release for release in releases if release.changes]


def _text() -> str:
    packaged = resources.files("simulacra") / "CHANGELOG.md"
    if packaged.is_file():
        return packaged.read_text()
    return (Path(__file__).parents[4] / "CHANGELOG.md").read_text()  # a checkout


def _parse(text: str) -> Iterator[Release]:
    """Yield the releases of a changelog in the form of keepachangelog.com."""
    release: Release | None = None
    entries: list[str] = []
    for line in text.splitlines():
        if found := _RELEASE.match(line):
            if release is not None:
                yield release
            release = Release(version=found["version"], date=found["date"], changes={})
        elif release is None:
            continue
        elif line.startswith("### "):
            entries = release.changes.setdefault(line.removeprefix("### ").strip().lower(), [])
        elif line.startswith("- "):
            entries.append(_without_links(line.removeprefix("- ")))
        elif line.startswith("  ") and entries:
            entries[-1] = _without_links(f"{entries[-1]} {line.strip()}")
    if release is not None:
        yield release


def _without_links(text: str) -> str:
    """Return a text whose links into the repository, which a customer has not, are plain words."""
    return _LINK.sub(r"\1", text)


def markdown(releases: list[Release]) -> str:
    """Return the releases as a page."""
    lines = ["# What's new", ""]
    for release in releases:
        named = f"Version {release.version}" if release.version else "Since the last release"
        lines += [f"## {named}{f', {release.date}' if release.date else ''}", ""]
        for subject, entries in release.changes.items():
            lines += [f"### {subject.capitalize()}", "", *(f"- {entry}" for entry in entries), ""]
    return "\n".join(lines)
