"""Passwords of people: what is asked of them, and their argon2id hashes (RFC 9106)."""

import asyncio
import concurrent.futures
import functools
from collections.abc import Callable, Sequence
from typing import TypeVar

import argon2

from simulacra.service import errors

LENGTH = (15, 1024)
"""NIST SP 800-63B-4, section 3.1.1.1: fifteen characters where a password stands alone."""

MIN_SCORE = 4
"""Of 4, by zxcvbn: more than 10^10 guesses."""
RATED_CHARACTERS = 72
"""How many it rates; what is strong so far is not made weaker by more."""
ISSUER_WORD = "simulacra"

HASHER = argon2.PasswordHasher()
"""Second recommended option of RFC 9106: 64 MiB, three passes, four lanes."""
_HASHING = concurrent.futures.ThreadPoolExecutor(max_workers=2)
"""Threads of its own: they bound the memory that many sign-ins at once can ask for."""

T = TypeVar("T")


async def hashed(password: str, known: Sequence[str]) -> str:
    """Return the hash of a new password.

    Args:
        password: what somebody has chosen.
        known: what whoever guesses knows of them, such as their name.

    Raises:
        errors.AccountError: it is too short, too long or easy to guess.
    """
    shortest, longest = LENGTH
    if not shortest <= len(password) <= longest:
        raise errors.AccountError(
            f"The password has {len(password)} characters; give {shortest} to {longest:,}."
        )
    await _in_thread(_check_strength, password, known)
    return await _in_thread(HASHER.hash, password)


async def is_right(stored: str | None, password: str) -> bool:
    """Tell whether a password has this hash; without a hash it takes as long, and is wrong."""
    return await _in_thread(_verify, stored, password) and stored is not None


def _verify(stored: str | None, password: str) -> bool:
    try:
        return HASHER.verify(stored or _nobodys(), password)
    except argon2.exceptions.VerificationError:
        return False


@functools.cache
def _nobodys() -> str:
    return HASHER.hash("what passwords of unknown names are checked against")


async def _in_thread(call: Callable[..., T], *arguments: object) -> T:
    return await asyncio.get_running_loop().run_in_executor(_HASHING, call, *arguments)


def _check_strength(password: str, known: Sequence[str]) -> None:
    """Refuse what is guessed early: common passwords, repetitions, keyboard rows, the own name.

    Its words of advice quote nothing of the password.
    """
    # Its lists of words take memory that a process needs only where somebody chooses a password.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    rated = zxcvbn(password[:RATED_CHARACTERS], user_inputs=[ISSUER_WORD, *known])
    if rated["score"] < MIN_SCORE:
        feedback = rated["feedback"]
        advice = [feedback["warning"], *feedback["suggestions"]]
        raise errors.AccountError(
            " ".join(["The password is too easy to guess.", *filter(None, advice)])
        )
