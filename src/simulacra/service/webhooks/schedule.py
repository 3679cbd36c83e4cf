"""When a delivery is tried again, and when it is given up."""

import datetime as dt
import math
import random

FIRST_PAUSE = dt.timedelta(seconds=5)
FACTOR = 4
LONGEST_PAUSE = dt.timedelta(hours=4)
JITTER = 0.2
"""By which part a pause is longer or shorter, so that not all come back at once."""
MAX_ATTEMPTS = 12
"""The pauses between them add up to 22 hours: a receiver that is down for a night loses nothing."""
PATIENCE = dt.timedelta(days=5)
"""For how long a receiver may take nothing before its webhook is disabled."""


def pause(attempts: int, jitter: float | None = None) -> dt.timedelta | None:
    """Return the pause after so many attempts; None: there is no other one.

    Args:
        attempts: that were made.
        jitter: -1 to 1; a random number if none is given.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    chosen = random.uniform(-1, 1) if jitter is None else jitter  # noqa: S311 - no secret
    whole = min(FIRST_PAUSE * math.pow(FACTOR, attempts - 1), LONGEST_PAUSE)
    return whole * (1 + JITTER * chosen)
