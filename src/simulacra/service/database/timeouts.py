"""How long PostgreSQL lets a connection of ours keep others waiting.

A statement that waits for a lock counts as running, so its limit bounds waiting as well. Migrations
connect by themselves, without these limits.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Timeouts:
    """What holds for each connection of a pool, in seconds; None for no limit.

    Attributes:
        statement: how long a statement may run, or wait for a lock, before it is cancelled.
        idle: how long a transaction may be open without a statement before its connection ends.
    """

    statement: float | None = None
    idle: float | None = None

    def as_query(self) -> str:
        """Return the statement that sets them for the rest of a session."""
        named = {
            "statement_timeout": self.statement,
            "idle_in_transaction_session_timeout": self.idle,
        }
        calls = [
            f"set_config('{name}', '{round(1000 * (seconds or 0))}', false)"
            for name, seconds in named.items()
        ]
        return f"SELECT {', '.join(calls)}"


OF_REQUESTS = Timeouts(statement=15, idle=60)
"""A caller waits meanwhile; every statement of a request is over within milliseconds."""
OF_JOBS = Timeouts(statement=300, idle=300)
"""Housekeeping and the check of the records read whole tables, and remove objects meanwhile."""
OF_OPERATORS = Timeouts()
"""Whoever is at the terminal can stop a command; the whole trail may have to be read."""
