"""The certificate of a server that runs: a new one on disk is taken up."""

import asyncio
import contextlib
import logging
import ssl
from pathlib import Path

LOOK_SECONDS = 60.0

logger = logging.getLogger(__name__)


async def follow(context: ssl.SSLContext, certificate: Path, key: Path | None) -> None:
    """Present a new certificate to new connections, until cancelled; open ones go on.

    A pair that does not fit, as while the two files are replaced, is left for the next look.
    """
    files = [certificate, *([key] if key is not None else [])]
    seen = _states(files)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        with contextlib.suppress(OSError):  # it is being replaced, or cannot be read just now
            present = _states(files)
            if present != seen and _load(context, certificate, key):
                seen = present


def _states(files: list[Path]) -> list[tuple[int, int]]:
    return [(state.st_ino, state.st_mtime_ns) for state in (file.stat() for file in files)]


def _load(context: ssl.SSLContext, certificate: Path, key: Path | None) -> bool:
    try:
        # Half of a pair that does not fit would stay in the context, so it is tried in another.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        logger.warning("the new certificate cannot be used: %s", error)
        return False
    logger.info("new connections get the new certificate")
    return True
