"""Where the service is, and who calls it: arguments, variables of the environment, or a profile."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import stat
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from simulacra.client.errors import ConfigurationError, NotConfiguredError

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_PROFILE = "default"
PROFILE_VARIABLE, FILE_VARIABLE = "SIMIO_PROFILE", "SIMIO_PROFILES_FILE"
VARIABLES = {
    "base_url": ("SIMIO_API_BASE",),
    "client_id": ("SIMIO_CLIENT_ID",),
    "client_secret": ("SIMIO_CLIENT_SECRET",),
    "token_url": ("SIMIO_TOKEN_URL", "SIMIO_AUTH0_DOMAIN"),
    "audience": ("SIMIO_AUDIENCE", "SIMIO_AUTH0_AUDIENCE"),
    "ca_file": ("SIMIO_CA_FILE",),
}
"""The variables of each member; the first that is set counts."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
PROFILE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Where the service is, and who calls it.

    Attributes:
        base_url: of the API, without a slash at its end.
        client_id, client_secret: None: only what needs no token can be called.
        token_url: of the issuer; by default the service's own.
        audience: that tokens are asked for; by default the address of the API.
        ca_file: certificates to trust in place of the machine's; by default what the variable
            ``SSL_CERT_FILE`` says.
        profile: that all of it was read from, if it was.
    """

    base_url: str
    client_id: str | None = None
    client_secret: str | None = dataclasses.field(default=None, repr=False)
    token_url: str = ""
    audience: str = ""
    ca_file: str | None = None
    profile: str | None = None

    def __post_init__(self) -> None:
        base = checked_url("base_url", self.base_url).rstrip("/")
        object.__setattr__(self, "base_url", base)
        token_url = checked_url("token_url", self.token_url or f"{base}/oauth/token")
        object.__setattr__(self, "token_url", token_url)
        object.__setattr__(self, "audience", self.audience or base)
        if self.ca_file is not None and not Path(self.ca_file).is_file():
            raise ConfigurationError(f"ca_file: there is no file {self.ca_file}.")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _: dict[int, Any]) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep the secret out of pickles, which end in caches and on disks.

        Raises:
            TypeError: always.
        """
        raise TypeError(
            "A configuration may hold a secret and is not pickled: find it where it is needed, "
            "from variables of the environment or a profile."
        )


def find(
    profile: str | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    **given: str | None,
) -> Configuration:
    """Return the configuration; arguments count before what is found.

    What is found comes from one place as a whole, so that an id never meets another client's
    secret: from the profile that is named, here or by ``SIMIO_PROFILE``; otherwise from the
    variables of the environment, if one of them is set; otherwise from the profile ``default``.

    Args:
        profile: name of a profile.
        environment: variables; by default those of the process.
        given: members of `Configuration`.

    Raises:
        ConfigurationError: no address was found, or something is not usable.
    """
    variables = os.environ if environment is None else environment
    named = profile or variables.get(PROFILE_VARIABLE)
    of_environment = _of_environment(variables)
    if named:
        found = _of_profile(named, variables)
    elif of_environment or any(given.values()):
        found = of_environment
    else:
        found = _of_profile(DEFAULT_PROFILE, variables)
    members = found | {name: value for name, value in given.items() if value is not None}
    if not members.get("base_url"):
        raise NotConfiguredError(
            "There is no address of the service. Set SIMIO_API_BASE, such as "
            "https://localhost:8443, give base_url, or name a profile of "
            f"{profiles_file(variables)}."
        )
    return Configuration(**members)


def profiles_file(environment: Mapping[str, str] | None = None) -> Path:
    """Return where profiles are kept."""
    variables = os.environ if environment is None else environment
    if variables.get(FILE_VARIABLE):
        return Path(variables[FILE_VARIABLE])
    home = variables.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home, "simulacra", "profiles.toml")


def save_profile(
    name: str, configuration: Configuration, environment: Mapping[str, str] | None = None
) -> Path:
    """Write a profile, in place of the one of this name, and return the file.

    The file is readable by its owner alone, and is replaced as a whole.

    Raises:
        ConfigurationError: the name is not usable, or the file that there is cannot be read.
        OSError: the file cannot be written.
    """
    path = profiles_file(environment)
    profiles = _profiles_to_change(name, path)
    members = dataclasses.asdict(configuration)
    del members["profile"]
    profiles[name] = {key: value for key, value in members.items() if value}
    _write(path, profiles)
    return path


def remove_profile(name: str, environment: Mapping[str, str] | None = None) -> Path:
    """Remove a profile, and return the file. Its secret goes on being good at the service.

    Raises:
        ConfigurationError: there is none of this name, or the file cannot be read.
        OSError: the file cannot be written.
    """
    path = profiles_file(environment)
    profiles = _profiles(path) if path.exists() else {}
    if name not in profiles:
        raise ConfigurationError(f"{path} has no profile {name!r}.")
    del profiles[name]
    _write(path, profiles)
    return path


def check_saving(name: str, environment: Mapping[str, str] | None = None) -> None:
    """Find out whether a profile could be saved, and change none.

    Raises:
        ConfigurationError, OSError: as of `save_profile`.
    """
    path = profiles_file(environment)
    _write(path, _profiles_to_change(name, path))


def _profiles_to_change(name: str, path: Path) -> dict[str, dict[str, str]]:
    if not PROFILE_NAME.fullmatch(name):
        raise ConfigurationError(
            f"The profile {name!r} cannot be named so: use 1 to 64 letters, digits, _ and -."
        )
    return _profiles(path) if path.exists() else {}


def _write(path: Path, profiles: Mapping[str, Mapping[str, str]]) -> None:
    lines = [
        line
        for each, content in profiles.items()
        for line in [f"[{each}]", *(f"{key} = {_quoted(v)}" for key, v in content.items()), ""]
    ]
    path = path.resolve()  # of a link its file, where a secret would stay otherwise
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # of mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def checked_url(name: str, url: str) -> str:
    """Return an address that secrets may be sent to.

    Raises:
        ConfigurationError: it is no https address. On this machine http will do.
    """
    parts = urlsplit(url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ConfigurationError(f"{name} must be an https address such as https://localhost:8443.")
    return url


def _of_environment(variables: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member, names in VARIABLES.items():
        name = next((name for name in names if variables.get(name)), None)
        if name == "SIMIO_AUTH0_DOMAIN":
            found[member] = _token_url(variables[name])
        elif name is not None:
            found[member] = variables[name]
    return found


def _token_url(domain: str) -> str:
    if "/" in domain:
        raise ConfigurationError(
            "SIMIO_AUTH0_DOMAIN must be a host such as localhost:8443, without https:// and path."
        )
    return f"https://{domain}/oauth/token"


def _of_profile(name: str, variables: Mapping[str, str]) -> dict[str, Any]:
    path = profiles_file(variables)
    if not path.exists():
        if name == DEFAULT_PROFILE:
            return {}
        raise NotConfiguredError(f"There is no profile {name!r}: there is no file {path}.")
    profiles = _profiles(path)
    if name not in profiles:
        if name == DEFAULT_PROFILE:
            return {}
        known = ", ".join(map(repr, profiles)) or "none"
        raise NotConfiguredError(f"{path} has no profile {name!r}; there are {known}.")
    return {**profiles[name], "profile": name}


def _profiles(path: Path) -> dict[str, dict[str, str]]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        raise ConfigurationError(
            f"{path} has secrets, and others may open it (mode {mode:04o}): chmod 600 {path}"
        )
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):  # whose texts may quote a secret
        raise ConfigurationError(f"{path} is not TOML.") from None
    for name, members in profiles.items():
        known = isinstance(members, dict) and set(members) <= set(VARIABLES)
        if not known or not all(isinstance(value, str) for value in members.values()):
            raise ConfigurationError(
                f"{path}: the profile {name!r} may have these members, all of them texts: "
                f"{', '.join(VARIABLES)}."
            )
    return profiles


def _quoted(text: str) -> str:
    """Return a basic string of TOML, which takes the escapes that JSON writes."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
