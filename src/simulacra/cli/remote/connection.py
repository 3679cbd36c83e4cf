"""The client of the service for a command: an address and credentials, wherever they are kept."""

import argparse
import importlib.util
from typing import TYPE_CHECKING

from simulacra.cli.remote import command

if TYPE_CHECKING:
    from simulacra.client import Configuration, Simulacra


RETRY_SECONDS = 120.0
"""How long a server may be out of reach."""


def open_client(
    arguments: argparse.Namespace, *, retry_seconds: float = RETRY_SECONDS
) -> "Simulacra":
    """Return a client, which is to be closed, with the credentials of the profile or variables.

    Args:
        arguments: of the command.
        retry_seconds: how long the server may be out of reach.

    Raises:
        ConfigurationError: there is no address, or what there is cannot be used.
    """
    from simulacra.client import configuration

    return client_of(configuration.find(arguments.profile), retry_seconds=retry_seconds)


def client_of(found: "Configuration", *, retry_seconds: float = RETRY_SECONDS) -> "Simulacra":
    """Return a client, which is to be closed; a secret that is not there is in the keyring."""
    from simulacra.client import Simulacra

    in_keyring = found.client_secret is None and found.client_id is not None
    return Simulacra(
        found.base_url,
        client_id=found.client_id,
        client_secret=read_keyring(found) if in_keyring else found.client_secret,
        token_url=found.token_url,
        audience=found.audience,
        ca_file=found.ca_file,
        profile=found.profile,
        retry_seconds=retry_seconds,
        progress=False,  # commands show it themselves, as those without a server do
    )


def read_keyring(found: "Configuration") -> str | None:
    """Return the secret that the keyring has for a client; None: it has none, or there is none."""
    if importlib.util.find_spec("keyring") is None:
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(_service(found), found.client_id or "")
    except KeyringError:  # this machine has none, or it stays locked
        return None


def write_keyring(found: "Configuration", secret: str) -> None:
    """Store the secret of a client in the keyring, in place of an earlier one.

    Raises:
        failures.CommandError: there is no keyring, or it refuses.
    """
    if importlib.util.find_spec("keyring") is None:
        command.refuse("--keyring: the package keyring is missing; install it with pip.")
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(_service(found), found.client_id or "", secret)
    except KeyringError as error:
        command.refuse(f"--keyring: the keyring of the system refuses it: {error}")


def clear_keyring(found: "Configuration") -> None:
    """Remove the secret of a client from the keyring, if it is there."""
    if read_keyring(found) is not None:
        import keyring

        keyring.delete_password(_service(found), found.client_id or "")


def _service(found: "Configuration") -> str:
    return f"simulacra {found.base_url}"
