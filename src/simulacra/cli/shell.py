"""Lines for a person to paste into a shell: they work in a new one, from any folder."""

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from simulacra.service.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")
TRUSTING = ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
"""What programs are told by which authority to trust: most of them, curl and Python's requests."""
PAST_PROXIES = (
    'no_proxy="${no_proxy:-${NO_PROXY:-}}"',
    'export no_proxy="localhost,127.0.0.1${no_proxy:+,$no_proxy}"',
    'export NO_PROXY="$no_proxy"',
)
"""A proxy that the shell may name does not lead to this machine. Programs read either variable."""


def command(*words: str) -> str:
    """Return a command line of this program."""
    return f"{_program()} {shlex.join(words)}"


def python() -> str:
    """Return the interpreter that has this package."""
    return shlex.quote(sys.executable)


def _program() -> str:
    script = Path(sys.executable).with_name("simulacra")
    if not script.exists():
        return f"{python()} -m simulacra.cli.main"
    found = shutil.which("simulacra")
    # A new shell does not have the path of a virtual environment that is activated in this one.
    is_activated = sys.prefix != sys.base_prefix and found == str(script)
    if found and not is_activated and Path(found).samefile(script):
        return "simulacra"
    return shlex.quote(str(script))


def exports(variables: Mapping[str, str]) -> list[str]:
    """Return a line for each variable."""
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]


def client_lines(settings: "Settings", token_url: str, audience: str, client_id: str) -> list[str]:
    """Return what sets the variables of a client, all but its secret.

    Each of its values has the names that programs on these pages and those of the customers'
    guide read it by.
    """
    issuer = urlsplit(token_url).netloc
    lines = exports(
        {
            "SIMIO_API_BASE": settings.base_url,
            "SIMIO_TOKEN_URL": token_url,
            "SIMIO_AUDIENCE": audience,
            "SIMIO_AUTH0_DOMAIN": issuer,
            "SIMIO_AUTH0_AUDIENCE": audience,
            "SIMIO_CLIENT_ID": client_id,
        }
    )
    authority = own_authority(settings)
    if authority and issuer == urlsplit(settings.base_url).netloc:
        lines += exports(dict.fromkeys(TRUSTING, str(authority)))
    elif authority:  # the variables would have programs trust no issuer elsewhere
        lines += [f"# Programs have to trust {authority} beside the machine's certificates."]
    return [*lines, *(PAST_PROXIES if _is_here(settings) else ())]


def own_authority(settings: "Settings") -> Path | None:
    """Return the certificate of the authority that clients have to trust, if it is our own.

    None: no server of `simulacra serve` answers at the base URL, but a reverse proxy with a
    certificate of its own.
    """
    authority = settings.data_dir.absolute() / "ca.pem"
    port = urlsplit(settings.base_url).port or 443
    if authority.exists() and (_is_here(settings) or port == settings.port):
        return authority
    return None


def _is_here(settings: "Settings") -> bool:
    return urlsplit(settings.base_url).hostname in LOOPBACK
