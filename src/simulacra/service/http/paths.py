"""Which path may be meant by one that leads nowhere."""

import difflib
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute

from simulacra.service.http import guards

VERSION = "v1"
LEAST_ALIKE = 0.65
"""Of a word of a path, so that `dataset` is taken for `datasets`, but `models` for nothing."""
MOST_CHARACTERS = 40
"""Longer words are like none of ours, and comparing them would take time."""
OF_CUSTOMERS = (guards.Public, guards.Tenant, guards.Link)


def nearest(app: FastAPI, path: str) -> str | None:
    """Return the path that may be meant, with the ids that the given one has, if there is one.

    A slash at the end or twice, capital letters, a missing version and misspelt words are seen.
    """
    words = [word for word in path.split("/") if word]
    tries = (words, [VERSION, *words]) if words[:1] != [VERSION] else (words,)
    alike = [
        (likeness, found)
        for template in _templates(app)
        for tried in tries
        if (likeness := _likeness(template, tried)) and (found := _filled(template, tried)) != path
    ]
    return max(alike)[1] if alike else None


def _templates(app: FastAPI) -> Iterator[str]:
    """Yield the paths that anybody may know of: operations, documents and pages."""
    for route in guards.routes(app):
        # The operators' page has guards of its own.
        if isinstance(route, APIRoute) and isinstance(guards.guard_of(route), OF_CUSTOMERS):
            yield route.path


def _likeness(template: str, words: list[str]) -> float:
    """Return how alike they are, from 0 to 1: as the word of the path that is least so."""
    expected = [word for word in template.split("/") if word]
    if len(expected) != len(words) or not words:
        return 0.0
    pairs = zip(expected, words, strict=True)
    ratios = [_ratio(name, word) for name, word in pairs if not name.startswith("{")]
    least = min(ratios, default=0.0)
    return least if least >= LEAST_ALIKE else 0.0


def _ratio(expected: str, word: str) -> float:
    if len(word) > MOST_CHARACTERS:
        return 0.0
    return difflib.SequenceMatcher(None, expected, word.lower(), autojunk=False).ratio()


def _filled(template: str, words: list[str]) -> str:
    """Return a path of the template with what the words have in the places of parameters."""
    parts = iter(words)
    return "/".join(
        part and (word if part.startswith("{") else part)
        for part in template.split("/")
        for word in [next(parts) if part else ""]
    )
