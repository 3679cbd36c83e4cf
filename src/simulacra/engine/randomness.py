"""Named streams of random numbers: the only source of randomness in the engine.

A caller gives one number, and each purpose derives a stream of its own from it, so that neither the
order in which work is done nor the number of processors changes what is drawn.
"""

import hashlib
import secrets

import numpy as np

from simulacra.engine import limits


def new_seed() -> int:
    """Return a number to seed a generation with, from the system's entropy."""
    return secrets.randbelow(limits.DRAWN_SEEDS)


def stream(rng_seed: int, *purpose: str) -> np.random.Generator:
    """Return the random numbers of one purpose; those of different purposes are independent.

    Args:
        rng_seed: 0 to `limits.MAX_SEED`.
        purpose: names, such as what is drawn and for which column.
    """
    digest = hashlib.sha256("\0".join(purpose).encode()).digest()
    words = np.frombuffer(digest[:16], dtype=np.uint32)
    return np.random.default_rng([rng_seed, *(int(word) for word in words)])
