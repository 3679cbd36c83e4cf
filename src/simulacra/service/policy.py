"""Figures of the service that several modules, or the texts that the API shows, have in common.

Nobody sets them. What an operator may set is in `settings`, with its default and its bounds; a
figure that one module alone needs is in that module.
"""

import datetime as dt

HOUR = dt.timedelta(hours=1)

MAX_RETENTION = dt.timedelta(days=7)
"""The longest life of a dataset or generation, however often it is extended."""
MAX_RETENTION_HOURS = MAX_RETENTION // HOUR

IDEMPOTENCY_KEY_LIFE = dt.timedelta(hours=24)
"""How long a request that is repeated with its key finds what the first one began."""
MAX_IDEMPOTENCY_KEY_LENGTH = 128

PUBLIC_AUDIENCE = "https://api.simulacra-data.com"
"""The audience that the customers' guide prints. Our own issuer gives it to who asks for it, so
that what is written for the guide works here with nothing but the hosts changed."""

DELIVERY_HISTORY = dt.timedelta(days=7)
"""How long a delivery to a webhook can be looked at."""

SIGNUP_POLL = dt.timedelta(seconds=30)
"""How long to wait before asking again whether a request for access was decided on."""

FRESH_TOKEN = dt.timedelta(minutes=10)
"""How old a token may be with which a client asks for a new secret."""

MAX_ROTATIONS = 3
"""Rotations that a client may have begun within `ROTATION_WINDOW`."""
ROTATION_WINDOW = dt.timedelta(hours=24)

INVITATION = dt.timedelta(days=7)
"""How long an invitation to the study page can be taken up."""
