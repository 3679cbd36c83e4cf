"""Which certificates of servers are trusted."""

from __future__ import annotations

import functools
import os
import ssl
from pathlib import Path

import httpx

from simulacra.client.errors import ConfigurationError

VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


def context(ca_file: str | None) -> ssl.SSLContext:
    """Return what a TLS connection is verified by.

    Args:
        ca_file: certificates to trust alone. Without it those that ``SSL_CERT_FILE`` or
            ``SSL_CERT_DIR`` name, or else those of the machine and of certifi.

    Raises:
        ConfigurationError: there are no certificates where they should be.
    """
    named = next((name for name in VARIABLES if os.environ.get(name)), None)
    source = ca_file or os.environ.get(named or "")
    where = f"ca_file: {ca_file}" if ca_file else f"{named}: {source}"
    try:
        return _loaded(ca_file, source, source and Path(source).stat().st_mtime_ns)
    except OSError as error:
        raise ConfigurationError(
            f"{where} has no certificates in PEM form ({error.strerror or error})."
        ) from None


@functools.lru_cache(maxsize=8)
def _loaded(ca_file: str | None, source: str | None, _: object) -> ssl.SSLContext:
    """Return a context, which clients share: loading takes about a tenth of a second.

    Args:
        ca_file: as of `context`.
        source: where the certificates are; None: those of the machine and of certifi.
        _: when the source was changed; what is there is loaded anew then.
    """
    if ca_file is not None:
        return ssl.create_default_context(cafile=ca_file)
    found = httpx.create_ssl_context()  # by the variables, or by certifi alone
    if source is None:
        found.load_default_certs()  # a company's own authority is in the store of the machine
    return found
