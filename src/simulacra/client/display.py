"""What a person is shown and asked while a job is waited for."""

import sys

from simulacra.engine.display.progress import TERMINAL, Display, progress

__all__ = ["Display", "asks_to_cancel", "progress"]


def asks_to_cancel(job_id: str) -> bool:
    """Ask a person who has interrupted the waiting whether the job is to end too.

    Without a person the job goes on, as it does when a connection is lost.
    """
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    with TERMINAL.paused():
        sys.stderr.write(f"\nCancel the job {job_id} on the server too? [y/N] ")
        sys.stderr.flush()
        try:
            return sys.stdin.readline().strip().lower() in ("y", "yes")
        except KeyboardInterrupt:
            return False
