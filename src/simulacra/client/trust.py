"""Which certificates of servers are trusted."""

from __future__ import annotations

import os
import ssl

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
    where = f"ca_file: {ca_file}" if ca_file else f"{named}: {os.environ.get(named or '')}"
    try:
        if ca_file is not None:
            return ssl.create_default_context(cafile=ca_file)
        found = httpx.create_ssl_context()  # by the variables, or by certifi alone
    except OSError as error:
        raise ConfigurationError(
            f"{where} has no certificates in PEM form ({error.strerror or error})."
        ) from None
    if named is None:
        found.load_default_certs()  # a company's own authority is in the store of the machine
    return found
